package ingest

import (
	"bytes"
	"fmt"
	"hash/maphash"
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
//     Short runs of few digits are often equal, and stay what they are. The last of
//     them may be cut, there or here.
//   - Likewise where a process has each of its lines more than once: a text that
//     shows everything twice.
//   - What gotestsum repeats below "=== Failed" is.
//
// Blanks do not count: a screen or an editor makes some of a tab.

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
	head     []byte // its first result
	twice    bool   // there is a line with the first result again
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
	hash uint64 // of its fields
	lone bool   // a name alone
	torn bool   // the text ends in it
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
	odds := &chance{all: spans}
	for _, group := range shownTwice(spans) {
		if odds.bits(group.lines) >= enough {
			for _, s := range group.spans {
				again := s.again()
				s.drop(func(i int) bool { return again[i] })
				original[s] = s.firstResult()
			}
		}
	}
	if headers > 1 || slices.ContainsFunc(spans, func(s *span) bool { return s.summary }) {
		repeats(spans, original)
	}
	for _, row := range inSequence(spans) {
		if odds.bits(row.lines()) >= enough {
			for i, s := range row.copies {
				s.drop(func(j int) bool { return i < len(row.copies)-1 || j < row.last })
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
				hash: hashFields(bare), lone: !bytes.ContainsAny(bare, " \t"),
				torn: at+len(text) == len(s.in.text) && len(bare) == len(text),
			})
		}
		at += len(text)
	}
	return s.lines
}

// hashFields returns a hash of a line to which it does not matter how many blanks
// stand between its fields.
func hashFields(line []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for field := range bytes.FieldsSeq(line) {
		h.Write(field)
		h.WriteByte(' ')
	}
	return h.Sum64()
}

// sum returns a hash of the results of a span, in order.
func (s *span) sum() uint64 {
	if s.hash == 0 {
		s.hash = 1
		for i, l := range s.read() {
			if !l.lone && !s.gone(i) {
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
	switch {
	case c.now.first != 0:
		c.now.twice = c.now.twice || bytes.HasPrefix(line, c.now.head)
	case bytes.ContainsAny(bytes.TrimRight(line, "\r\n"), " \t"):
		c.now.first, c.now.head = hashFields(line)|1, bytes.TrimSpace(line)
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

// sequence is a row of spans and the earlier row that it is equal to. Of the last
// of them, the first so many lines are.
type sequence struct {
	copies, of []*span
	last       int
}

// lines returns those that are copies.
func (q sequence) lines() (out []placed) {
	for i, s := range q.copies {
		for j, l := range s.read() {
			if !l.lone && !s.gone(j) && (i < len(q.copies)-1 || j < q.last) {
				out = append(out, placed{s, l})
			}
		}
	}
	return out
}

// placed is a line and the span that it is of.
type placed struct {
	of *span
	resultLine
}

// gone reports whether a line of a span is left out.
func (s *span) gone(i int) bool { return s.cut != nil && s.cut[i] }

// lead returns how many lines at the beginning of a span are those of an earlier
// one, where one of the two ends with them; else 0.
func lead(of, s *span) int {
	results := func(s *span) (out []int) {
		for i, l := range s.read() {
			if !l.lone && !s.gone(i) {
				out = append(out, i)
			}
		}
		return out
	}
	a, b := results(of), results(s)
	k := 0
	for k < len(a) && k < len(b) && of.lines[a[k]].hash == s.lines[b[k]].hash {
		k++
	}
	switch {
	case k == 0:
		return 0
	case k == len(b), k == len(b)-1 && k < len(a) && s.lines[b[k]].torn && bytes.HasPrefix(of.lines[a[k]].text, s.lines[b[k]].text):
		return len(s.lines)
	case k == len(a), k == len(a)-1 && of.lines[a[k]].torn:
		return b[k]
	}
	return 0
}

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
		longest, from, last := 0, 0, 0
		candidates := where[key(spans[j])]
		for _, i := range candidates[max(0, len(candidates)-8):] {
			n, lines := 0, 0
			for j+n < len(spans) && i+n < j && !spans[j+n].own && key(spans[i+n]) == key(spans[j+n]) {
				if spans[i+n].sum() != spans[j+n].sum() {
					if lead := lead(spans[i+n], spans[j+n]); lead > 0 {
						n, lines = n+1, lead
					}
					break
				}
				lines = len(spans[j+n].lines)
				n++
			}
			if n > longest {
				longest, from, last = n, i, lines
			}
		}
		if longest > 0 {
			out = append(out, sequence{spans[j : j+longest], spans[from : from+longest], last})
		}
		for range max(longest, 1) {
			where[key(spans[j])] = append(where[key(spans[j])], j)
			j++
		}
	}
	return out
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
