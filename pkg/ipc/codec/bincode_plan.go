package codec

import (
	"encoding/binary"
	"reflect"
	"sync"
)

// plan is the compiled form of one type in one of the two formats: what to do
// at which offset, in order. Nested structs are spread out into their parent's
// plan, so that a message of scalars and strings is one loop over one slice.
//
// Note: code generation would be a little faster and asks every user to run a
// generator; closures for each field were slower than this switch.
type plan struct {
	ops  []op
	size uintptr // of the Go value
	min  int     // fewest bytes that any value of the type takes; 0 only for types without content
	room int     // most bytes that it takes without its strings and what it nests
	flat bool    // memory and encoding are the same bytes, any bytes being valid
	ptrs bool    // the Go value contains pointers
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

// push appends o, joined with the one before where both are plain memory and
// lie side by side. least is the fewest bytes o can encode to.
func (p *plan) push(o op, least int) {
	p.min += least
	p.room += o.room()
	if k := len(p.ops) - 1; k >= 0 && o.isFlat() && p.ops[k].isFlat() {
		last := &p.ops[k]
		if last.off+uintptr(last.flatSize()) == o.off {
			*last = op{code: opFlat, off: last.off, n: last.flatSize() + o.flatSize(), name: last.name}
			return
		}
	}
	p.ops = append(p.ops, o)
}

// room is the most bytes that o takes by itself.
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

// isFlat says whether the bytes in memory are the encoding and all are valid.
func (o *op) isFlat() bool {
	return o.code == opFlat || o.code == opFix8 || littleEndian && o.code <= opFix64
}

func (o *op) flatSize() int {
	if o.code == opFlat {
		return o.n
	}
	return 1 << (o.code - opFix8)
}
