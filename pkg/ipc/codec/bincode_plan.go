package codec

import (
	"encoding/binary"
	"reflect"
	"sync"
	"unsafe"
)

// plan is the compiled form of one type in one of the two formats: what to do
// at which offset, in order. Nested structs are spread out into their parent's
// plan, so that a message of scalars and strings is one loop over one slice.
//
// Note: code generation would be a little faster and asks every user to run a
// generator; closures for each field were slower than this switch.
type plan struct {
	ops  []op    // to decode
	puts []op    // to encode, where a bool is a byte as good as any
	size uintptr // of the Go value
	min  int     // fewest bytes that any value of the type takes; 0 only for types without content
	room int     // most bytes that it takes without its strings and what it nests
	flat bool    // memory and encoding are the same bytes, any bytes being valid
	ptrs bool    // the Go value contains pointers
	lone bool    // it is nothing but one string, or one number of variable width
}

type opcode uint8

// The fixed-width codes come first, then the variable ones of bincode 2.
const (
	opFlat  opcode = iota // n bytes, memory being the encoding
	opFix8                // u8, i8
	opFix16               // u16, i16 …
	opFix32
	opFix64
	opBool
	opU16
	opU32
	opU64
	opI16
	opI32
	opI64
	opString
	opBytes // []byte and other slices of a flat element, n bytes each
	opSlice
	opArray
	opOption
	opMap
	opStringMap // map[string]string
	opEnum
	opChar
	opU128
	opI128
)

type op struct {
	code opcode
	off  uintptr
	n    int   // opFlat: bytes; opBytes: bytes per element; opArray: elements
	sub  *plan // opSlice, opBytes, opArray, opOption
	name string
	typ  reflect.Type // of the slice, the pointer's element, or the map
	more *variantsOrMap
}

// variantsOrMap is what only the rare codes need.
type variantsOrMap struct {
	variants []variant
	key, val *plan
	scratch  sync.Pool // *mapScratch
}

type variant struct {
	name string
	off  uintptr
	typ  reflect.Type // of the payload
	plan *plan
}

// littleEndian says whether memory has the byte order of the formats, without
// which nothing may be copied as a block.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// push appends o. least is the fewest bytes o can encode to.
func (p *plan) push(o op, least int) {
	p.min += least
	p.room += o.room()
	p.ops = joined(p.ops, o, (*op).isFlat)
	p.puts = joined(p.puts, o, func(o *op) bool { return o.code == opBool || o.isFlat() })
}

// joined appends o to ops, as one with the last where both are plain memory and lie side by side.
func joined(ops []op, o op, flat func(*op) bool) []op {
	if k := len(ops) - 1; k >= 0 && flat(&o) && flat(&ops[k]) {
		last := &ops[k]
		if last.off+uintptr(last.flatSize()) == o.off {
			*last = op{code: opFlat, off: last.off, n: last.flatSize() + o.flatSize(), name: last.name}
			return ops
		}
	}
	return append(ops, o)
}

// room returns the most bytes that o takes by itself.
func (o *op) room() int {
	switch o.code {
	case opFlat:
		return o.n
	case opU128, opI128:
		return mostWide
	case opArray:
		return 0
	default: // numbers, lengths, tags and chars
		return mostVarint
	}
}

// stringSize is the size of a string in memory.
const stringSize = unsafe.Sizeof("")

// isLone reports whether o is a string or a number of variable width that fills a value of size
// bytes.
func (o *op) isLone(size uintptr) bool {
	switch o.code {
	case opU16, opI16:
		return size == 2
	case opU32, opI32:
		return size == 4
	case opU64, opI64:
		return size == 8
	}
	return o.code == opString && size == stringSize
}

// isFlat reports whether the bytes in memory are the encoding and all are valid.
func (o *op) isFlat() bool {
	return o.code == opFlat || o.code == opFix8 || littleEndian && o.code <= opFix64
}

// flatSize returns the bytes that a flat o takes.
func (o *op) flatSize() int {
	switch o.code {
	case opFlat:
		return o.n
	case opBool:
		return 1
	}
	return 1 << (o.code - opFix8)
}
