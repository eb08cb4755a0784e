package codec

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Bincode1 is the format of the Rust crate bincode 1 as its functions serialize
// and deserialize write it: integers of fixed width, little endian, lengths as
// u64, variants as u32. The package comment has the mapping of types.
type Bincode1 struct{}

// Bincode2 is the format of the Rust crate bincode 2 in its standard
// configuration: little endian, integers, lengths and variants of variable
// width. The package comment has the mapping of types.
type Bincode2 struct{}

var (
	_ Codec = Bincode1{}
	_ Codec = Bincode2{}
)

// Name returns "bincode1".
func (Bincode1) Name() string { return "bincode1" }

// Name returns "bincode2".
func (Bincode2) Name() string { return "bincode2" }

// Append appends the encoding of v. See [Codec].
func (c Bincode1) Append(dst []byte, v any) ([]byte, error) {
	return appendBincode(dst, v, &fixedPlans, c.Name())
}

// Append appends the encoding of v. See [Codec].
func (c Bincode2) Append(dst []byte, v any) ([]byte, error) {
	return appendBincode(dst, v, &variablePlans, c.Name())
}

// Decode reads v from the whole of src. See [Codec].
func (c Bincode1) Decode(src []byte, v any) error {
	return decodeBincode(src, v, &fixedPlans, c.Name())
}

// Decode reads v from the whole of src. See [Codec].
func (c Bincode2) Decode(src []byte, v any) error {
	return decodeBincode(src, v, &variablePlans, c.Name())
}

// plans caches the plan of each type.
type plans struct {
	varint bool
	byType sync.Map // reflect.Type of the pointer to a value → *plan or *fault

	// recent remembers the last type of each of 64 groups, by address, which
	// spares a program that sends a handful of types the hashing.
	recent [64]atomic.Pointer[planOf]
}

type planOf struct {
	pointer unsafe.Pointer // identity of the type of the pointer to a value
	plan    *plan
}

var (
	fixedPlans    = plans{}
	variablePlans = plans{varint: true}
)

// words is how the runtime lays out an any: what it holds, and where.
type words struct {
	typ, data unsafe.Pointer
}

// of returns the plan for what v, a pointer, points to, and where that is.
func (c *plans) of(v any) (*plan, unsafe.Pointer, *fault) {
	w := (*words)(unsafe.Pointer(&v))
	slot := &c.recent[uintptr(w.typ)>>6%64]
	if hit := slot.Load(); hit != nil && hit.pointer == w.typ && w.data != nil {
		return hit.plan, w.data, nil
	}
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer {
		return nil, nil, &fault{kind: ErrType, reason: errNotPointer}
	}
	if w.data == nil {
		return nil, nil, &fault{kind: ErrType, reason: errNil}
	}
	got, ok := c.byType.Load(t)
	if !ok {
		made, f := compile(t.Elem(), c.varint)
		if got = made; f != nil {
			got = f
		}
		c.byType.Store(t, got)
	}
	if f, bad := got.(*fault); bad {
		own := *f // its path grows while it travels
		return nil, nil, &own
	}
	slot.Store(&planOf{w.typ, got.(*plan)})
	return got.(*plan), w.data, nil
}

// appendBincode appends the encoding of v, by the plan for its type in cache.
func appendBincode(dst []byte, v any, cache *plans, name string) ([]byte, error) {
	plan, p, f := cache.of(v)
	if f != nil && f.reason == errNotPointer && v != nil {
		boxed := reflect.New(reflect.TypeOf(v))
		boxed.Elem().Set(reflect.ValueOf(v))
		plan, p, f = cache.of(boxed.Interface())
	}
	if f != nil {
		return dst, outer(f, name, "encode", v, -1)
	}
	e := encoder{buf: dst[:cap(dst)], n: len(dst), varint: cache.varint}
	if _, f := e.run(plan, p, 1); f != nil {
		return dst, outer(f, name, "encode", v, -1)
	}
	return e.buf[:e.n], nil
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decodeBincode decodes all of src into what v points to, by the plan for its type in cache.
func decodeBincode(src []byte, v any, cache *plans, name string) error {
	plan, p, f := cache.of(v)
	if f != nil {
		return outer(f, name, "decode", v, -1)
	}
	d := decoders.Get().(*decoder)
	d.src, d.pos, d.promised, d.depth, d.varint = src, 0, 0, 0, cache.varint
	_, f = d.run(plan, p, 1, 0)
	at := d.pos
	d.src = nil // the pool must not keep the caller's memory alive
	decoders.Put(d)
	if f == nil && at < len(src) {
		f = input("%d bytes are left over after the value", len(src)-at)
	}
	if f != nil {
		return outer(f, name, "decode", v, at)
	}
	return nil
}

var (
	errNil        = errors.New("nil pointer: want a pointer to a value")
	errNotPointer = errors.New("not a pointer: want a pointer to a value")
)

// fault is an error on its way out; each level that it passes adds its name.
type fault struct {
	kind   error
	reason error
	path   string
}

// under adds the name of the field that the fault is in.
func (f *fault) under(name string) *fault {
	switch {
	case name == "":
	case f.path == "" || f.path[0] == '[':
		f.path = name + f.path
	default:
		f.path = name + "." + f.path
	}
	return f
}

// outer returns f as the error of operation op.
func outer(f *fault, codec, op string, v any, at int) error {
	if f.kind == ErrType {
		at = -1
	}
	return &Error{Codec: codec, Op: op, Type: typeName(v), Field: f.path, Offset: at, Kind: f.kind, Reason: f.reason}
}
