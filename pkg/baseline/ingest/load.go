package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
)

// load reads a text whole. A line beyond the limit is not kept: a mark stands in
// its place, so that the numbers of the other lines and the problem itself are
// found again when the text is read from a store.
func load(name string, r io.Reader, limits Limits) ([]byte, error) {
	in := bufio.NewReaderSize(r, 128<<10)
	head, _ := in.Peek(512)
	if err := sniff(head); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	text := make([]byte, 0, sizeOf(r, limits))
	start := 0 // of the present line in text
	cut := 0   // bytes of the present line, once it is beyond the limit
	for total := 0; ; {
		piece, err := in.ReadSlice('\n')
		total += len(piece)
		if cut == 0 && len(text)-start+len(piece) <= limits.Line {
			text = append(text, piece...)
		} else {
			cut += len(text) - start + len(piece)
			text = text[:start]
		}
		if len(text) > limits.Bytes || total/16 > limits.Bytes {
			return nil, fmt.Errorf("read %s: %w: more than %d MiB; split it, or measure fewer rounds", name, ErrTooLarge, limits.Bytes>>20)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if cut > 0 && err == nil {
			cut-- // the end of the line is not of the line
		}
		text, cut = endLine(text, cut), 0
		start = len(text)
		if errors.Is(err, io.EOF) {
			return noZeros(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// noZeros puts a question mark for every zero byte, in place: the kept text would
// look binary when it is read again.
func noZeros(text []byte) []byte {
	for at := 0; ; at++ {
		next := bytes.IndexByte(text[at:], 0)
		if next < 0 {
			return text
		}
		at += next
		text[at] = '?'
	}
}

// endLine puts the mark where a line was cut.
func endLine(text []byte, cut int) []byte {
	if cut == 0 {
		return text
	}
	return append(text, MarkCut.line(strconv.Itoa(cut))+"\n"...)
}

// sizeOf guesses how much there is to read, so that a large file is not copied
// from buffer to buffer while it grows.
func sizeOf(r io.Reader, limits Limits) int {
	size := int64(0)
	switch r := r.(type) {
	case interface{ Len() int }:
		size = int64(r.Len())
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
	}
	return int(min(max(size, 0)+1, int64(limits.Bytes)))
}

// sniff tells what is no text by its first bytes.
func sniff(head []byte) error {
	what := ""
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		what = "it is compressed with gzip (or a profile): unpack it first, gzip -dc FILE | regress compare -"
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		what = "it is compressed with zstd: unpack it first, zstd -dc FILE | regress compare -"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		what = "it is a zip archive: unpack it first and give the files in it"
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		what = "it is UTF-16, as PowerShell's > writes it: write it with | Out-File -Encoding utf8"
	case bytes.IndexByte(head, 0) >= 0:
		what = "it has zero bytes: it is binary, and not what go test -bench prints"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNotText, what)
}

// event is one line of go test -json, as far as it matters. See `go doc test2json`.
type event struct {
	Action, Package, Output string
}

// fromJSON turns the output of go test -json into what go test prints without
// -json, with the line numbers that problems are to name; a text is returned as
// it is. Packages whose lines alternate are kept apart by `pkg:` lines.
func fromJSON(text []byte) (out []byte, at []int32) {
	if !isJSON(text) {
		return text, nil
	}
	open := map[string][]byte{} // by package: a line that has not ended; events end anywhere
	current, number := "", int32(0)
	emit := func(pkg string, line []byte) {
		if pkg != "" && pkg != current {
			out, at, current = fmt.Appendf(out, "pkg: %s\n", pkg), append(at, number), pkg
		}
		out, at = append(out, line...), append(at, number)
	}
	for line := range bytes.Lines(text) {
		number++
		var e event
		if line[0] != '{' || json.Unmarshal(line, &e) != nil || e.Action == "" {
			emit("", line) // what another program wrote to the same place
			continue
		}
		for piece := range bytes.Lines([]byte(e.Output)) {
			whole := append(open[e.Package], piece...)
			if piece[len(piece)-1] != '\n' {
				open[e.Package] = whole
				continue
			}
			delete(open, e.Package)
			emit(e.Package, whole)
		}
	}
	for _, pkg := range sortedKeys(open) {
		emit(pkg, append(open[pkg], '\n'))
	}
	return noZeros(out), at
}

// isJSON looks for an event among the first lines: a build may have spoken before.
func isJSON(text []byte) bool {
	n := 0
	for line := range bytes.Lines(text) {
		if line[0] == '{' && bytes.Contains(line, []byte(`"Action":"`)) {
			return true
		}
		if n++; n > 100 {
			return false
		}
	}
	return false
}
