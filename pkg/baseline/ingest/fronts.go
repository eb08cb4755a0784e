package ingest

import (
	"bytes"
	"cmp"
	"maps"
	"regexp"
	"slices"
	"sync"
)

// A CI system puts things in front of the lines of go test: a time, the name of a
// job or a service, a colour. One rule holds for all lines: what stands in front
// of lines that only go test prints (see goLine) is taken off every line that
// begins so. It needs two such lines, since a benchmark may print something
// without a new line in front of its own result; for what only a CI system prints
// (see usual), one. Colours and control characters go everywhere.

// usual matches what no benchmark prints in front of a result: a time of the day
// with its zone or in brackets, names in brackets or in front of a bar, and what
// marks an error, alone or one behind the other.
var usual = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:` +
		`(?:[^\t]{1,100}\t){0,2}\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?(?: \d\d[OE])?[+ ]?[ \t|:]*` +
		`|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?Z?\]?[ \t|:]*` +
		`|\[[^\]]{1,200}\]:?[ \t]*` +
		`|[\w./:-]{1,100} *\|[ \t]*` +
		`|>[ \t]*` +
		`|##\[[\w-]{1,20}\]|::\w{1,20}(?: [^:\t]{0,200})?::` + // Azure and GitHub mark lines of errors alone
		`)+$`)
})

// goLine matches what only go test prints, at any place of a line.
var goLine = regexp.MustCompile(`Benchmark[^\sa-z]?\S*\s+\d+\s+[-+.\d][-+.\w]* \S` +
	`|Benchmark[^\sa-z]\S* *\t` +
	`|--- (?:FAIL|SKIP|BENCH): Benchmark` +
	`|--- FAIL: Test` +
	`|goos: [a-z0-9]+$` +
	`|goarch: [a-z0-9]+$` +
	`|pkg: \S+$` +
	`|FAIL\t\S+(?:\t[\d.]+s| \[[^\]]+\])$` +
	`|ok  \t\S+\t` +
	`|exit status \d+$` +
	`|goroutine \d+ \[[a-z][^\]]*\]:$` +
	`|\{"(?:Time|Action|ImportPath)":"`)

// goWords begin what goLine matches; looking for them first spares the regular
// expression nearly all other lines.
var goWords = [][]byte{
	benchmarkPrefix, []byte("--- "), []byte("goos: "), []byte("goarch: "), []byte("pkg: "), []byte("FAIL\t"),
	[]byte("ok  \t"), []byte("exit status "), []byte("goroutine "), []byte(`{"`),
}

// strongLine matches a line of go test that blanks in front of it do not make
// anything else.
var strongLine = regexp.MustCompile(`^(?:Benchmark\S*\s+\d+\s+[-+.\d][-+.\w]* \S+(?:\s+[-+.\d][-+.\w]* \S+)*\s*$` +
	`|--- FAIL: Benchmark|FAIL\t\S+|ok  \t\S+\t|(?:goos|goarch|pkg): \S+$|exit status \d+$)`)

// escape matches sequences that a terminal does not show: colours, titles, hidden
// notes of Jenkins, marks of Buildkite.
var escape = regexp.MustCompile(`\x1b\[8mha:[^\x1b]*\x1b\[0m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]_PX^][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-~]?`)

// maxFronts bounds how many different ones are looked for.
const maxFronts = 200

// hasFronts reports whether something stands in front of lines of a text.
func hasFronts(text []byte) bool {
	if written(text) {
		return false
	}
	if bytes.IndexByte(text, 0x1b) >= 0 {
		return true
	}
	for len(text) > 0 { // faster than bytes.Lines: all lines of all texts come by here
		size := bytes.IndexByte(text, '\n') + 1
		if size == 0 {
			size = len(text)
		}
		line := text[:size]
		text = text[size:]
		if line[0] == 'B' && bytes.HasPrefix(line, benchmarkPrefix) {
			continue
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			continue
		}
		if isControl(line[0]) || bytes.IndexByte(line, '\r') >= 0 || goAt(line) > 0 {
			return true
		}
	}
	return false
}

func isControl(c byte) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f }

// goAt returns where in a line one of go test begins; -1 where none does.
func goAt(line []byte) int {
	for _, word := range goWords {
		if bytes.Contains(line, word) {
			if at := goLine.FindIndex(line); at != nil {
				return at[0]
			}
			return -1
		}
	}
	return -1
}

// stripFronts takes off what stands in front of lines.
func stripFronts(text []byte) (out []byte, at []int32) {
	lines, at := shown(text)
	fronts := frontsOf(lines)
	out = make([]byte, 0, len(text))
	logged := false // the line before was printed by b.Log
	for _, line := range lines {
		for _, front := range fronts {
			if n := front.match(line); n > 0 {
				line = line[n:]
				break
			}
		}
		bare := bytes.TrimLeft(line, " \t")
		switch {
		case len(bare) == len(line) && len(line) > 0:
			logged = false
		case logLine.Match(line):
			logged = true
		case !logged && strongLine.Match(bare):
			line = bare
		}
		out = append(append(out, line...), '\n')
	}
	if len(out) > 0 && text[len(text)-1] != '\n' {
		out = out[:len(out)-1] // cut, as it was
	}
	return out, at
}

// shown returns the lines as a terminal shows them, without colours and control
// characters; a carriage return ends a line. at has their numbers where they moved.
func shown(text []byte) (lines [][]byte, at []int32) {
	moved, number := false, int32(0)
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if bytes.IndexByte(line, 0x1b) >= 0 {
			line = escape.ReplaceAll(line, nil)
		}
		for i, piece := range bytes.Split(line, []byte{'\r'}) {
			if i > 0 && len(piece) == 0 {
				continue
			}
			moved = moved || i > 0
			if bytes.ContainsFunc(piece, func(r rune) bool { return r < 0x80 && isControl(byte(r)) }) {
				piece = bytes.Map(func(r rune) rune {
					if r < 0x80 && isControl(byte(r)) {
						return -1
					}
					return r
				}, bytes.ToValidUTF8(piece, []byte("?")))
			}
			lines, at = append(lines, piece), append(at, number)
		}
	}
	if !moved {
		at = nil
	}
	return lines, at
}

// front is what stands in front of lines, with 0 for any number and one blank for
// any number of them.
type front string

// cpuLine begins the line of go test of which the rest may be any text, a result too.
var cpuLine = []byte(keyCPU + ": ")

// frontsOf learns what stands in front of lines of go test, the longest first.
func frontsOf(lines [][]byte) []front {
	seen := map[front]int{}
	for _, line := range lines {
		i := goAt(line)
		if i <= 0 || len(bytes.TrimLeft(line[:i], " \t")) == 0 || bytes.HasPrefix(line, cpuLine) {
			continue
		}
		f := frontOf(line[:i])
		if _, known := seen[f]; !known && len(seen) >= maxFronts {
			continue
		}
		seen[f]++
		if usual().Match(line[:i]) {
			seen[f]++
		}
	}
	maps.DeleteFunc(seen, func(_ front, n int) bool { return n < 2 })
	return slices.SortedFunc(maps.Keys(seen), func(a, b front) int {
		return cmp.Or(len(b)-len(a), cmp.Compare(a, b))
	})
}

func frontOf(text []byte) front {
	out := make([]byte, 0, len(text))
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if i == 0 || text[i-1] < '0' || text[i-1] > '9' {
				out = append(out, '0')
			}
		case c == ' ' && i > 0 && text[i-1] == ' ':
		default:
			out = append(out, c)
		}
	}
	return front(out)
}

// match returns how many bytes of a line a front takes; 0: it does not begin so.
// Of blanks at its end it takes one: further ones indent the line.
func (f front) match(line []byte) int {
	at := 0
	for i := range len(f) {
		begin := at
		switch c := f[i]; {
		case c == '0':
			for at < len(line) && line[at] >= '0' && line[at] <= '9' {
				at++
			}
		case c == ' ' && i < len(f)-1:
			for at < len(line) && line[at] == ' ' {
				at++
			}
		case at < len(line) && line[at] == c:
			at++
		}
		if at == begin {
			return 0
		}
	}
	return at
}
