package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// tree contains itself in every way that a type can.
type tree struct {
	Kids []tree
	Next *tree
	Map  map[string]tree
}

func fault(t *testing.T, err, kind error, words ...string) *codec.Error {
	t.Helper()
	e, ok := errors.AsType[*codec.Error](err)
	if !ok || !errors.Is(err, kind) || e.Kind != kind {
		t.Fatalf("have error %v; want a *codec.Error of kind %q", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	return e
}

func TestDecodeRefuses(t *testing.T) {
	check := func(c codec.Codec, into any, src string, offset int, words ...string) {
		t.Helper()
		e := fault(t, c.Decode([]byte(src), into), codec.ErrInput, words...)
		if e.Offset != offset {
			t.Errorf("%v: have offset %d; want %d", e, e.Offset, offset)
		}
	}
	one, two := codec.Bincode1{}, codec.Bincode2{}
	check(two, new(bool), "\x02", 0, "bool is 2")
	check(two, new(bool), "", 0, "middle of a value")
	check(one, new(*uint8), "\x02", 0, "option tag is 2")
	check(two, new(uint64), "\xfb\xfa\x00", 0, "250 takes 3 bytes", "canonical")         // 250 fits the mark's place
	check(two, new(uint64), "\xfc\xff\xff\x00\x00", 0, "65535 takes 5 bytes")            // 65535 fits two bytes
	check(two, new(uint64), "\xfd\xff\xff\xff\xff\x00\x00\x00\x00", 0, "takes 9 bytes")  // 2³²−1 fits four
	check(two, new(codec.U128), "\xfe"+strings.Repeat("\x01", 8)+zeros(8), 0, "17 byte") // below 2⁶⁴
	check(two, new(uint16), "\xfc\x00\x00\x01\x00", 0, "65536 is over 65535")
	check(two, new(int32), "\xfd\x00\x00\x00\x00\x01\x00\x00\x00", 0, "over 4294967295")
	check(two, new(uint64), "\xfe"+zeros(16), 0, "begins with 254")
	check(two, new(uint64), "\xff", 0, "begins with 255")
	check(two, new(uint64), "\xfd\x01", 0, "middle of a value")
	check(two, new(string), "\x02a\xff", 1, "not UTF-8")
	check(two, new(string), "\x03ab", 0, "length 3", "2 bytes that follow")
	check(one, new(string), "\xff\xff\xff\xff\xff\xff\xff\xff", 0, "length 18446744073709551615")
	check(two, new(codec.Char), "\xed\xa0\x80", 0, "0xed") // the surrogate U+D800
	check(two, new(codec.Char), "\xc0\x80", 0, "0xc0")     // NUL in two bytes
	check(two, new(shape), "\x04", 0, "variant 4", "has 4")
	check(one, new(shape), "\x01\x00\x00", 0, "middle of a value")
	check(two, new(map[string]string), "\x02\x01a\x01b\x01a\x01c", 5, `key "a" appears twice`)
	check(two, new(map[uint8]uint8), "\x02\x07\x01\x07\x02", 3, "key 7 appears twice")
	check(two, new(uint8), "\x01\x02\x03", 1, "2 bytes are left over")
	check(two, new([]point), "\x02\x02\x04\x06", 0, "length 2") // 2 points take at least 4 bytes
	check(two, new(everything), "\x01\x00\x00\xfb\x00", 3, "field C")
	check(two, new([]struct{ In []point }), "\x02\x00\x01\x00\xff", 4, "field [1].In[0].Y at byte 4")
}

func zeros(n int) string { return string(make([]byte, n)) }

func TestEncodeRefuses(t *testing.T) {
	check := func(v any, kind error, words ...string) {
		t.Helper()
		for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
			dst := []byte("kept")
			out, err := c.Append(dst, v)
			fault(t, err, kind, append(words, c.Name()+" encode")...)
			if string(out) != "kept" {
				t.Errorf("%s: have %q after an error; want what was there before", c.Name(), out)
			}
		}
	}
	check(ptr("\xff"), codec.ErrValue, "not UTF-8", "[]byte")
	check(&message{Tags: []string{"ok", "\xc3("}}, codec.ErrValue, "field Tags[1]")
	check(&message{Labels: map[string]string{"k": "\xff"}}, codec.ErrValue, `field Labels["k"]`)
	check(ptr(codec.Char(0xd800)), codec.ErrValue, "0xd800")
	check(&shape{}, codec.ErrValue, "no variant set")
	check(&shape{Circle: ptr(uint32(1)), Empty: &struct{}{}}, codec.ErrValue, "both Empty and Circle")
	ring := &tree{}
	ring.Next = ring
	check(ring, codec.ErrValue, "contains itself")
	check((*point)(nil), codec.ErrType, "nil pointer")
	check(nil, codec.ErrType, "want a pointer")
	check(&struct{ F func() }{}, codec.ErrType, "field F", "func()")
	check(&struct{ At time.Time }{}, codec.ErrType, "field At.wall", "unexported", `bincode:"-"`)
	check(&struct{ In []map[float64]int }{}, codec.ErrType, "field In[]", "float64", "integer")
	check(&struct{ P unsafe.Pointer }{}, codec.ErrType, "unsafe.Pointer")
	check(&[]struct{}{{}}, codec.ErrType, "takes no bytes")
	check(&struct {
		codec.Enum
		A uint8
	}{}, codec.ErrType, "field A", "pointer to its content")
	check(&struct {
		A *uint8
		codec.Enum
	}{}, codec.ErrType, "field Enum", "embed it first")
	// Decode says the same of a type that cannot be.
	fault(t, codec.Bincode2{}.Decode(nil, new(any)), codec.ErrType, "interface {}")
	fault(t, codec.Bincode2{}.Decode(nil, 7), codec.ErrType, "want a pointer")
	fault(t, codec.Bincode2{}.Decode(nil, (*int)(nil)), codec.ErrType, "nil pointer")
}

// TestEveryCutAndFlip damages one message in every place: what is left is an
// error, or a value that encodes to exactly the damaged bytes.
func TestEveryCutAndFlip(t *testing.T) {
	v := everythingSet()
	v.Nested.Labels, v.ByID = nil, nil // maps may come in any order; the fuzz test has them
	for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
		whole, err := c.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		check := func(src []byte) bool {
			t.Helper()
			var back everything
			if err := c.Decode(src, &back); err != nil {
				fault(t, err, codec.ErrInput)
				return false
			}
			if again, err := c.Append(nil, &back); err != nil || !bytes.Equal(again, src) {
				t.Errorf("%s: %x decodes to what encodes to %x, %v", c.Name(), src, again, err)
			}
			return true
		}
		for n := range whole {
			if check(whole[:n]) {
				t.Errorf("%s: the first %d of %d bytes decode as a whole message", c.Name(), n, len(whole))
			}
		}
		survived := 0
		for i := range 8 * len(whole) {
			bent := bytes.Clone(whole)
			bent[i/8] ^= 1 << (i % 8)
			if check(bent) {
				survived++
			}
		}
		if survived == 0 || survived == 8*len(whole) {
			t.Errorf("%s: %d of %d flipped bits decode; some must (numbers) and some must not (lengths)", c.Name(), survived, 8*len(whole))
		}
	}
}

// TestLyingLengthsAllocateLittle builds messages in which every level of a nested type claims
// as many elements as the whole input could hold, and looks at what they allocate.
func TestLyingLengthsAllocateLittle(t *testing.T) {
	check := func(c codec.Codec, src []byte, into any, limit uint64) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.Decode(src, into)
		runtime.ReadMemStats(&after)
		fault(t, err, codec.ErrInput)
		if got := after.TotalAlloc - before.TotalAlloc; got > limit {
			t.Errorf("%s: %d bytes of input made Decode allocate %d; want at most %d", c.Name(), len(src), got, limit)
		}
	}
	const size = 1 << 20
	// 200 levels, each of which says that what is left is its elements. A tree
	// takes at least 3 bytes (bincode 2) and unsafe.Sizeof(tree{}) of memory, and
	// all levels together may claim no more than the input can hold:
	// 1 MiB/3 × 40 B = 14 MB, where believing each level would take 200 times that.
	claim := func(n int) []byte { return binary.LittleEndian.AppendUint32([]byte{252}, uint32(n)) }
	src := []byte{}
	for level := range 200 {
		src = append(src, claim((size-5*level-5)/3-1)...)
	}
	src = append(src, make([]byte, size-len(src))...)
	check(codec.Bincode2{}, src, new(tree), 2*size/3*uint64(unsafe.Sizeof(tree{})))
	// A length of 2⁶² in front of nothing.
	huge := binary.LittleEndian.AppendUint64(nil, 1<<62)
	for _, into := range []any{new([]byte), new([]float64), new([]string), new(string), new(map[string]string), new(map[uint64][]byte), new([]*tree)} {
		check(codec.Bincode1{}, huge, into, 16<<10)
	}
}

// TestArraysInThemselves: arrays of a type whose plan is still being made.
func TestArraysInThemselves(t *testing.T) {
	type node struct {
		Kids *[2]node
		More [][2]node
		N    uint8
	}
	leaf := node{N: 7}
	v := node{Kids: &[2]node{leaf, {N: 8, More: [][2]node{{leaf, leaf}}}}, N: 9}
	check := func(c codec.Codec, want string) {
		t.Helper()
		src, err := c.Append(nil, &v)
		if err != nil || (want != "" && string(src) != want) {
			t.Fatalf("%s: have %x, %v; want %x", c.Name(), src, err, want)
		}
		var back node
		if err := c.Decode(src, &back); err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%s: have %+v, %v; want %+v", c.Name(), back, err, v)
		}
	}
	const seven = "\x00\x00\x07" // no kids, no more, 7
	check(codec.Bincode2{}, "\x01"+seven+"\x00\x01"+seven+seven+"\x08"+"\x00\x09")
	check(codec.Bincode1{}, "")
	// Two pairs of nodes need 2 × 2 × 2 bytes at least.
	fault(t, codec.Bincode2{}.Decode([]byte{0, 2, 0, 0, 0}, new(node)), codec.ErrInput, "length 2")
}

func TestDepthIsLimited(t *testing.T) {
	// Each level of tree.Next is: no kids (0), Some (1); then the map (0) on the way out.
	nested := func(levels int) []byte {
		return append(append(bytes.Repeat([]byte{0, 1}, levels), 0, 0, 0), make([]byte, levels)...)
	}
	for _, levels := range []int{1, 100, 999} { // one level each, and one for the lists inside the last
		if err := (codec.Bincode2{}).Decode(nested(levels), new(tree)); err != nil {
			t.Errorf("%d levels: %v", levels, err)
		}
	}
	fault(t, codec.Bincode2{}.Decode(nested(1_000_000), new(tree)), codec.ErrInput, "1000 levels")
}

// TestAnyOrderOfKeys reads a map as a HashMap may write it.
func TestAnyOrderOfKeys(t *testing.T) {
	var have map[string]string
	if err := (codec.Bincode2{}).Decode([]byte("\x03\x01b\x012\x02aa\x013\x01a\x011"), &have); err != nil || !reflect.DeepEqual(have, letters) {
		t.Errorf("have %v, %v; want %v", have, err, letters)
	}
	many := map[int16]string{}
	for i := range 1000 {
		many[int16(i*65-32000)] = strings.Repeat("x", i%7)
	}
	first, err := codec.Bincode1{}.Append(nil, &many)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // Go walks a map in a new order each time
		if again, err := (codec.Bincode1{}).Append(nil, &many); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("the same map has two encodings (%v)", err)
		}
	}
	last := int16(math.MinInt16)
	for src := first[8:]; len(src) > 0; {
		key := int16(binary.LittleEndian.Uint16(src))
		if key < last {
			t.Fatalf("key %d after %d", key, last)
		}
		last = key
		src = src[2+8+binary.LittleEndian.Uint64(src[2:]):]
	}
}

// TestDecodeOverwritesFormerValues decodes over values that hold something else already.
func TestDecodeOverwritesFormerValues(t *testing.T) {
	for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
		bytesOf := func(v any) []byte {
			t.Helper()
			b, err := c.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		empty, full := &everything{Shapes: []shape{rect(1, 2)}}, everythingSet()
		into := everythingSet()
		into.Shapes = append(into.Shapes, circle(3), circle(4))
		for _, want := range []*everything{full, empty, full} {
			if err := c.Decode(bytesOf(want), into); err != nil {
				t.Fatal(err)
			}
			if have := bytesOf(into); !bytes.Equal(have, bytesOf(want)) {
				t.Errorf("%s: decoding over another value left some of it", c.Name())
			}
		}
	}
	// A tagged field is left out and left alone.
	type partial struct {
		A     uint8
		local int `bincode:"-"`
		B     uint8
	}
	v := partial{local: 7}
	if err := (codec.Bincode1{}).Decode([]byte{1, 2}, &v); err != nil || v != (partial{1, 7, 2}) {
		t.Errorf("have %+v, %v; want {1 7 2}", v, err)
	}
}

// TestManyNames writes maps, of more pairs than are sorted on the stack and of fewer, in the
// order of their names.
func TestManyNames(t *testing.T) {
	check := func(n int) {
		t.Helper()
		m, want := map[string]string{}, []byte{byte(n)}
		for i := range n {
			name := fmt.Sprintf("%c", 'a'+i)
			m[name] = ""
			want = append(want, 1, name[0], 0) // a length, the name, the length of nothing
		}
		have, err := codec.Bincode2{}.Append(nil, &m)
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%d names: have %q, %v; want %q", n, have, err, want)
		}
	}
	for n := range 26 {
		check(n)
	}
}

// TestListsOfOneFieldRoundTrip takes lists of what is one string or number, or only looks so:
// the fields left out lie between.
func TestListsOfOneFieldRoundTrip(t *testing.T) {
	type name struct{ S string }
	type padded struct {
		S    string
		Skip int `bincode:"-"`
	}
	type number struct {
		Skip int32 `bincode:"-"`
		N    uint32
	}
	type flag struct {
		A  uint8
		OK bool
	}
	type lists struct {
		Names   []name
		Padded  []padded
		Numbers []number
		Flags   []flag
		U16     []uint16
		U32     []uint32
		U64     []uint64
		I16     []int16
		I32     []int32
		I64     []int64
	}
	v := lists{
		Names: []name{{"a"}, {""}, {"a longer name of 25 bytes"}}, Padded: []padded{{S: "p"}, {S: "q"}}, Numbers: []number{{N: 7}, {N: 70000}},
		Flags: []flag{{1, true}, {2, false}}, U16: []uint16{250, 251, 65535}, U32: []uint32{250, 65536}, U64: []uint64{1, 1 << 40},
		I16: []int16{-1, 125, -126}, I32: []int32{-1, 1 << 20}, I64: []int64{math.MinInt64, 0},
	}
	for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
		src, err := c.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		var back lists
		if err := c.Decode(src, &back); err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%s: have %+v, %v; want %+v", c.Name(), back, err, v)
		}
	}
	bad := []name{{"good"}, {"\xff"}}
	_, err := codec.Bincode2{}.Append(nil, &bad)
	fault(t, err, codec.ErrValue, "[1].S")
	plainly := []string{"good", "\xff"}
	_, err = codec.Bincode2{}.Append(nil, &plainly)
	fault(t, err, codec.ErrValue, "field [1]")
	flags := []flag{{1, true}}
	src, _ := codec.Bincode1{}.Append(nil, &flags)
	src[len(src)-1] = 2 // a bool is only read when it is 0 or 1
	fault(t, codec.Bincode1{}.Decode(src, &flags), codec.ErrInput, "[0].OK", "bool is 2")
}

func TestEncodeDoesNotAllocate(t *testing.T) {
	m := mixed(4)
	for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
		buf, err := c.Append(nil, &m)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { buf, _ = c.Append(buf[:0], &m) }); n != 0 {
			t.Errorf("%s: %v allocations to encode into a buffer with room; want 0", c.Name(), n)
		}
	}
}

// TestFirstUseTogether compiles types for the first time from many goroutines.
func TestFirstUseTogether(t *testing.T) {
	type fresh struct {
		A map[uint16][]tree
		B *[4]shape
		C map[string]codec.I128
	}
	v := fresh{A: map[uint16][]tree{1: {{Kids: []tree{{}}}}, 300: nil}, C: map[string]codec.I128{"x": {Lo: 1}}}
	want, err := codec.Bincode2{}.Append(nil, v) // by value: not yet a known pointer type
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
					src, err := c.Append(nil, &v)
					if err != nil {
						t.Error(err)
						return
					}
					var back fresh
					if err := c.Decode(src, &back); err != nil {
						t.Error(err)
						return
					}
					if have, err := (codec.Bincode2{}).Append(nil, &back); err != nil || !bytes.Equal(have, want) {
						t.Errorf("have %x, %v; want %x", have, err, want)
						return
					}
				}
			}
		})
	}
	wait.Wait()
}
