package codec

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// Maps are written in the order of their keys, as a Rust BTreeMap writes them,
// so that equal maps have equal bytes. They are read in any order, since a
// Rust HashMap writes them in any.

// mapScratch is what walking one type of map needs, kept between messages.
type mapScratch struct {
	iter     reflect.MapIter
	key, val reflect.Value // addressable
	keyAt    unsafe.Pointer
	valAt    unsafe.Pointer
	entries  []entry
	bytes    []byte
}

// entry is one encoded pair, from and to counting from the first, with its key
// in comparable form.
type entry struct {
	number   uint64
	text     string
	from, to int
}

// compare orders entries as their Rust keys are ordered.
func (x entry) compare(y entry) int {
	return cmp.Or(cmp.Compare(x.number, y.number), strings.Compare(x.text, y.text))
}

// newMapScratch makes the memory for the maps of type t.
func newMapScratch(t reflect.Type) *mapScratch {
	key, val := reflect.New(t.Key()), reflect.New(t.Elem())
	return &mapScratch{key: key.Elem(), val: val.Elem(), keyAt: key.UnsafePointer(), valAt: val.UnsafePointer()}
}

// release gives s back empty: the pool must not keep the caller's values alive.
func (s *mapScratch) release(pool *sync.Pool) {
	s.iter.Reset(reflect.Value{})
	s.key.SetZero()
	s.val.SetZero()
	clear(s.entries)
	s.entries = s.entries[:0]
	if cap(s.bytes) <= keepScratch {
		pool.Put(s)
	}
}

func (e *encoder) mapping(o *op, at unsafe.Pointer) *fault {
	m := reflect.NewAt(o.typ, at).Elem()
	e.length(m.Len())
	s := o.more.scratch.Get().(*mapScratch)
	defer s.release(&o.more.scratch)
	start := e.n
	s.iter.Reset(m)
	for s.iter.Next() {
		s.key.SetIterKey(&s.iter)
		s.val.SetIterValue(&s.iter)
		from := e.n - start
		if _, f := e.run(o.more.key, s.keyAt, 1); f != nil {
			return f.under("[key]")
		}
		if _, f := e.run(o.more.val, s.valAt, 1); f != nil {
			return f.under(fmt.Sprintf("[%v]", s.key))
		}
		s.entries = append(s.entries, orderOf(s.key, from, e.n-start))
	}
	if slices.IsSortedFunc(s.entries, entry.compare) {
		return nil
	}
	slices.SortFunc(s.entries, entry.compare)
	s.bytes = append(s.bytes[:0], e.buf[start:e.n]...)
	e.n = start
	for _, x := range s.entries {
		e.n += copy(e.buf[e.n:], s.bytes[x.from:x.to])
	}
	return nil
}

// orderOf makes the entry of key, whose order is that of Rust's Ord.
func orderOf(key reflect.Value, from, to int) entry {
	x := entry{from: from, to: to}
	switch {
	case key.Kind() == reflect.String:
		x.text = key.String()
	case key.CanInt():
		x.number = uint64(key.Int()) ^ 1<<63 // negative numbers first
	case key.CanUint():
		x.number = key.Uint()
	case key.Bool():
		x.number = 1
	}
	return x
}

func (d *decoder) mapping(o *op, at unsafe.Pointer) *fault {
	least := o.more.key.min + o.more.val.min
	n, f := d.length(least)
	if f != nil {
		return f
	}
	m := reflect.NewAt(o.typ, at).Elem()
	if m.IsNil() {
		m.Set(reflect.MakeMapWithSize(o.typ, n))
	} else {
		m.Clear()
	}
	s := o.more.scratch.Get().(*mapScratch)
	defer s.release(&o.more.scratch)
	d.promised += n * least
	for i := range n {
		d.promised -= least
		start := d.pos
		// The pair before must not share memory with this one.
		s.key.SetZero()
		s.val.SetZero()
		if _, f := d.run(o.more.key, s.keyAt, 1, 0); f != nil {
			return f.under("[key]")
		}
		if _, f := d.run(o.more.val, s.valAt, 1, 0); f != nil {
			return f.under(fmt.Sprintf("[%v]", s.key))
		}
		m.SetMapIndex(s.key, s.val)
		if m.Len() != i+1 {
			d.pos = start
			return input("key %v appears twice", s.key)
		}
	}
	return nil
}

// fewPairs is how many pairs fit on the stack and are sorted by insertion.
const fewPairs = 8

// pair is an entry of a map[string]string.
type pair struct{ key, val string }

var manyPairs = sync.Pool{New: func() any { return new([]pair) }}

// stringMap does what mapping does for the most common map, without reflection.
func (e *encoder) stringMap(m map[string]string) *fault {
	if len(m) <= fewPairs {
		return e.fewPairs(m)
	}
	kept := manyPairs.Get().(*[]pair)
	all, size := slices.Grow(*kept, len(m)), 0
	for k, v := range m {
		all = append(all, pair{k, v})
		size += len(k) + len(v)
	}
	slices.SortFunc(all, func(x, y pair) int { return strings.Compare(x.key, y.key) })
	f := e.pairs(all, size)
	clear(all) // the pool must not keep the caller's strings alive
	*kept = all[:0]
	manyPairs.Put(kept)
	return f
}

// fewPairs sorts on the stack, where moving a string costs the collector nothing.
func (e *encoder) fewPairs(m map[string]string) *fault {
	var few [fewPairs]pair
	n, size := 0, 0
	for k, v := range m {
		i := n
		for ; i > 0 && k < few[i-1].key; i-- {
			few[i] = few[i-1]
		}
		few[i] = pair{k, v}
		n, size = n+1, size+len(k)+len(v)
	}
	return e.pairs(few[:n], size)
}

// pairs writes a map's sorted pairs, whose text has size bytes.
func (e *encoder) pairs(sorted []pair, size int) *fault {
	e.ensure(size + (1+2*len(sorted))*mostVarint)
	e.length(len(sorted))
	for i := range sorted {
		x := &sorted[i]
		if !e.text(x.key) || !e.text(x.val) {
			return (&fault{kind: ErrValue, reason: errUTF8}).under(fmt.Sprintf("[%q]", x.key))
		}
	}
	return nil
}

// text writes s, for which there must be room, and returns whether it is UTF-8.
func (e *encoder) text(s string) bool {
	buf, n := e.buf, e.n
	if e.varint {
		n += putVarint(buf[n:], uint64(len(s)))
	} else {
		binary.LittleEndian.PutUint64(buf[n:], uint64(len(s)))
		n += 8
	}
	e.n = n + len(s)
	return putText(buf[n:], s)
}

func (d *decoder) stringMap(at *map[string]string) *fault {
	least := 2 // two lengths
	if !d.varint {
		least = 16
	}
	n, f := d.length(least)
	if f != nil {
		return f
	}
	if *at == nil {
		*at = make(map[string]string, n)
	} else {
		clear(*at)
	}
	d.promised += n * least
	for i := range n {
		d.promised -= least
		start := d.pos
		k, f := d.string()
		if f != nil {
			return f.under("[key]")
		}
		v, f := d.string()
		if f != nil {
			return f.under("[" + k + "]")
		}
		(*at)[k] = v
		if len(*at) != i+1 {
			d.pos = start
			return input("key %q appears twice", k)
		}
	}
	return nil
}
