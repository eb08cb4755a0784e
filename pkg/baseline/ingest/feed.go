package ingest

import (
	"bytes"
	"io"
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
	line int     // number of the line before rest
	at32 []int32 // for a text made from JSON: its line numbers
	out  []byte  // of the line being handed out
	text []byte  // that line, whole
	from int     // its number, when it was put together from an earlier line; or 0
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
		return int(f.at32[line-1])
	}
	return line
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
	if size == 0 {
		size = len(f.rest)
	}
	whole := f.rest[:size]
	line := bytes.TrimRight(whole, "\r\n")
	if f.part.joinable() && (size == 0 || f.part.ends(line)) {
		f.join()
		return true
	}
	if size == 0 || f.part.body && bytes.HasPrefix(line, []byte("regress-log:")) {
		return false
	}
	f.rest = f.rest[size:]
	f.line++
	if file, ok := bytes.CutPrefix(line, []byte(fileMark)); ok {
		f.part.next = string(file)
		return false
	}
	if f.part.take(line) {
		f.out, f.text = whole, line
	}
	return true
}

// join hands out the line that was printed in pieces: name, other output, numbers.
func (f *feed) join() {
	p := &f.part.pending
	f.from = p.line
	f.text = append(append([]byte("Benchmark"+p.name), '\t'), p.numbers...)
	f.out = append(f.text, '\n')
	*p = started{}
}

// take deals with one line and reports whether it is for benchfmt.
func (p *part) take(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if bytes.HasPrefix(line, benchmarkPrefix) && isName(line[len(benchmarkPrefix):]) {
		return p.benchmarkLine(line)
	}
	switch c := line[0]; {
	case c == '#':
		p.mark(string(line))
		return false
	case c == 'U' && bytes.HasPrefix(line, []byte("Unit ")) && len(line) < longest:
		return true
	case p.status(line), p.crashes(line), p.numbers(line):
		return false
	case c >= 'a' && c <= 'z' || c >= utf8.RuneSelf:
		if key, value, ok := splitKey(line); ok {
			p.set(string(key), string(value))
			return false
		}
	}
	p.chatter(line)
	return false
}

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
	p.body = true
	space := len(benchmarkPrefix)
	for space < len(line) && line[space] != '\t' && line[space] != ' ' { // much faster than bytes.IndexAny
		space++
	}
	if space == len(line) { // go test -v says which benchmark it starts
		p.announce(string(line))
		return false
	}
	if len(line) > longest {
		p.problem(string(line[:min(space, 200)]), baseline.Problem{Kind: baseline.LongLine})
		return false
	}
	if space == len(benchmarkPrefix) && !isCount(line[space:]) {
		p.warn(baseline.Warning{Kind: baseline.NotAResult, File: p.file, Line: p.at(), Detail: string(clip(line))})
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
