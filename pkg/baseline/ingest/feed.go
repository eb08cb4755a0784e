package ingest

import (
	"bytes"
	"io"
)

// longest is what benchfmt can take of one line: it reads with a bufio.Scanner.
const longest = 64<<10 - 2

// fileMark stands in front of each of several texts in one.
const fileMark = "# " + string(MarkFile) + ": "

// feed is the io.Reader that benchfmt reads from. It hands out one line a call,
// and of all lines only those with results and units; the others the part deals
// with on the way. bufio.Scanner asks for more only when it has used up what
// it got, so the line handed out last is the one that a record comes from.
type feed struct {
	part *part
	rest []byte // of the text
	out  []byte // of the line being handed out
	text []byte // that line, whole
	next string // the file that the following part comes from, when a mark says so
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
	p := f.part
	p.from = 0
	size := bytes.IndexByte(f.rest, '\n') + 1
	p.torn = size == 0
	if p.torn {
		size = len(f.rest)
	}
	whole := f.rest[:size]
	line := bytes.TrimRight(whole, "\r\n")
	if p.process.joinable() && (size == 0 || p.process.ends(line)) {
		f.join()
		return true
	}
	if size == 0 || p.body && bytes.HasPrefix(line, []byte(keyVersion+":")) {
		return false
	}
	f.rest = f.rest[size:]
	p.line++
	p.seen = false
	if file, ok := bytes.CutPrefix(line, []byte(fileMark)); ok {
		f.next = string(file)
		p.took(ClassFact, line)
		return false
	}
	if p.take(line) {
		f.out, f.text = whole, line
	}
	return true
}

// join hands out the line that was printed in pieces: name, other output, numbers.
func (f *feed) join() {
	whole, line := f.part.process.join()
	f.part.from = line
	f.out, f.text = append(whole, '\n'), whole
}
