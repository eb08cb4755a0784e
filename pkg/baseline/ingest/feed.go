package ingest

import (
	"bytes"
	"io"
	"regexp"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// longest is what benchfmt can take of one line: it reads with a bufio.Scanner.
const longest = 64<<10 - 2

// feed is the io.Reader that benchfmt reads from. It hands out one line a call,
// and of all lines only those with results and units; the others it deals with
// itself on the way. bufio.Scanner asks for more only when it has used up what
// it got, so the line handed out last is the one that a record comes from.
type feed struct {
	part *part
	rest []byte  // of the text
	line int     // number of the line before rest, in the text
	base int     // how many lines of the text stand in front of the file
	at32 []int32 // the numbers of the lines of the text, where they are not their own
	out  []byte  // of the line being handed out
	text []byte  // that line, whole
	from int     // its number, when it was put together from an earlier line; or 0
	torn bool    // the present line has no end: the text was cut, or ends so
}

// at is the number of the present line in the file.
func (f *feed) at() int {
	line := f.line
	if f.from > 0 {
		line = f.from
	}
	return f.number(line)
}

func (f *feed) number(line int) int {
	if line > 0 && line <= len(f.at32) {
		line = int(f.at32[line-1])
	}
	return line - f.base
}

// Read hands out the next line that is for benchfmt.
func (f *feed) Read(buf []byte) (int, error) {
	for len(f.out) == 0 {
		if f.part.err != nil || !f.advance() {
			return 0, io.EOF
		}
	}
	n := copy(buf, f.out)
	f.out = f.out[n:]
	return n, nil
}

// advance deals with the next line; false at the end of the part.
func (f *feed) advance() bool {
	f.from = 0
	size := bytes.IndexByte(f.rest, '\n') + 1
	f.torn = size == 0
	if f.torn {
		size = len(f.rest)
	}
	whole := f.rest[:size]
	line := bytes.TrimRight(whole, "\r\n")
	if f.part.joinable() && (size == 0 || f.part.ends(line)) {
		f.join()
		return true
	}
	if size == 0 || f.part.body && bytes.HasPrefix(line, []byte(keyVersion+":")) {
		return false
	}
	f.rest = f.rest[size:]
	f.line++
	f.part.seen = false
	if file, ok := bytes.CutPrefix(line, []byte(fileMark)); ok {
		f.part.next = string(file)
		f.part.took(ClassFact, line)
		return false
	}
	if f.part.take(line) {
		f.out, f.text = whole, line
	}
	return true
}

// join hands out the line that was printed in pieces: name, other output, numbers.
func (f *feed) join() {
	p := &f.part.running
	f.from = p.line
	f.text = append(append([]byte("Benchmark"+p.name), '\t'), p.numbers...)
	f.out = append(f.text, '\n')
	*p = started{}
}

// take deals with one line and reports whether it is for benchfmt. The table in
// doc.go says what there is.
func (p *part) take(line []byte) bool {
	if bytes.HasPrefix(line, benchmarkPrefix) && (isName(line[len(benchmarkPrefix):]) || strongLine.Match(line)) {
		return p.benchmarkLine(line)
	}
	adjacent := p.opened // the line above was pkg:
	p.opened = false
	switch {
	case len(line) == 0:
		p.took(ClassNoise, line)
	case line[0] == '#':
		p.mark(line)
	case bytes.HasPrefix(line, []byte("Unit ")):
		return p.unitLine(line)
	case p.status(line):
	case p.crashes(line):
		p.took(ClassFailure, line)
	case p.numbers(line):
	case knownNoise.Match(line):
		p.took(ClassNoise, line)
	case p.key(line, adjacent):
	default:
		p.chatter(line)
	}
	return false
}

// knownNoise is what go test and gotestsum print besides, and says nothing about
// a benchmark.
var knownNoise = regexp.MustCompile(`^(?:coverage: \d|coverage: \[no statements\]|=== |--- (?:PASS|BENCH): |\?   \t|testing: warning: |DONE \d|ok  \t|PASS|no test files|go: (?:downloading|finding|extracting) )`)

var benchmarkPrefix = []byte("Benchmark")

// fileMark stands in front of each of several texts in one.
const fileMark = "# " + string(MarkFile) + ": "

// isName reports whether what follows "Benchmark" can belong to the name of a
// benchmark function: go test takes what does not go on in lower case.
func isName(after []byte) bool {
	if len(after) == 0 {
		return true
	}
	c, _ := utf8.DecodeRune(after)
	return c == '_' || c == '-' || c == '/' || unicode.IsSpace(c) || unicode.IsDigit(c) || unicode.IsLetter(c) && !unicode.IsLower(c)
}

// benchmarkLine deals with a line that begins like a result.
func (p *part) benchmarkLine(line []byte) bool {
	p.body, p.opened = true, false
	space := len(benchmarkPrefix)
	for space < len(line) && line[space] != '\t' && line[space] != ' ' { // much faster than bytes.IndexAny
		space++
	}
	switch {
	case len(bytes.TrimRight(line[space:], " ")) == 0: // go test -v says which benchmark it starts
		p.announce(line[:space])
		return false
	case len(line) > longest:
		p.problem(string(line[:min(space, 200)]), baseline.Problem{Kind: baseline.LongLine})
		p.took(ClassFailure, line)
		return false
	case space == len(benchmarkPrefix) && !isCount(line[space:]):
		p.passOver(baseline.NotAResult, line)
		return false
	}
	return true
}

// isCount reports whether a line goes on with a number of iterations.
func isCount(line []byte) bool {
	fields := bytes.Fields(line)
	return len(fields) == 0 || len(bytes.Trim(fields[0], "0123456789")) == 0
}

// clip shortens a line for a message.
func clip(line []byte) []byte {
	const most = 120
	if len(line) > most {
		return append(bytes.Clone(line[:most]), "…"...)
	}
	return line
}
