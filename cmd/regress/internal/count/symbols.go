package count

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Frame is one call on a stack, inlined ones included.
type Frame struct {
	Function string // as the linker names it, with the path of its package
	File     string // as the compiler was told it
	Line     int    // from 1
}

// symbols tell what stands at the addresses of a program: the line table that every Go program
// has, and of DWARF, where the program has it, what was inlined where.
type symbols struct {
	lines   *gosym.Table
	inlined []inlined // by address; of two that begin at one the outer first
	known   map[uint64][]Frame
}

// inlined is a piece of code that is another function's.
type inlined struct {
	extent
	deep     int    // how many are around it
	function string // whose it is
	file     string // of the call
	line     int
}

// openSymbols reads the symbols of a program, and what was inlined at some addresses, which are in
// order.
func openSymbols(binary string, at []uint64) (*symbols, error) {
	f, err := elf.Open(binary)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	section := f.Section(".gopclntab")
	if section == nil {
		section = f.Section(".data.rel.ro.gopclntab")
	}
	text := f.Section(".text")
	if section == nil || text == nil {
		return nil, errors.New("it has no line table")
	}
	data, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("read its line table: %w", err)
	}
	start := text.Addr
	if all, err := f.Symbols(); err == nil {
		if i := slices.IndexFunc(all, func(s elf.Symbol) bool { return s.Name == "runtime.text" }); i >= 0 {
			start = all[i].Value
		}
	}
	s := &symbols{known: map[uint64][]Frame{}}
	if s.lines, err = gosym.NewTable(nil, gosym.NewLineTable(data, start)); err != nil {
		return nil, fmt.Errorf("read its line table: %w", err)
	}
	if debug, err := f.DWARF(); err == nil && f.Section(".debug_info") != nil {
		if err := s.readInlined(debug, at); err != nil {
			return nil, fmt.Errorf("read what is inlined in it: %w", err)
		}
	}
	return s, nil
}

// frames returns the functions at an address, the innermost first; nil for no address of Go's.
func (s *symbols) frames(pc uint64) []Frame {
	if known, ok := s.known[pc]; ok {
		return known
	}
	file, line, fn := s.lines.PCToLine(pc)
	var frames []Frame
	if fn != nil {
		var around []inlined // the outermost first
		end, _ := slices.BinarySearchFunc(s.inlined, pc+1, func(one inlined, pc uint64) int { return cmp.Compare(one.from, pc) })
		for i := end - 1; i >= 0 && s.inlined[i].from >= fn.Entry; i-- {
			if one := s.inlined[i]; pc < one.to && (len(around) == 0 || one.deep < around[0].deep) {
				around = slices.Insert(around, 0, one)
			}
		}
		for _, one := range slices.Backward(around) {
			frames = append(frames, Frame{one.function, file, line})
			file, line = one.file, one.line
		}
		frames = append(frames, Frame{fn.Name, file, line})
	}
	s.known[pc] = frames
	return frames
}

// readInlined reads those units of DWARF that have code at the addresses.
func (s *symbols) readInlined(debug *dwarf.Data, at []uint64) error {
	names := map[dwarf.Offset]string{}
	r := debug.Reader()
	for {
		unit, err := r.Next()
		if err != nil || unit == nil {
			slices.SortFunc(s.inlined, func(a, b inlined) int {
				return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.deep, b.deep))
			})
			return err
		}
		if unit.Tag != dwarf.TagCompileUnit || !touches(debug, unit, at) {
			r.SkipChildren()
			continue
		}
		lines, err := debug.LineReader(unit)
		if err != nil {
			return err
		}
		if lines == nil { // assembly
			r.SkipChildren()
			continue
		}
		if err := s.readUnit(debug, r, lines.Files(), names, at); err != nil {
			return err
		}
	}
}

// touches reports whether an entry of DWARF has code at one of the addresses.
func touches(debug *dwarf.Data, e *dwarf.Entry, at []uint64) bool {
	ranges, err := debug.Ranges(e)
	return err == nil && slices.ContainsFunc(ranges, func(r [2]uint64) bool {
		i, _ := slices.BinarySearch(at, r[0])
		return i < len(at) && at[i] < r[1]
	})
}

// readUnit reads what is inlined in the functions of one unit.
func (s *symbols) readUnit(debug *dwarf.Data, r *dwarf.Reader, files []*dwarf.LineFile, names map[dwarf.Offset]string, at []uint64) error {
	for deep := 0; ; {
		e, err := r.Next()
		if err != nil {
			return err
		}
		switch {
		case e == nil:
			return nil
		case e.Tag == 0:
			if deep--; deep < 0 {
				return nil
			}
			continue
		case e.Tag == dwarf.TagSubprogram && e.Children && touches(debug, e, at):
			deep++
		case e.Tag == dwarf.TagInlinedSubroutine && deep > 0:
			if err := s.add(debug, e, files, names, deep); err != nil {
				return err
			}
			if e.Children {
				deep++
			}
		case e.Tag == dwarf.TagLexDwarfBlock && e.Children && deep > 0:
			deep++
		case e.Children:
			r.SkipChildren()
		}
	}
}

// add keeps one inlined call.
func (s *symbols) add(debug *dwarf.Data, e *dwarf.Entry, files []*dwarf.LineFile, names map[dwarf.Offset]string, deep int) error {
	origin, _ := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	name, known := names[origin]
	if !known {
		r := debug.Reader()
		r.Seek(origin)
		of, err := r.Next()
		if err != nil {
			return err
		}
		if of != nil {
			name, _ = of.Val(dwarf.AttrName).(string)
		}
		names[origin] = name
	}
	file, _ := e.Val(dwarf.AttrCallFile).(int64)
	line, _ := e.Val(dwarf.AttrCallLine).(int64)
	if file < 0 || file >= int64(len(files)) || files[file] == nil || name == "" {
		return nil
	}
	ranges, err := debug.Ranges(e)
	for _, r := range ranges {
		s.inlined = append(s.inlined, inlined{extent{r[0], r[1]}, deep, name, filepath.ToSlash(files[file].Name), int(line)})
	}
	return err
}
