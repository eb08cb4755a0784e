package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
	"unsafe"
)

// Strings of one message and the next share blocks of arenaSize bytes: an
// allocation for each string is what decoding would otherwise spend most of its
// time on. A string that is kept keeps its block, so blocks are small and a
// string over ownString bytes gets memory of its own.
const (
	arenaSize = 2048
	ownString = 256
)

var errUTF8 = errors.New("string is not UTF-8, as Rust requires: use []byte for other bytes")

// high is the highest bit of each byte of a word: none is set in ASCII.
const high = 0x8080808080808080

// putText writes s to the start of b and returns whether it is UTF-8. The names and
// words that most strings in messages are, short and all ASCII, are looked at
// and moved by the same two loads, the second overlapping the first.
func putText(b []byte, s string) bool {
	from := unsafe.Slice(unsafe.StringData(s), len(s)) // only read
	bits := uint64(0)
	switch n := len(from); {
	case n > 16:
		copy(b, from)
		return validUTF8(from)
	case n >= 8:
		head, tail := binary.LittleEndian.Uint64(from), binary.LittleEndian.Uint64(from[n-8:])
		binary.LittleEndian.PutUint64(b, head)
		binary.LittleEndian.PutUint64(b[n-8:], tail)
		bits = head | tail
	case n >= 4:
		head, tail := binary.LittleEndian.Uint32(from), binary.LittleEndian.Uint32(from[n-4:])
		binary.LittleEndian.PutUint32(b, head)
		binary.LittleEndian.PutUint32(b[n-4:], tail)
		bits = uint64(head | tail)
	default:
		for i, c := range from {
			b[i] = c
			bits |= uint64(c)
		}
	}
	return bits&high == 0 || utf8.Valid(from)
}

// validUTF8 returns what utf8.Valid does, with a shorter way for what is all ASCII.
func validUTF8(b []byte) bool {
	if len(b) < 8 {
		return utf8.Valid(b)
	}
	bits := binary.LittleEndian.Uint64(b[len(b)-8:]) // overlaps the last whole word
	for rest := b; len(rest) > 8; rest = rest[8:] {
		bits |= binary.LittleEndian.Uint64(rest)
	}
	return bits&high == 0 || utf8.Valid(b)
}

func (e *encoder) char(r Char) *fault {
	if !utf8.ValidRune(rune(r)) {
		return &fault{kind: ErrValue, reason: fmt.Errorf("%#x is not a Unicode scalar value", int32(r))}
	}
	e.n += utf8.EncodeRune(e.buf[e.n:], rune(r))
	return nil
}

// string decodes a string.
func (d *decoder) string() (string, *fault) {
	n, f := d.length(1)
	if f != nil {
		return "", f
	}
	if n == 0 {
		return "", nil
	}
	b := d.room(n)
	if !putText(b, unsafe.String(&d.src[d.pos], n)) {
		return "", &fault{kind: ErrInput, reason: errUTF8}
	}
	d.pos += n
	return unsafe.String(&b[0], n), nil
}

// room returns n bytes for a string, at least one.
func (d *decoder) room(n int) []byte {
	if n > ownString {
		return make([]byte, n)
	}
	start := len(d.arena)
	if cap(d.arena)-start < n {
		d.arena, start = make([]byte, 0, arenaSize), 0
	}
	d.arena = d.arena[:start+n]
	return d.arena[start:]
}

func (d *decoder) char(at *Char) *fault {
	left := d.src[d.pos:]
	if len(left) == 0 {
		return short()
	}
	r, n := utf8.DecodeRune(left)
	if r == utf8.RuneError && n == 1 {
		return input("char begins with %#x, which is not UTF-8", left[0])
	}
	*at = Char(r)
	d.pos += n
	return nil
}
