package ingest

import "bytes"

// doubled are processes of one kind that have each of their results more than once,
// and one line of each that is there again.
type doubled struct {
	spans []*span
	lines []placed
}

// shownTwice returns the processes that show each result more than once, where all of a kind do.
func shownTwice(spans []*span) (out []doubled) {
	type kind struct {
		in      *source
		context string
	}
	groups, never := map[kind]doubled{}, map[kind]bool{}
	var order []kind
	for _, s := range spans {
		k := kind{s.in, s.context}
		if never[k] {
			continue
		}
		again := s.again()
		if never[k] = again == nil; never[k] {
			continue
		}
		g, known := groups[k]
		if !known {
			order = append(order, k)
		}
		g.spans = append(g.spans, s)
		once := map[uint64]bool{}
		for i, l := range s.lines {
			if again[i] && !once[l.hash] {
				once[l.hash] = true
				g.lines = append(g.lines, placed{s, l})
			}
		}
		groups[k] = g
	}
	for _, k := range order {
		if !never[k] {
			out = append(out, groups[k])
		}
	}
	return out
}

// again returns which lines of a span are results that it has before, where each of
// its results is there more than once; else nil.
func (s *span) again() []bool {
	if !s.twice || s.once() {
		return nil
	}
	n := map[uint64]int{}
	for _, l := range s.read() {
		if !l.lone {
			n[l.hash]++
		}
	}
	for _, times := range n {
		if times < 2 {
			return nil
		}
	}
	again := make([]bool, len(s.lines))
	seen := map[uint64]bool{}
	for i, l := range s.lines {
		again[i] = !l.lone && seen[l.hash]
		seen[l.hash] = true
	}
	return again
}

// once reports that one of the first results of a span is there once. It looks at lines of the same
// name alone, which is far cheaper than again for the many texts that show nothing twice.
func (s *span) once() bool {
	const first = 4
	text := s.in.text[s.from:s.to]
	looked := 0
	for line := range bytes.Lines(text) {
		name, _, more := bytes.Cut(line, []byte("\t"))
		if !more || !bytes.HasPrefix(line, benchmarkPrefix) {
			continue
		}
		if looked++; looked > first {
			return false
		}
		want, times := hashFields(line), 0
		for other := range bytes.Lines(text) {
			if bytes.HasPrefix(other, bytes.TrimRight(name, " ")) && hashFields(other) == want {
				times++
			}
		}
		if times == 1 {
			return true
		}
	}
	return false
}
