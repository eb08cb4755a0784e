package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
)

// load reads a text whole. A line beyond the limit is not kept: a mark stands in
// its place, so that the numbers of the other lines and the problem itself are
// found again when the text is read from a store.
func load(name string, r io.Reader, limits limits) ([]byte, error) {
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
func sizeOf(r io.Reader, limits limits) int {
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
