package count

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Stack is the work of one place of a program, by the calls that led to it.
type Stack struct {
	Frames []Frame // the innermost first, inlined ones included
	// Instructions that ran while the timer did, in all iterations together.
	Instructions uint64
}

// Call is one function calling another one; what is inlined is not called.
type Call struct {
	From, To string // From is the innermost function at the call, inlined or not
	Calls    uint64 // while the timer ran, in all iterations together
}

// Profile is where a program spent its instructions.
type Profile struct {
	Stacks []Stack // the most first
	Calls  []Call  // in the order of their names
}

// maxStacks bounds what is read of a plugin, in bytes.
const maxStacks = 512 << 20

// StackProbe has processes of a test binary counted by the stacks of calls that they are on. It is
// a probe of package suite, for one process at a time.
type StackProbe struct {
	*Probe
	raw rawStacks
}

// StackProbe returns a StackProbe for processes of a test binary. The error says why that binary
// cannot be counted so.
func (c *Counter) StackProbe(binary string) (*StackProbe, error) {
	p, err := c.Probe(binary)
	if err != nil {
		return nil, err
	}
	if p.plugin, err = c.stacks(); err != nil {
		return nil, fmt.Errorf("count the stacks of %s: %w", binary, err)
	}
	s := &StackProbe{Probe: p}
	p.more = s.read
	return s, nil
}

// Profile returns where the last process spent its instructions.
func (p *StackProbe) Profile() (Profile, error) {
	if _, err := p.Result(); err != nil {
		return Profile{}, err
	}
	if p.raw.full {
		return Profile{}, errors.New("the program has more stacks of calls than are kept")
	}
	s, err := openSymbols(p.binary, p.raw.addresses())
	if err != nil {
		return Profile{}, fmt.Errorf("name the functions of %s: %w", p.binary, err)
	}
	return Profile{p.raw.named(s), p.raw.called(s)}, nil
}

// read reads what the plugin wrote behind its first line.
func (p *StackProbe) read(text io.Reader) (err error) {
	p.raw, err = parseStacks(text)
	return err
}

// rawStacks are stacks of addresses.
type rawStacks struct {
	full   bool
	nodes  []rawNode // [0] is the root
	blocks [][]uint64
	counts []rawCount
}

type rawNode struct {
	parent int
	call   uint64 // address of the call
	to     uint64 // and of what it called first
	calls  uint64
}

type rawCount struct {
	node, block int
	count       uint64
}

// parseStacks reads what stacks.h describes.
func parseStacks(text io.Reader) (rawStacks, error) {
	raw := rawStacks{nodes: make([]rawNode, 1)}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<16)
	for lines.Scan() {
		var err error
		line := lines.Text()
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case "full":
			raw.full = true
		case "n":
			var n rawNode
			_, err = fmt.Sscanf(rest, "%x %x %x %d", &n.parent, &n.call, &n.to, &n.calls)
			if err == nil && n.parent >= len(raw.nodes) {
				err = errors.New("no such caller")
			}
			raw.nodes = append(raw.nodes, n)
		case "b":
			var pc uint64
			var sizes string
			_, err = fmt.Sscanf(rest, "%x %s", &pc, &sizes)
			raw.blocks = append(raw.blocks, instructions(pc, sizes))
		case "c":
			var c rawCount
			_, err = fmt.Sscanf(rest, "%x %x %d", &c.node, &c.block, &c.count)
			if err == nil && (c.node >= len(raw.nodes) || c.block >= len(raw.blocks)) {
				err = errors.New("no such stack or block")
			}
			raw.counts = append(raw.counts, c)
		default:
			err = errors.New("no such record")
		}
		if err != nil {
			return rawStacks{}, fmt.Errorf("the plugin wrote %q: %w", line, err)
		}
	}
	return raw, lines.Err()
}

// instructions returns the addresses of a block's instructions.
func instructions(pc uint64, sizes string) []uint64 {
	var all []uint64
	for _, digit := range sizes {
		all = append(all, pc)
		pc += uint64(strings.IndexRune("0123456789abcdef", digit))
	}
	return all
}

// addresses returns all that have to be named, in order.
func (r rawStacks) addresses() []uint64 {
	all := map[uint64]bool{}
	for _, n := range r.nodes[1:] {
		all[n.call] = true
	}
	for _, c := range r.counts {
		for _, pc := range r.blocks[c.block] {
			all[pc] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// called returns which function called which.
func (r rawStacks) called(s *symbols) []Call {
	counts := map[[2]string]uint64{}
	for _, n := range r.nodes[1:] {
		from := s.frames(n.call)
		_, _, to := s.lines.PCToLine(n.to)
		if n.calls > 0 && len(from) > 0 && to != nil {
			counts[[2]string{from[0].Function, to.Name}] += n.calls
		}
	}
	var out []Call
	for names, calls := range counts {
		out = append(out, Call{names[0], names[1], calls})
	}
	slices.SortFunc(out, func(a, b Call) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out
}

// named returns the stacks by name: those that are alike in all lines are one.
func (r rawStacks) named(s *symbols) []Stack {
	callers := make([][]Frame, len(r.nodes))
	for i, n := range r.nodes[1:] { // a caller comes before what it calls
		callers[i+1] = slices.Concat(s.frames(n.call), callers[n.parent])
	}
	type place struct {
		node int
		leaf string
	}
	all := map[place]*Stack{}
	for _, c := range r.counts {
		for _, pc := range r.blocks[c.block] {
			leaf := s.frames(pc)
			if leaf == nil {
				continue
			}
			at := place{c.node, fmt.Sprint(leaf)}
			if all[at] == nil {
				all[at] = &Stack{Frames: slices.Concat(leaf, callers[c.node])}
			}
			all[at].Instructions += c.count
		}
	}
	var out []Stack
	for _, one := range all {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Stack) int {
		return cmp.Or(cmp.Compare(b.Instructions, a.Instructions), slices.CompareFunc(a.Frames, b.Frames, func(a, b Frame) int {
			return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		}))
	})
	return out
}
