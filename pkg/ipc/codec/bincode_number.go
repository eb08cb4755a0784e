package codec

import (
	"encoding/binary"
	"math"
	"unsafe"
)

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
	mostVarint = 9  // mark and u64, which is over the 8 of bincode 1
	mostWide   = 17 // mark and u128
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

// putWide writes u behind the mark of its width, and returns the bytes that this takes.
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

// putVarints writes each of us, for which there must be room.
func putVarints[T uint16 | uint32 | uint64](b []byte, us []T) (n int) {
	for _, u := range us {
		n += putVarint(b[n:], uint64(u))
	}
	return n
}

// putZigzags does what putVarints does for signed numbers.
func putZigzags[T int16 | int32 | int64](b []byte, is []T) (n int) {
	for _, i := range is {
		n += putVarint(b[n:], zigzag(int64(i)))
	}
	return n
}

// zigzag folds the sign into the lowest bit, so that small numbers of either
// sign are small: 0, -1, 1, -2 → 0, 1, 2, 3.
func zigzag(i int64) uint64 { return uint64(i<<1) ^ uint64(i>>63) }

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
	size := 0
	switch mark := left[0]; {
	case mark < mark16:
		d.pos++
		return uint64(mark), nil
	case mark > mark64:
		return 0, input("integer begins with %d: want at most %d for this type", mark, mark64)
	case mark == mark16 && len(left) >= 3:
		u, least, size = uint64(binary.LittleEndian.Uint16(left[1:])), mark16, 3
	case mark == mark32 && len(left) >= 5:
		u, least, size = uint64(binary.LittleEndian.Uint32(left[1:])), 1<<16, 5
	case mark == mark64 && len(left) >= 9:
		u, least, size = binary.LittleEndian.Uint64(left[1:]), 1<<32, 9
	default:
		return 0, short()
	}
	if u < least {
		return 0, input("integer %d takes %d bytes where fewer do: the encoding is not the canonical one", u, size)
	}
	if u > limit {
		return 0, input("integer %d is over %d, the largest of its type", u, limit)
	}
	d.pos += size
	return u, nil
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
