package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
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

// decoder runs plans over bytes.
type decoder struct {
	src      []byte
	pos      int
	promised int // bytes that elements announced by a length and not yet read will take at least
	depth    int
	varint   bool
	arena    []byte // current block; what is below len is in use by strings and never written again
}

var errShort = errors.New("ends in the middle of a value")

// run reads count values of plan side by side from p on. A length before them
// promised each bytes for every one; a type that says itself how many there are
// promised none. d.pos is where it stopped; a fault comes with the index of its value.
func (d *decoder) run(plan *plan, p unsafe.Pointer, count, each int) (int, *fault) {
	d.promised += count * each
	for i := range count {
		d.promised -= each
		row := unsafe.Add(p, uintptr(i)*plan.size)
		for k := range plan.ops {
			o := &plan.ops[k]
			at := unsafe.Add(row, o.off)
			left := d.src[d.pos:]
			switch o.code {
			case opFlat:
				if len(left) < o.n {
					return i, malformed(o, errShort)
				}
				d.pos += copy(unsafe.Slice((*byte)(at), o.n), left)
			case opFix8:
				if len(left) < 1 {
					return i, malformed(o, errShort)
				}
				*(*byte)(at) = left[0]
				d.pos++
			case opFix16:
				if len(left) < 2 {
					return i, malformed(o, errShort)
				}
				*(*uint16)(at) = binary.LittleEndian.Uint16(left)
				d.pos += 2
			case opFix32:
				if len(left) < 4 {
					return i, malformed(o, errShort)
				}
				*(*uint32)(at) = binary.LittleEndian.Uint32(left)
				d.pos += 4
			case opFix64:
				if len(left) < 8 {
					return i, malformed(o, errShort)
				}
				*(*uint64)(at) = binary.LittleEndian.Uint64(left)
				d.pos += 8
			case opString:
				s, f := d.string()
				if f != nil {
					return i, f.under(o.name)
				}
				*(*string)(at) = s
			case opU16, opU32, opU64, opI16, opI32, opI64:
				if f := d.integer(o, at); f != nil {
					return i, f.under(o.name)
				}
			default:
				if f := d.compound(o, at); f != nil {
					return i, f.under(o.name)
				}
			}
		}
	}
	return 0, nil
}

// compound is run for what nests, or is rare.
func (d *decoder) compound(o *op, at unsafe.Pointer) (f *fault) {
	if d.depth++; d.depth > maxDepth {
		return &fault{kind: ErrInput, reason: errDepth}
	}
	switch o.code {
	case opBool:
		f = d.bool(at)
	case opBytes:
		f = d.bytes(o, at)
	case opSlice:
		f = d.slice(o, at)
	case opArray:
		f = indexed(d.run(o.sub, at, o.n, 0))
	case opOption:
		f = d.option(o, at)
	case opMap:
		f = d.mapping(o, at)
	case opStringMap:
		f = d.stringMap((*map[string]string)(at))
	case opEnum:
		f = d.enum(o, at)
	case opChar:
		f = d.char((*Char)(at))
	case opU128, opI128:
		f = d.wide(o, (*U128)(at))
	}
	d.depth--
	return f
}

func (d *decoder) bool(at unsafe.Pointer) *fault {
	left := d.src[d.pos:]
	if len(left) < 1 || left[0] > 1 {
		return d.badTag("bool")
	}
	*(*byte)(at) = left[0]
	d.pos++
	return nil
}

// integer reads a variable integer of the width that o has.
func (d *decoder) integer(o *op, at unsafe.Pointer) *fault {
	var u uint64
	if d.pos < len(d.src) && d.src[d.pos] < mark16 {
		u = uint64(d.src[d.pos])
		d.pos++
	} else {
		limit := uint64(math.MaxUint64)
		switch o.code {
		case opU16, opI16:
			limit = math.MaxUint16
		case opU32, opI32:
			limit = math.MaxUint32
		}
		var f *fault
		if u, f = d.varUint(limit); f != nil {
			return f
		}
	}
	i := int64(u>>1) ^ -int64(u&1) // for the signed ones
	switch o.code {
	case opU16:
		*(*uint16)(at) = uint16(u)
	case opU32:
		*(*uint32)(at) = uint32(u)
	case opU64:
		*(*uint64)(at) = u
	case opI16:
		*(*int16)(at) = int16(i)
	case opI32:
		*(*int32)(at) = int32(i)
	case opI64:
		*(*int64)(at) = i
	}
	return nil
}

// varUint reads a variable integer up to limit, in its shortest form.
func (d *decoder) varUint(limit uint64) (uint64, *fault) {
	left := d.src[d.pos:]
	if len(left) == 0 {
		return 0, short()
	}
	var u, least uint64
	width := 0
	switch mark := left[0]; mark {
	case mark16:
		width, least = 2, mark16
	case mark32:
		width, least = 4, 1<<16
	case mark64:
		width, least = 8, 1<<32
	default:
		if mark >= mark128 {
			return 0, input("integer begins with %d: want at most %d for this type", mark, mark64)
		}
		d.pos++
		return uint64(mark), nil
	}
	if len(left) < 1+width {
		return 0, short()
	}
	for i := width; i > 0; i-- {
		u = u<<8 | uint64(left[i])
	}
	if u < least {
		return 0, input("integer %d takes %d bytes where fewer do: the encoding is not the canonical one", u, 1+width)
	}
	if u > limit {
		return 0, input("integer %d is over %d, the largest of its type", u, limit)
	}
	d.pos += 1 + width
	return u, nil
}

// length reads a length whose items take at least least bytes each, and refuses
// one that the rest of the input, less what is promised to others, cannot hold.
// So nothing is ever allocated on the word of a number alone.
func (d *decoder) length(least int) (int, *fault) {
	var n uint64
	start := d.pos
	if d.varint {
		var f *fault
		if n, f = d.varUint(math.MaxUint64); f != nil {
			return 0, f
		}
	} else {
		if len(d.src)-d.pos < 8 {
			return 0, short()
		}
		n = binary.LittleEndian.Uint64(d.src[d.pos:])
		d.pos += 8
	}
	left := len(d.src) - d.pos - d.promised
	if left < 0 || n > uint64(left)/uint64(least) {
		d.pos = start
		return 0, input("length %d, and the %d bytes that follow cannot hold it", n, max(left, 0))
	}
	return int(n), nil
}

func (d *decoder) string() (string, *fault) {
	n, f := d.length(1)
	if f != nil {
		return "", f
	}
	b := d.src[d.pos : d.pos+n]
	if !validUTF8(b) {
		return "", &fault{kind: ErrInput, reason: errUTF8}
	}
	d.pos += n
	return d.text(b), nil
}

// text copies b into a string.
func (d *decoder) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > ownString {
		return string(b)
	}
	if cap(d.arena)-len(d.arena) < len(b) {
		d.arena = make([]byte, 0, arenaSize)
	}
	start := len(d.arena)
	d.arena = append(d.arena, b...)
	return unsafe.String(&d.arena[start], len(b))
}

// bytes reads a slice whose elements are plain memory.
func (d *decoder) bytes(o *op, at unsafe.Pointer) *fault {
	n, f := d.length(o.n)
	if f != nil {
		return f
	}
	s := (*slice)(at)
	if s.cap < n {
		// Words, not bytes, so that elements of any alignment may lie in them.
		room := make([]uint64, (n*o.n+7)/8)
		*s = slice{data: unsafe.Pointer(unsafe.SliceData(room)), cap: n}
	}
	s.len = n
	d.pos += copy(unsafe.Slice((*byte)(s.data), n*o.n), d.src[d.pos:])
	return nil
}

func (d *decoder) slice(o *op, at unsafe.Pointer) *fault {
	n, f := d.length(o.sub.min)
	if f != nil {
		return f
	}
	s := (*slice)(at)
	switch {
	case s.cap >= n:
	case o.sub.ptrs: // only reflect can allocate what the garbage collector must look into
		v := reflect.NewAt(o.typ, at).Elem()
		v.SetLen(0)
		v.Grow(n)
	default:
		room := make([]uint64, (uintptr(n)*o.sub.size+7)/8)
		*s = slice{data: unsafe.Pointer(unsafe.SliceData(room)), cap: n}
	}
	s.len = n
	return indexed(d.run(o.sub, s.data, n, o.sub.min))
}

func (d *decoder) option(o *op, at unsafe.Pointer) *fault {
	left := d.src[d.pos:]
	if len(left) < 1 || left[0] > 1 {
		return d.badTag("option tag")
	}
	d.pos++
	inner := (*unsafe.Pointer)(at)
	if left[0] == 0 {
		*inner = nil
		return nil
	}
	if *inner == nil {
		*inner = reflect.New(o.typ).UnsafePointer()
	}
	_, f := d.run(o.sub, *inner, 1, 0)
	return f
}

func (d *decoder) enum(o *op, at unsafe.Pointer) *fault {
	start := d.pos
	var tag uint64
	if d.varint {
		var f *fault
		if tag, f = d.varUint(math.MaxUint32); f != nil {
			return f
		}
	} else {
		if len(d.src)-d.pos < 4 {
			return short()
		}
		tag = uint64(binary.LittleEndian.Uint32(d.src[d.pos:]))
		d.pos += 4
	}
	if tag >= uint64(len(o.more.variants)) {
		d.pos = start
		return input("variant %d of enum %s, which has %d", tag, o.typ, len(o.more.variants))
	}
	for i := range o.more.variants {
		*(*unsafe.Pointer)(unsafe.Add(at, o.more.variants[i].off)) = nil
	}
	v := &o.more.variants[tag]
	payload := reflect.New(v.typ).UnsafePointer()
	*(*unsafe.Pointer)(unsafe.Add(at, v.off)) = payload
	if _, f := d.run(v.plan, payload, 1, 0); f != nil {
		return f.under(v.name)
	}
	return nil
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

// wide reads an integer of 128 bits; I128 has the layout of U128.
func (d *decoder) wide(o *op, at *U128) *fault {
	var u U128
	if left := d.src[d.pos:]; len(left) > 0 && left[0] == mark128 {
		if len(left) < 17 {
			return short()
		}
		u = U128{binary.LittleEndian.Uint64(left[1:]), binary.LittleEndian.Uint64(left[9:])}
		if u.Hi == 0 {
			return input("integer %d takes 17 bytes where fewer do: the encoding is not the canonical one", u.Lo)
		}
		d.pos += 17
	} else {
		var f *fault
		if u.Lo, f = d.varUint(math.MaxUint64); f != nil {
			return f
		}
	}
	if o.code == opI128 { // undo the zigzag
		sign := -(u.Lo & 1)
		u = U128{(u.Lo>>1 | u.Hi<<63) ^ sign, u.Hi>>1 ^ sign}
	}
	*at = u
	return nil
}

// badTag is the fault of a byte that is missing, or neither 0 nor 1.
func (d *decoder) badTag(what string) *fault {
	if d.pos == len(d.src) {
		return short()
	}
	return input("%s is %d: want 0 or 1", what, d.src[d.pos])
}

func malformed(o *op, reason error) *fault {
	return (&fault{kind: ErrInput, reason: reason}).under(o.name)
}

func short() *fault { return &fault{kind: ErrInput, reason: errShort} }

func input(format string, args ...any) *fault {
	return &fault{kind: ErrInput, reason: fmt.Errorf(format, args...)}
}
