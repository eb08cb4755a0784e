package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"unsafe"
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
	ops, src, pos := plan.ops, d.src, d.pos // copies that stay in registers
	d.promised += count * each
	for i := range count {
		d.promised -= each
		row := unsafe.Add(p, uintptr(i)*plan.size)
		for k := range ops {
			o := &ops[k]
			at := unsafe.Add(row, o.off)
			left := src[pos:]
			switch o.code {
			case opFlat:
				if len(left) < o.n {
					return d.short(i, pos, o)
				}
				pos += copy(unsafe.Slice((*byte)(at), o.n), left)
			case opFix8:
				if len(left) < 1 {
					return d.short(i, pos, o)
				}
				*(*byte)(at) = left[0]
				pos++
			case opFix16:
				if len(left) < 2 {
					return d.short(i, pos, o)
				}
				*(*uint16)(at) = binary.LittleEndian.Uint16(left)
				pos += 2
			case opFix32:
				if len(left) < 4 {
					return d.short(i, pos, o)
				}
				*(*uint32)(at) = binary.LittleEndian.Uint32(left)
				pos += 4
			case opFix64:
				if len(left) < 8 {
					return d.short(i, pos, o)
				}
				*(*uint64)(at) = binary.LittleEndian.Uint64(left)
				pos += 8
			case opString:
				d.pos = pos
				s, f := d.string()
				if f != nil {
					return i, f.under(o.name)
				}
				*(*string)(at) = s
				pos = d.pos
			case opU16, opU32, opU64, opI16, opI32, opI64:
				d.pos = pos
				if f := d.integer(o, at); f != nil {
					return i, f.under(o.name)
				}
				pos = d.pos
			default:
				d.pos = pos
				if f := d.compound(o, at); f != nil {
					return i, f.under(o.name)
				}
				pos = d.pos
			}
		}
	}
	d.pos = pos
	return 0, nil
}

// short returns the fault of an input that ends at pos, before the bytes that o wants in value i.
func (d *decoder) short(i, pos int, o *op) (int, *fault) {
	d.pos = pos
	return i, short().under(o.name)
}

// compound handles what nests, or is rare.
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

// bool decodes a bool.
func (d *decoder) bool(at unsafe.Pointer) *fault {
	left := d.src[d.pos:]
	if len(left) < 1 || left[0] > 1 {
		return d.badTag("bool")
	}
	*(*byte)(at) = left[0]
	d.pos++
	return nil
}

// length reads a length whose items take at least least bytes each, and refuses
// one that the rest of the input, less what is promised to others, cannot hold.
// So nothing is ever allocated on the word of a number alone.
func (d *decoder) length(least int) (int, *fault) {
	var n uint64
	start := d.pos
	switch {
	case d.varint && start < len(d.src) && d.src[start] < mark16: // nearly always
		n = uint64(d.src[start])
		d.pos++
	case d.varint:
		var f *fault
		if n, f = d.varUint(math.MaxUint64); f != nil {
			return 0, f
		}
	case len(d.src)-start < 8:
		return 0, short()
	default:
		n = binary.LittleEndian.Uint64(d.src[start:])
		d.pos += 8
	}
	left := len(d.src) - d.pos - d.promised
	if left < 0 || n > uint64(left) || least > 1 && n > uint64(left)/uint64(least) {
		d.pos = start
		return 0, input("length %d, and the %d bytes that follow cannot hold it", n, max(left, 0))
	}
	return int(n), nil
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

// slice decodes a slice.
func (d *decoder) slice(o *op, at unsafe.Pointer) *fault {
	n, f := d.length(o.sub.min)
	if f != nil {
		return f
	}
	s := (*slice)(at)
	switch {
	case s.cap >= n:
	case o.sub.lone && o.sub.ops[0].code == opString:
		*(*[]string)(at) = make([]string, n) // what follows, without reflection
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

// option decodes an Option.
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

// enum decodes an enum with content.
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

// badTag returns the fault of a byte that is missing, or neither 0 nor 1.
func (d *decoder) badTag(what string) *fault {
	if d.pos == len(d.src) {
		return short()
	}
	return input("%s is %d: want 0 or 1", what, d.src[d.pos])
}

func short() *fault { return &fault{kind: ErrInput, reason: errShort} }

// input returns a fault of the input.
func input(format string, args ...any) *fault {
	return &fault{kind: ErrInput, reason: fmt.Errorf(format, args...)}
}
