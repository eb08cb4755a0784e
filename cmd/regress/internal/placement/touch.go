package placement

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The weights; see the package's comment.
const (
	own      = 1.0
	inherit  = .3 // of a call that was there before
	loop     = .9
	branch   = .6
	mention  = .5
	follow   = .5
	outward  = .6
	returned = .45 // of what reads the result of a function that returns another
	result   = .3
	fades    = .8 // from one name to the next that is derived from it
	rest     = .05
	faintest = .02
	weak     = .35 // what is below makes no claim: an inherited part, a mere result
	calm     = .3  // of a hunk that can hardly cost anything itself
	beside   = .8  // of a call for a name on its line that has no part in it
	mostFar  = 500 // touches that are followed out of their function: more are a rewrite, which has no one cause
	deepest  = 3   // names derived from names derived from names
)

// touch is one hunk in one function, or outside of any.
type touch struct {
	hunk        *hunk
	decl        *decl // nil: outside
	module      string
	first, last int             // lines to point at
	both        map[string]bool // names in the old and in the new text
	reordered   bool            // the same tokens in another order
	retuned     bool            // another number in a calculation: its own lines cost what they did
}

// point is a place in the head: a line that is as it was, or a touch.
type point struct {
	file  string
	line  int    // 0 in a touch
	touch *touch // nil outside of hunks
}

// influence is how much of what happens at a point is the doing of a touch.
type influence map[point]map[*touch]float64

func (in influence) add(p point, t *touch, weight float64) bool {
	if t.reordered || t.retuned && p.touch == t {
		weight *= calm
	}
	if in[p] == nil {
		in[p] = map[*touch]float64{}
	}
	if weight < faintest || in[p][t] >= weight {
		return false
	}
	in[p][t] = weight
	return true
}

// field holds everything that is known before the profiles are read.
type field struct {
	tree    *tree
	byHead  map[string]*change
	byBase  map[string]*change
	touches map[*hunk][]*touch
	in      influence
	via     map[point]map[*touch]map[string]bool // calls on a line that a name which a touch determines takes part in
	removed []string                             // tokens of what was removed, a text a hunk
}

// moved reports whether lines that a hunk adds are code that was removed
// elsewhere.
func (f *field) moved(h *hunk, first, last int) bool {
	lines := strings.SplitAfter(h.new, "\n")
	from, to := first-h.newStart, last-h.newStart+1
	if from < 0 || to > len(lines) {
		return false
	}
	text := spell(lex(strings.Join(lines[from:to], "")))
	return slices.ContainsFunc(f.removed, func(gone string) bool { return strings.Contains(gone, text) })
}

// survey follows every hunk forward.
func survey(t *tree, changes []*change) *field {
	f := &field{tree: t, byHead: map[string]*change{}, byBase: map[string]*change{}, touches: map[*hunk][]*touch{}, in: influence{}, via: map[point]map[*touch]map[string]bool{}}
	for _, c := range changes {
		for _, h := range c.hunks {
			if gone := spell(lex(h.old)); gone != "" {
				f.removed = append(f.removed, gone)
			}
		}
	}
	for _, c := range changes {
		if c.old != "" {
			f.byBase[c.old] = c
		}
		if c.new == "" { // what was in it may stand elsewhere now
			for _, h := range c.hunks {
				f.touches[h] = []*touch{{hunk: h}}
			}
			continue
		}
		f.byHead[c.new] = c
		for _, h := range c.hunks {
			f.touches[h] = f.divide(h)
			for _, t := range f.touches[h] {
				t.both, t.reordered, t.retuned = calls(h), reordered(h), t.decl != nil && retuned(h)
			}
		}
	}
	spread := 0
	for _, c := range changes {
		for _, h := range c.hunks {
			for _, one := range f.touches[h] {
				spread++
				f.spread(one, spread <= mostFar)
			}
		}
	}
	return f
}

var requirement = regexp.MustCompile(`^\s*(?:require\s+|replace\s+)?(\S+\.\S+)\s.*v\d`)

// divide splits a hunk by functions. A hunk that changes no code has none.
func (f *field) divide(h *hunk) []*touch {
	first, last := max(h.newStart, 1), h.last()
	if path.Base(h.file) == "go.mod" {
		var all []*touch
		for i, line := range strings.Split(h.new, "\n") {
			if m := requirement.FindStringSubmatch(line); m != nil {
				all = append(all, &touch{hunk: h, module: m[1], first: first + i, last: first + i})
			}
		}
		return all
	}
	if path.Ext(h.file) != ".go" {
		return []*touch{{hunk: h, first: first, last: last}}
	}
	source := f.tree.files[h.file]
	if source == nil {
		return []*touch{{hunk: h, first: first, last: last}}
	}
	changed := func(line int) bool { return f.byHead[h.file].at(line) != nil }
	if neutral(h, source.at(first), changed) {
		return nil
	}
	var all []*touch
	still := false
	outside := &touch{hunk: h, first: first, last: last}
	for _, d := range source.decls {
		from, to := max(first, d.first), min(last, d.last)
		if h.newCount == 0 && (h.newStart < d.first || h.newStart >= d.last) || from > to {
			continue
		}
		if from == d.first && to == d.last && f.moved(h, from, to) {
			still = true
			continue
		}
		all = append(all, &touch{hunk: h, decl: d, first: from, last: to})
	}
	if len(all) == 0 && !still || len(packageNames(source, outside)) > 0 {
		all = append(all, outside)
	}
	return all
}

// here is the point of a line of the head.
func (f *field) here(name string, line int) point {
	c := f.byHead[name]
	if c == nil {
		return point{file: name, line: line}
	}
	h := c.at(line)
	for _, t := range f.touches[h] { // of no hunk: none
		if t.decl == nil || line >= t.first && line <= t.last {
			return point{file: name, touch: t}
		}
	}
	return point{file: name, line: line}
}

// there is the point that a frame of the base has become.
func (f *field) there(name string, fr frame) point {
	c := f.byBase[name]
	if c == nil {
		return point{file: name, line: fr.line}
	}
	line, h := c.align(fr.line)
	if h == nil {
		return point{file: c.new, line: line}
	}
	short := shortName(fr.function)
	all := f.touches[h]
	if len(all) == 0 { // nothing that runs has changed
		return point{file: c.new, line: h.newStart + min(fr.line-h.oldStart, max(h.newCount-1, 0))}
	}
	for _, t := range all {
		if t.decl != nil && t.decl.fn.Name.Name == short {
			return point{file: c.new, touch: t}
		}
	}
	// The function may have moved as a whole.
	for other, touches := range f.touches {
		for _, t := range touches {
			if other != h && t.decl != nil && t.decl.fn.Name.Name == short && t.first == t.decl.first {
				return point{file: t.decl.file.name, touch: t}
			}
		}
	}
	return point{file: c.new, touch: all[len(all)-1]} // what is outside of functions comes last
}

var (
	closure  = regexp.MustCompile(`(\.func\d+|\.gowrap\d+|\.deferwrap\d+|\.\d+|-fm|-range\d+)+$`)
	instance = regexp.MustCompile(`\[.*\]`)
)

// shortName is the name of a function or method as it is declared.
func shortName(symbol string) string {
	symbol = closure.ReplaceAllString(instance.ReplaceAllString(symbol, ""), "")
	return symbol[strings.LastIndexByte(symbol, '.')+1:]
}

// packageNames are what a touch declares outside of functions: variables,
// constants, types, and the fields on changed lines.
func packageNames(source *file, t *touch) []string {
	var names []string
	hit := func(n ast.Node) bool {
		from, to := source.line(n.Pos()), source.line(n.End())
		if t.hunk.newCount == 0 {
			return t.hunk.newStart >= from && t.hunk.newStart < to
		}
		return t.first <= to && t.last >= from
	}
	for _, d := range source.ast.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok || general.Tok == token.IMPORT {
			continue
		}
		for _, spec := range general.Specs {
			if !hit(spec) {
				continue
			}
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					names = append(names, name.Name)
				}
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
				ast.Inspect(s.Type, func(n ast.Node) bool {
					if field, ok := n.(*ast.Field); ok && hit(field) {
						for _, name := range field.Names {
							names = append(names, name.Name)
						}
					}
					return true
				})
			}
		}
	}
	return names
}
