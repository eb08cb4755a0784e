package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// maxDepth bounds the nesting of pointers, slices and maps, in levels: a type
// that contains itself lets a few bytes ask for a stack of any depth, and lets
// a value contain itself. (encoding/json stops at 10,000.)
const maxDepth = 1000

var errDepth = fmt.Errorf("nested more than %d levels deep, or contains itself", maxDepth)

// slice is how the runtime lays out any slice.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

// encoder runs plans over values. It writes to buf[:n], buf being as long as
// the memory behind it, and makes room for whole plans at a time: that spares
// the check for room, and a call when there is none, at every number.
type encoder struct {
	buf    []byte
	n      int
	varint bool
	depth  int
}

// ensure makes room for at least more bytes after n.
func (e *encoder) ensure(more int) {
	if len(e.buf)-e.n < more {
		grown := slices.Grow(e.buf[:e.n], more)
		e.buf = grown[:cap(grown)]
	}
}

// run encodes count values of plan that lie side by side from p on. A fault
// comes with the index of its value.
func (e *encoder) run(plan *plan, p unsafe.Pointer, count int) (int, *fault) {
	for i := range count {
		row := unsafe.Add(p, uintptr(i)*plan.size)
		e.ensure(plan.room)
		buf, n := e.buf, e.n
		for k := range plan.ops {
			o := &plan.ops[k]
			at := unsafe.Add(row, o.off)
			switch o.code {
			case opFlat:
				n += copy(buf[n:n+o.n], unsafe.Slice((*byte)(at), o.n))
			case opFix8, opBool: // a Go bool is the byte 0 or 1
				buf[n] = *(*byte)(at)
				n++
			case opFix16:
				binary.LittleEndian.PutUint16(buf[n:], *(*uint16)(at))
				n += 2
			case opFix32:
				binary.LittleEndian.PutUint32(buf[n:], *(*uint32)(at))
				n += 4
			case opFix64:
				binary.LittleEndian.PutUint64(buf[n:], *(*uint64)(at))
				n += 8
			case opU16:
				n += putVarint(buf[n:], uint64(*(*uint16)(at)))
			case opU32:
				n += putVarint(buf[n:], uint64(*(*uint32)(at)))
			case opU64:
				n += putVarint(buf[n:], *(*uint64)(at))
			case opI16:
				n += putVarint(buf[n:], zigzag(int64(*(*int16)(at))))
			case opI32:
				n += putVarint(buf[n:], zigzag(int64(*(*int32)(at))))
			case opI64:
				n += putVarint(buf[n:], zigzag(*(*int64)(at)))
			case opString:
				s := *(*string)(at)
				if len(buf)-n < len(s)+plan.room {
					e.n = n
					e.ensure(len(s) + plan.room)
					buf = e.buf
				}
				n += e.putLength(buf[n:], len(s))
				if !putText(buf[n:], s) {
					return i, (&fault{kind: ErrValue, reason: errUTF8}).under(o.name)
				}
				n += len(s)
			default:
				e.n = n
				if f := e.compound(o, at); f != nil {
					return i, f.under(o.name)
				}
				e.ensure(plan.room)
				buf, n = e.buf, e.n
			}
		}
		e.n = n
	}
	return 0, nil
}

// compound is run for what nests, or is rare. There is room for its fixed part.
func (e *encoder) compound(o *op, at unsafe.Pointer) (f *fault) {
	if e.depth++; e.depth > maxDepth {
		return &fault{kind: ErrValue, reason: errDepth}
	}
	switch o.code {
	case opBytes:
		s := (*slice)(at)
		e.length(s.len)
		e.ensure(s.len * o.n)
		e.n += copy(e.buf[e.n:], unsafe.Slice((*byte)(s.data), s.len*o.n))
	case opSlice:
		s := (*slice)(at)
		e.length(s.len)
		f = indexed(e.run(o.sub, s.data, s.len))
	case opArray:
		f = indexed(e.run(o.sub, at, o.n))
	case opOption:
		inner := *(*unsafe.Pointer)(at)
		if inner == nil {
			e.buf[e.n] = 0
			e.n++
			break
		}
		e.buf[e.n] = 1
		e.n++
		_, f = e.run(o.sub, inner, 1)
	case opMap:
		f = e.mapping(o, at)
	case opStringMap:
		f = e.stringMap(*(*map[string]string)(at))
	case opEnum:
		f = e.enum(o, at)
	case opChar:
		f = e.char(*(*Char)(at))
	case opU128:
		e.wide(*(*U128)(at))
	case opI128:
		i := *(*I128)(at)
		sign := uint64(i.Hi >> 63)
		e.wide(U128{i.Lo<<1 ^ sign, (uint64(i.Hi)<<1 | i.Lo>>63) ^ sign})
	}
	e.depth--
	return f
}

// indexed puts the index of its value before the path of a fault.
func indexed(i int, f *fault) *fault {
	if f != nil {
		f.under(fmt.Sprintf("[%d]", i))
	}
	return f
}

func (e *encoder) enum(o *op, at unsafe.Pointer) *fault {
	chosen, payload := -1, unsafe.Pointer(nil)
	for i := range o.more.variants {
		p := *(*unsafe.Pointer)(unsafe.Add(at, o.more.variants[i].off))
		if p == nil {
			continue
		}
		if chosen >= 0 {
			return &fault{kind: ErrValue, reason: fmt.Errorf("enum %s has both %s and %s set: set exactly one",
				o.typ, o.more.variants[chosen].name, o.more.variants[i].name)}
		}
		chosen, payload = i, p
	}
	if chosen < 0 {
		return &fault{kind: ErrValue, reason: fmt.Errorf("enum %s has no variant set: set exactly one", o.typ)}
	}
	if e.varint {
		e.n += putVarint(e.buf[e.n:], uint64(chosen))
	} else {
		binary.LittleEndian.PutUint32(e.buf[e.n:], uint32(chosen))
		e.n += 4
	}
	v := &o.more.variants[chosen]
	_, f := e.run(v.plan, payload, 1)
	if f != nil {
		f.under(v.name)
	}
	return f
}

func (e *encoder) char(r Char) *fault {
	if !utf8.ValidRune(rune(r)) {
		return &fault{kind: ErrValue, reason: fmt.Errorf("%#x is not a Unicode scalar value", int32(r))}
	}
	e.n += utf8.EncodeRune(e.buf[e.n:], rune(r))
	return nil
}

// wide writes an integer of 128 bits in bincode 2.
func (e *encoder) wide(u U128) {
	if u.Hi == 0 {
		e.n += putVarint(e.buf[e.n:], u.Lo)
		return
	}
	e.buf[e.n] = mark128
	binary.LittleEndian.PutUint64(e.buf[e.n+1:], u.Lo)
	binary.LittleEndian.PutUint64(e.buf[e.n+9:], u.Hi)
	e.n += 17
}

// length writes the length of a slice or map.
func (e *encoder) length(n int) { e.n += e.putLength(e.buf[e.n:], n) }

// putLength writes n to the start of b and returns how many bytes it took.
func (e *encoder) putLength(b []byte, n int) int {
	if e.varint {
		return putVarint(b, uint64(n))
	}
	binary.LittleEndian.PutUint64(b, uint64(n))
	return 8
}

// The marks of bincode 2's variable integers: what follows is a number of this
// width; anything below is the number itself.
const (
	mark16  = 251
	mark32  = 252
	mark64  = 253
	mark128 = 254
)

// The most bytes that the parts of fixed or nearly fixed size take.
const (
	mostVarint  = 9  // mark and u64, which is over the 8 of bincode 1
	mostVariant = 5  // mark and u32
	mostWide    = 17 // mark and u128
)

// putVarint writes u to the start of b and returns how many bytes it took. It is
// cut so that the compiler puts it in line.
func putVarint(b []byte, u uint64) int {
	if u < mark16 {
		b[0] = byte(u)
		return 1
	}
	return putWide(b, u)
}

func putWide(b []byte, u uint64) int {
	switch {
	case u < 1<<16:
		b[0] = mark16
		binary.LittleEndian.PutUint16(b[1:], uint16(u))
		return 3
	case u < 1<<32:
		b[0] = mark32
		binary.LittleEndian.PutUint32(b[1:], uint32(u))
		return 5
	default:
		b[0] = mark64
		binary.LittleEndian.PutUint64(b[1:], u)
		return 9
	}
}

// zigzag folds the sign into the lowest bit, so that small numbers of either
// sign are small: 0, -1, 1, -2 → 0, 1, 2, 3.
func zigzag(i int64) uint64 { return uint64(i<<1) ^ uint64(i>>63) }

var errUTF8 = errors.New("string is not UTF-8, as Rust requires: use []byte for other bytes")

// high is the highest bit of each byte of a word: none is set in ASCII.
const high = 0x8080808080808080

// putText writes s to the start of b and says whether it is UTF-8. The names and
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

// validUTF8 is utf8.Valid with a shorter way for what is all ASCII.
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
