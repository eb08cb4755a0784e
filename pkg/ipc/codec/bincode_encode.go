package codec

import (
	"encoding/binary"
	"fmt"
	"slices"
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
	ops := plan.puts // a copy, so that the compiler knows its length
	for i := range count {
		row := unsafe.Add(p, uintptr(i)*plan.size)
		e.ensure(plan.room)
		buf, n := e.buf, e.n
		for k := range ops {
			o := &ops[k]
			at := unsafe.Add(row, o.off)
			switch o.code {
			case opFlat:
				n += move(buf[n:n+o.n], unsafe.Slice((*byte)(at), o.n))
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
				if e.varint {
					n += putVarint(buf[n:], uint64(len(s)))
				} else {
					binary.LittleEndian.PutUint64(buf[n:], uint64(len(s)))
					n += 8
				}
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

// move does what copy does, with a shorter way for the two numbers and a flag that often lie
// side by side.
func move(to, from []byte) int {
	if n := len(from); n >= 8 && n <= 16 && len(to) >= n {
		head, tail := binary.LittleEndian.Uint64(from), binary.LittleEndian.Uint64(from[n-8:])
		binary.LittleEndian.PutUint64(to, head)
		binary.LittleEndian.PutUint64(to[n-8:], tail)
		return n
	}
	return copy(to, from)
}

// compound handles what nests, or is rare. There is room for its fixed part.
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
		f = e.column(o.sub, s.data, s.len)
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

// column encodes the elements of a slice. Lists of text and of numbers are
// common, and have a loop each that does not look at the code every time.
func (e *encoder) column(plan *plan, p unsafe.Pointer, count int) *fault {
	if !plan.lone {
		return indexed(e.run(plan, p, count))
	}
	if plan.puts[0].code == opString {
		for i, s := range unsafe.Slice((*string)(p), count) {
			e.ensure(mostVarint + len(s))
			if !e.text(s) {
				return indexed(i, (&fault{kind: ErrValue, reason: errUTF8}).under(plan.puts[0].name))
			}
		}
		return nil
	}
	e.ensure(count * mostVarint)
	buf, n := e.buf, e.n
	switch plan.puts[0].code {
	case opU16:
		n += putVarints(buf[n:], unsafe.Slice((*uint16)(p), count))
	case opU32:
		n += putVarints(buf[n:], unsafe.Slice((*uint32)(p), count))
	case opU64:
		n += putVarints(buf[n:], unsafe.Slice((*uint64)(p), count))
	case opI16:
		n += putZigzags(buf[n:], unsafe.Slice((*int16)(p), count))
	case opI32:
		n += putZigzags(buf[n:], unsafe.Slice((*int32)(p), count))
	case opI64:
		n += putZigzags(buf[n:], unsafe.Slice((*int64)(p), count))
	}
	e.n = n
	return nil
}

// indexed puts the index of its value before the path of a fault.
func indexed(i int, f *fault) *fault {
	if f != nil {
		f.under(fmt.Sprintf("[%d]", i))
	}
	return f
}

// enum encodes an enum with content.
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
