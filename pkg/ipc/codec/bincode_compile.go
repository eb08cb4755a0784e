package codec

import (
	"fmt"
	"math/bits"
	"reflect"
	"strings"
)

// compiler makes the plans of one type and everything below it.
type compiler struct {
	varint bool
	plans  map[reflect.Type]*plan
	open   map[reflect.Type]bool // begun and not finished: met again, the type is recursive
}

// compile makes the plan for a type.
func compile(t reflect.Type, varint bool) (*plan, *fault) {
	c := compiler{varint: varint, plans: map[reflect.Type]*plan{}, open: map[reflect.Type]bool{}}
	return c.plan(t)
}

// plan returns the plan for t, which it makes once.
func (c *compiler) plan(t reflect.Type) (*plan, *fault) {
	if p := c.plans[t]; p != nil {
		return p, nil
	}
	p := &plan{size: t.Size(), ptrs: hasPointers(t)}
	c.plans[t], c.open[t] = p, true
	if f := c.add(p, t, 0, ""); f != nil {
		return nil, f
	}
	delete(c.open, t)
	p.lone = len(p.puts) == 1 && p.puts[0].isLone(p.size)
	p.flat = len(p.ops) == 1 && p.ops[0].isFlat() && uintptr(p.ops[0].flatSize()) == p.size
	return p, nil
}

// element returns plan for the element of a slice. One that takes no bytes is
// refused, since its count could then be any number that the sender likes.
func (c *compiler) element(t reflect.Type) (*plan, *fault) {
	p, f := c.plan(t)
	if f == nil && p.min == 0 && !c.open[t] {
		return nil, unsupported("element type %s takes no bytes, so that its count could not be checked: send the count as a number", t)
	}
	return p, f
}

// add appends to p what encodes a value of type t at offset off.
func (c *compiler) add(p *plan, t reflect.Type, off uintptr, name string) *fault {
	switch t {
	case reflect.TypeFor[Char]():
		p.push(op{code: opChar, off: off, name: name}, 1)
		return nil
	case reflect.TypeFor[U128](), reflect.TypeFor[I128]():
		if c.varint {
			code := opU128
			if t == reflect.TypeFor[I128]() {
				code = opI128
			}
			p.push(op{code: code, off: off, name: name}, 1)
			return nil
		}
	}
	var f *fault
	switch t.Kind() {
	case reflect.Struct:
		f = c.addStruct(p, t, off)
	case reflect.Array:
		f = c.addArray(p, t, off, name)
		name = ""
	case reflect.Slice:
		f = c.addSlice(p, t, off, name)
	case reflect.Map:
		f = c.addMap(p, t, off, name)
	case reflect.Pointer:
		var sub *plan
		sub, f = c.plan(t.Elem())
		p.push(op{code: opOption, off: off, name: name, sub: sub, typ: t.Elem()}, 1)
	case reflect.String:
		p.push(op{code: opString, off: off, name: name}, c.minLength())
	default:
		f = c.addScalar(p, t, off, name)
		name = ""
	}
	if f != nil {
		return f.under(name)
	}
	return nil
}

// minLength returns the fewest bytes that a length takes.
func (c *compiler) minLength() int {
	if c.varint {
		return 1
	}
	return 8
}

// addScalar adds what a value of type t at off needs.
func (c *compiler) addScalar(p *plan, t reflect.Type, off uintptr, name string) *fault {
	code, size := opFlat, int(t.Size())
	switch t.Kind() {
	case reflect.Bool:
		code = opBool
	case reflect.Uint8, reflect.Int8:
		code = opFix8
	case reflect.Float32:
		code = opFix32
	case reflect.Float64:
		code = opFix64
	case reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		code = c.integer(size, opU16)
	case reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		code = c.integer(size, opI16)
	default:
		return unsupported("%s has no counterpart in bincode: use a struct, number, string, slice, array, map or pointer", t).under(name)
	}
	if (t.Kind() == reflect.Int || t.Kind() == reflect.Uint) && size != 8 {
		return unsupported("%s has %d bits on this machine and 64 in the format: use int64 or uint64", t, size*8).under(name)
	}
	if code >= opU16 {
		size = 1
	}
	p.push(op{code: code, off: off, name: name}, size)
	return nil
}

// integer returns the code of an integer of size bytes (2, 4 or 8): fixed, or the
// variable one that counts up from first.
func (c *compiler) integer(size int, first opcode) opcode {
	step := opcode(bits.TrailingZeros(uint(size)) - 1) // 2, 4, 8 → 0, 1, 2
	if c.varint {
		return first + step
	}
	return opFix16 + step
}

// addStruct adds what the fields of a struct need.
func (c *compiler) addStruct(p *plan, t reflect.Type, off uintptr) *fault {
	if t.NumField() > 0 && t.Field(0).Anonymous && t.Field(0).Type == reflect.TypeFor[Enum]() {
		return c.addEnum(p, t, off)
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Name == "_" || field.Tag.Get("bincode") == "-" {
			continue
		}
		if field.Type == reflect.TypeFor[Enum]() {
			return unsupported("Enum in the middle of %s: embed it first", t).under(field.Name)
		}
		if !field.IsExported() {
			return unsupported("unexported field of %s: export it, or tag it `bincode:\"-\"` to leave it out", t).under(field.Name)
		}
		ops, puts := len(p.ops), len(p.puts)
		if f := c.add(p, field.Type, off+field.Offset, field.Name); f != nil {
			return f
		}
		if field.Type.Kind() == reflect.Struct {
			for _, list := range [][]op{p.ops[ops:], p.puts[puts:]} {
				for k := range list {
					list[k].name = strings.TrimSuffix(field.Name+"."+list[k].name, ".")
				}
			}
		}
	}
	return nil
}

// addEnum adds what an enum with content needs.
func (c *compiler) addEnum(p *plan, t reflect.Type, off uintptr) *fault {
	more := &variantsOrMap{}
	for i := 1; i < t.NumField(); i++ {
		field := t.Field(i)
		if field.Type.Kind() != reflect.Pointer || !field.IsExported() {
			return unsupported("a variant of enum %s: want an exported field that is a pointer to its content", t).under(field.Name)
		}
		sub, f := c.plan(field.Type.Elem())
		if f != nil {
			return f.under(field.Name)
		}
		more.variants = append(more.variants, variant{field.Name, field.Offset, field.Type.Elem(), sub})
	}
	least := 4
	if c.varint {
		least = 1
	}
	p.push(op{code: opEnum, off: off, more: more, typ: t}, least)
	return nil
}

// addArray adds what the elements of an array need.
func (c *compiler) addArray(p *plan, t reflect.Type, off uintptr, name string) *fault {
	sub, f := c.plan(t.Elem())
	if f != nil {
		return f.under("[]").under(name)
	}
	least := sub.min
	if c.open[t.Elem()] {
		least = max(least, 1) // what contains itself does so by a pointer, slice or map, of a byte at least
	}
	switch n := t.Len(); {
	case n == 0 || least == 0:
	case sub.flat:
		p.push(op{code: opFlat, off: off, n: n * int(sub.size), name: name}, n*least)
	default:
		p.push(op{code: opArray, off: off, n: n, sub: sub, name: name}, n*least)
	}
	return nil
}

// addSlice adds what a slice needs.
func (c *compiler) addSlice(p *plan, t reflect.Type, off uintptr, name string) *fault {
	sub, f := c.element(t.Elem())
	if f != nil {
		return f.under("[]")
	}
	o := op{code: opSlice, off: off, sub: sub, name: name, typ: t}
	if sub.flat {
		o.code, o.n = opBytes, int(sub.size)
	}
	p.push(o, c.minLength())
	return nil
}

// addMap adds what a map needs.
func (c *compiler) addMap(p *plan, t reflect.Type, off uintptr, name string) *fault {
	o := op{code: opMap, off: off, name: name, typ: t}
	switch k := t.Key().Kind(); {
	case t.Key() == reflect.TypeFor[Char](), k == reflect.Float32, k == reflect.Float64, k != reflect.String && k > reflect.Uint64:
		return unsupported("key type %s: want an integer, a bool or a string", t.Key())
	case k == reflect.String && t.Elem().Kind() == reflect.String:
		o.code = opStringMap
	}
	key, f := c.plan(t.Key())
	if f != nil {
		return f.under("[key]")
	}
	val, f := c.plan(t.Elem())
	if f != nil {
		return f.under("[]")
	}
	o.more = &variantsOrMap{key: key, val: val}
	o.more.scratch.New = func() any { return newMapScratch(t) }
	p.push(o, c.minLength())
	return nil
}

// unsupported returns the fault of a type without a counterpart.
func unsupported(format string, args ...any) *fault {
	return &fault{kind: ErrType, reason: fmt.Errorf(format, args...)}
}

// hasPointers reports whether values of type t hold pointers.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	default:
		return true
	}
}
