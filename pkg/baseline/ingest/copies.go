package ingest

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// The same results can come twice: a file given twice, a log beside the one that
// went on from it, texts put behind each other, a summary of what failed. Counted
// twice they would pass for independent rounds. What tells a copy from results
// that happen to be equal:
//
//   - In logs of regress a round of a benchmark of a side is one process: the same
//     line again, below the same header, is a copy.
//   - In other texts a whole process is, or several in a row, whose lines are
//     equal to the last digit, if that is less likely by chance than 1 in 2^enough.
//     Short runs of few digits are often equal, and stay what they are.
//   - What gotestsum repeats below "=== Failed" is.

// enough is how many bits of noise in equal lines make a copy of them.
const enough = 10

// copied is one text without the results that were there before.
type copied struct {
	text    []byte
	at      []int32 // for each of its lines, its number in the text as it was
	warning baseline.Warning
	lines   []Entry // that are gone
}

// source is a text in which copies are looked for; at has the numbers of its lines
// where they are not their own.
type source struct {
	file string
	text []byte
	at   []int32
}

// span is where the results of one process stand.
type span struct {
	in       *source
	from, to int    // in the text: whole lines, with what else stands between them
	line     int    // of from, in the text, from 1
	base     int    // how many lines of the text are in front of its file
	file     string // that it comes from
	context  string // what the results are of: side, package, machine, and what else is known
	first    uint64 // hash of its first result; 0: there is none
	hash     uint64 // of all its results; 0: not known yet
	own      bool   // of a log of regress
	summary  bool   // below a line that says that it repeats
	lines    []resultLine
	cut      []bool
}

// resultLine is one line of a span that begins like a result.
type resultLine struct {
	from int // in the text
	text []byte
	at   string // "file:12"
	n    int    // 12
	hash uint64
	lone bool // a name alone
}

var seed = maphash.MakeSeed()

// withoutCopies returns, for each source that repeats results, what it is without
// them.
func withoutCopies(sources []*source) map[*source]copied {
	var spans []*span
	headers := 0
	for _, in := range sources {
		c := scan(in)
		spans = append(spans, c.out...)
		headers += c.headers
	}
	original := map[*span]string{}
	if headers > 1 || slices.ContainsFunc(spans, func(s *span) bool { return s.summary }) {
		repeats(spans, original)
	}
	for _, row := range inSequence(spans) {
		if bits(row.copies, spans) >= enough {
			for i, s := range row.copies {
				s.drop(func(int) bool { return true })
				original[s] = row.of[i].firstResult()
			}
		}
	}
	out := map[*source]copied{}
	for _, in := range sources {
		if c, any := in.without(spans, original); any {
			out[in] = c
		}
	}
	return out
}

// read returns the lines of a span.
func (s *span) read() []resultLine {
	if s.lines != nil {
		return s.lines
	}
	line := s.line
	for at := s.from; at < s.to; line++ {
		text := s.in.text[at:s.to]
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[:i+1]
		}
		if bare := bytes.TrimRight(text, "\r\n"); bytes.HasPrefix(bare, benchmarkPrefix) {
			n := s.in.number(line) - s.base
			s.lines = append(s.lines, resultLine{
				from: at, text: bare, n: n, at: fmt.Sprintf("%s:%d", s.file, n),
				hash: maphash.Bytes(seed, bare), lone: !bytes.ContainsAny(bare, " \t"),
			})
		}
		at += len(text)
	}
	return s.lines
}

// sum returns a hash of the results of a span, in order.
func (s *span) sum() uint64 {
	if s.hash == 0 {
		s.hash = 1
		for _, l := range s.read() {
			if !l.lone {
				s.hash = s.hash*1099511628211 + l.hash
			}
		}
	}
	return s.hash
}

// firstResult returns where the first result of a span stands: "file:12".
func (s *span) firstResult() string {
	for _, l := range s.read() {
		if !l.lone {
			return l.at
		}
	}
	return s.file
}

// number returns the one of a line, which is the line-th of the text.
func (in *source) number(line int) int {
	if in.at != nil {
		return int(in.at[line-1])
	}
	return line
}

func (s *span) drop(which func(i int) bool) {
	if s.cut == nil {
		s.cut = make([]bool, len(s.read()))
	}
	for i := range s.cut {
		s.cut[i] = s.cut[i] || which(i)
	}
}

// scan finds the results of a text, by process.
func scan(in *source) *scanner {
	c := &scanner{in: in, file: in.file}
	for at := 0; at < len(in.text); {
		size := bytes.IndexByte(in.text[at:], '\n') + 1
		if size == 0 {
			size = len(in.text) - at
		}
		c.line++
		line := in.text[at : at+size]
		if line[0] == 'B' && bytes.HasPrefix(line, benchmarkPrefix) {
			c.result(line, at)
		} else if bare := bytes.TrimRight(line, "\r\n"); len(bare) > 0 {
			c.other(bare)
		}
		at += size
	}
	c.end()
	return c
}

// scanner keeps what the lines above say of those below.
type scanner struct {
	in          *source
	file        string
	line, base  int
	headers     int // of logs of regress
	out         []*span
	now         *span
	own, header bool
	id          maphash.Hash // of the header of a log of regress
	identity    string
	side, pkg   string
	round, cpu  string
	summary     bool
}

func (c *scanner) result(line []byte, at int) {
	if c.now == nil {
		c.now = &span{
			in: c.in, from: at, line: c.line, base: c.base, file: c.file, own: c.own, summary: c.summary,
			context: strings.Join([]string{c.side, c.pkg, c.cpu, c.identity, c.round}, "\n"),
		}
	}
	c.now.to = at + len(line)
	if c.now.first == 0 && bytes.ContainsAny(bytes.TrimRight(line, "\r\n"), " \t") {
		c.now.first = maphash.Bytes(seed, bytes.TrimRight(line, "\r\n")) | 1
	}
}

// end closes the span of a process.
func (c *scanner) end() {
	if c.now != nil && c.now.first != 0 {
		c.out = append(c.out, c.now)
	}
	c.now = nil
}

var failedSection = regexp.MustCompile(`^=== (?:Failed|FAIL: (\S+) )`)

func (c *scanner) other(line []byte) {
	switch line[0] {
	case 's', 'p', 'g', 'c', 'r', 'b', 'a', 'd', 'q', 'm', 'k', 'v':
		key, value, ok := splitKey(line)
		if ok {
			c.key(string(key), string(value), line)
		}
	case 'P', 'F', 'o':
		if bytes.HasPrefix(line, []byte("PASS")) || bytes.HasPrefix(line, []byte("FAIL")) || bytes.HasPrefix(line, []byte("ok  \t")) {
			c.end()
		}
	case '#':
		if m, rest, ok := cutMark(string(line)); ok && m == MarkRound {
			c.end()
			c.header, c.round = false, rest
		} else if ok && m == MarkFile {
			c.end()
			*c = scanner{in: c.in, file: rest, line: c.line, base: c.in.number(c.line), headers: c.headers, out: c.out}
		}
	case '=':
		if m := failedSection.FindSubmatch(line); m != nil {
			c.end()
			c.summary = true
			if len(m[1]) > 0 {
				c.pkg = string(m[1])
			}
		}
	}
}

func (c *scanner) key(key, value string, line []byte) {
	switch key {
	case keyVersion:
		c.end()
		*c = scanner{in: c.in, file: c.file, line: c.line, base: c.base, headers: c.headers + 1, out: c.out, own: true, header: true}
		c.id.SetSeed(seed)
		return
	case keySide, keyPackage, keyOS:
		c.end()
		c.header = c.header && key == keyOS
		c.summary = false
	}
	switch key {
	case keySide:
		c.side = value
	case keyPackage:
		c.pkg = value
	case keyCPU:
		c.cpu = value
	}
	if c.header {
		c.id.Write(line)
		c.identity = strconv.FormatUint(c.id.Sum64(), 16)
	}
}

// repeats drops the lines of logs of regress, and of summaries, that stand above
// with the same context.
func repeats(spans []*span, original map[*span]string) {
	type at struct {
		context string
		hash    uint64
	}
	seen := map[at][]string{}
	for _, s := range spans {
		if s.own || s.summary {
			used := map[at]int{}
			s.drop(func(i int) bool {
				key := at{s.context, s.lines[i].hash}
				k := used[key]
				used[key]++
				if k >= len(seen[key]) {
					return false
				}
				if _, known := original[s]; !known && !s.lines[i].lone {
					original[s] = seen[key][k]
				}
				return true
			})
		}
		fresh := map[at]int{}
		for _, l := range s.read() {
			key := at{s.context, l.hash}
			if fresh[key]++; fresh[key] > len(seen[key]) {
				seen[key] = append(seen[key], l.at)
			}
		}
	}
}

// sequence is a row of spans and the earlier row that it is equal to.
type sequence struct{ copies, of []*span }

// inSequence finds rows of equal spans of other texts, the longest from each place.
func inSequence(spans []*span) (out []sequence) {
	type at struct {
		context string
		first   uint64
	}
	key := func(s *span) at { return at{s.context, s.first} }
	where := map[at][]int{}
	for j := 0; j < len(spans); {
		if spans[j].own || spans[j].summary {
			j++
			continue
		}
		longest, from := 0, 0
		candidates := where[key(spans[j])]
		for _, i := range candidates[max(0, len(candidates)-8):] {
			n := 0
			for j+n < len(spans) && i+n < j && !spans[j+n].own && key(spans[i+n]) == key(spans[j+n]) && spans[i+n].sum() == spans[j+n].sum() {
				n++
			}
			if n > longest {
				longest, from = n, i
			}
		}
		if longest > 0 {
			out = append(out, sequence{spans[j : j+longest], spans[from : from+longest]})
		}
		for range max(longest, 1) {
			where[key(spans[j])] = append(where[key(spans[j])], j)
			j++
		}
	}
	return out
}

// column is one of the numbers that a benchmark prints.
type column struct {
	context, name string
	i             int // of the field
}

// values are what was printed in a column.
type values struct {
	lo, hi, step float64
	times        map[float64]int // each of them, in the row that may be a copy
	n            int
}

// bits returns how much noise there is in a column: how many values there are
// between the least and the greatest, in steps of the last digit. Where a row has
// equal values itself, there are fewer than that: then half of what its own values
// tell.
func (v values) bits() float64 {
	if len(v.times) == v.n {
		return min(math.Log2(1+(v.hi-v.lo)/v.step), 2*enough)
	}
	same := 0.
	for _, n := range v.times {
		same += float64(n) * float64(n) / float64(v.n) / float64(v.n)
	}
	return -math.Log2(same) / 2
}

// bits returns how unlikely it is that the results of a row are equal to those above
// by chance: for each line, the bits of its noisiest column, summed up.
func bits(row, all []*span) (sum float64) {
	columns := map[column]*values{}
	in := map[*span]bool{}
	contexts := map[string]bool{}
	for _, s := range row {
		in[s], contexts[s.context] = true, true
	}
	for _, s := range all {
		if !contexts[s.context] {
			continue
		}
		s.numbers(func(c column, v, step float64) {
			have := columns[c]
			if have == nil {
				have = &values{lo: v, hi: v, step: step, times: map[float64]int{}}
				columns[c] = have
			}
			have.lo, have.hi, have.step = min(have.lo, v), max(have.hi, v), max(have.step, step)
			if in[s] {
				have.times[v]++
				have.n++
			}
		})
	}
	for _, s := range row {
		most := 0.
		s.numbers(func(c column, _, _ float64) {
			if c.i == 1 { // the next line
				sum, most = sum+most, 0
			}
			most = max(most, columns[c].bits())
		})
		sum += most
	}
	return sum
}

// numbers calls do with every number of every result: the count, and the values.
func (s *span) numbers(do func(c column, v, step float64)) {
	for _, l := range s.read() {
		fields := strings.Fields(string(l.text))
		for i := 1; i < len(fields); i += 1 + min(i-1, 1) {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil && i > 1 {
				continue
			}
			_, decimals, _ := strings.Cut(fields[i], ".")
			do(column{s.context, fields[0], i}, v, math.Pow10(-len(decimals)))
		}
	}
}

// without returns a source without the lines that were dropped of it.
func (in *source) without(spans []*span, original map[*span]string) (c copied, any bool) {
	drop := map[int]bool{} // by where a line begins
	for _, s := range spans {
		if s.in != in || s.cut == nil || !slices.Contains(s.cut, true) {
			continue
		}
		whole := true
		for i, l := range s.lines {
			whole = whole && (l.lone || s.cut[i])
		}
		for i, l := range s.lines {
			if s.cut[i] || whole {
				drop[l.from] = true
				c.lines = append(c.lines, Entry{File: s.file, Line: l.n, Class: ClassCopy, Text: string(clip(l.text))})
			}
			if s.cut[i] && !l.lone {
				if c.warning.Count++; c.warning.Count == 1 {
					c.warning = baseline.Warning{Kind: baseline.Copied, File: s.file, Line: l.n, Of: original[s], Count: 1}
				}
			}
		}
	}
	if len(drop) == 0 {
		return c, false
	}
	line := int32(0)
	for at := 0; at < len(in.text); {
		size := bytes.IndexByte(in.text[at:], '\n') + 1
		if size == 0 {
			size = len(in.text) - at
		}
		if line++; !drop[at] {
			c.text, c.at = append(c.text, in.text[at:at+size]...), append(c.at, line)
		}
		at += size
	}
	return c, true
}
