package codec_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// What follows derives the vectors a second time, from the rules of the published specification
// alone and without the codec: docs/spec.md of the crate bincode 2.0.1, which has both formats
// (config::legacy() is what bincode 1's serialize writes, by the crate's migration guide;
// config::standard() is bincode 2).

// wire is a value in both formats.
type wire struct{ one, two []byte }

// raw are bytes that are the same in both.
func raw(b ...byte) wire { return wire{b, b} }

// join is one after another: fields, elements and entries have nothing between them.
func join(parts ...wire) wire {
	var all wire
	for _, p := range parts {
		all = wire{append(all.one, p.one...), append(all.two, p.two...)}
	}
	return all
}

// unsigned is an integer of width bytes, more than one. Fixed: the bytes from the lowest.
// Variable: below 251 the number itself, else 251, 252, 253 and the number in 2, 4, 8 bytes, the
// fewest that hold it.
func unsigned(u uint64, width int) wire {
	low := binary.LittleEndian.AppendUint64(nil, u)
	switch {
	case u < 251:
		return wire{low[:width], low[:1]}
	case u < 1<<16:
		return wire{low[:width], append([]byte{251}, low[:2]...)}
	case u < 1<<32:
		return wire{low[:width], append([]byte{252}, low[:4]...)}
	}
	return wire{low[:width], append([]byte{253}, low...)}
}

// signed is two's complement in the one, and in the other 2i for i ≥ 0 and 2|i| − 1 below, then
// as unsigned.
func signed(i int64, width int) wire {
	folded := 2 * uint64(i)
	if i < 0 {
		folded = 2*uint64(-i) - 1
	}
	return wire{unsigned(uint64(i), width).one, unsigned(folded, 8).two}
}

// length is u64, variant is u32, text is its length in bytes and these.
func length(n uint64) wire  { return unsigned(n, 8) }
func variant(n uint64) wire { return unsigned(n, 4) }
func text(s string) wire    { return join(length(uint64(len(s))), raw([]byte(s)...)) }

// wide is an integer of 128 bits in hexadecimal, lowest byte first, with what comes before the
// variable form.
func wide(one, two string) wire {
	a, errA := hex.DecodeString(one)
	b, errB := hex.DecodeString(two)
	if errA != nil || errB != nil {
		panic("a vector is not hexadecimal")
	}
	return wire{a, b}
}

func float(f float64) wire { return raw(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))...) }

const none8, ones8 = "0000000000000000", "ffffffffffffffff" // 8 bytes

var derived = map[string]wire{
	"u8:255": raw(255), "i8:-1": raw(255), // a byte is a byte
	"usize:300": unsigned(300, 8), "isize:-300": signed(-300, 8), // as u64, i64
	"u128:250": wide("fa00000000000000"+none8, "fa"), "u128:2^64": wide(none8+"0100000000000000", "fe"+none8+"0100000000000000"),
	"u128:max": wide(ones8+ones8, "fe"+ones8+ones8), "i128:-1": wide(ones8+ones8, "01"), // 2·1 − 1
	"i128:min":  wide(none8+"0000000000000080", "fe"+ones8+ones8),               // 2·2¹²⁷ − 1
	"i128:2^64": wide(none8+"0100000000000000", "fe"+none8+"0200000000000000"),  // 2⁶⁵
	"bool:true": raw(1), "bool:false": raw(0), "f32:1.5": raw(0, 0, 0xc0, 0x3f), // 1.5 = 1.1₂ · 2⁰: sign 0, exponent 127, fraction .1
	"f64:-0.1": float(-.1), "f64:nan": raw(1, 0, 0, 0, 0, 0, 0xf8, 0x7f),
	"char:97": raw([]byte("a")...), "char:233": raw([]byte("é")...), "char:8364": raw([]byte("€")...), "char:128512": raw([]byte("😀")...), "char:0": raw(0), // UTF-8, no length
	"string:Hello": text("Hello"), "string:empty": text(""), "string:é": text("é"), "string:300a": text(strings.Repeat("a", 300)),
	"bytes:010203": join(length(3), raw(1, 2, 3)),
	"vec<u32>":     join(length(3), unsigned(1, 4), unsigned(300, 4), unsigned(70000, 4)),
	"vec<f64>":     join(length(2), float(1), float(2)), "vec<string>": join(length(2), text("a"), text("bc")),
	"array<u8,5>": raw(10, 20, 30, 40, 50), "array<u16,2>": join(unsigned(1, 2), unsigned(300, 2)), // no length
	"option:none": raw(0), "option:123": join(raw(1), unsigned(123, 4)), "option:some-none": raw(1, 0), // the tag is a byte in both
	"point":       join(signed(-1, 4), signed(300, 4)),
	"shape:empty": variant(0), "shape:circle": join(variant(1), unsigned(7, 4)), "color:green": variant(1),
	"shape:rect": join(variant(2), unsigned(1, 2), unsigned(300, 2)), "shape:pair": join(variant(3), raw(9), text("z")),
	"map<string,string>": join(length(3), text("a"), text("1"), text("aa"), text("3"), text("b"), text("2")), // in order of the keys
	"map<i32,bool>":      join(length(3), signed(-3, 4), raw(0), signed(0, 4), raw(1), signed(5, 4), raw(1)),
	"tuple":              join(unsigned(0, 4), signed(math.MaxInt32, 4)), "unit": raw(),
	"mixed": join(
		raw(1), raw(200), raw(254), unsigned(1000, 2), signed(-1000, 2), unsigned(100000, 4), signed(-100000, 4),
		unsigned(1<<40, 8), signed(-(1<<40), 8), raw(0, 0, 0, 0x3f), float(3.25), text("héllo"),
		length(3), raw(0, 255, 7), length(5), signed(-1, 8), signed(0, 8), signed(1, 8), signed(1000, 8), signed(-70000, 8),
		unsigned(1, 2), unsigned(251, 2), unsigned(65535, 2), raw(0), raw(1), unsigned(42, 4),
		length(2), text("x"), text(""), length(3), text("a"), text("1"), text("aa"), text("3"), text("b"), text("2"),
		length(2), signed(1, 4), signed(2, 4), signed(-3, 4), signed(4, 4),
		length(4), variant(1), unsigned(1, 4), variant(0), variant(3), raw(3), text("p"), variant(2), unsigned(4, 2), unsigned(5, 2),
		variant(1), raw([]byte("€")...), length(3), signed(-3, 4), raw(0), signed(0, 4), raw(1), signed(5, 4), raw(1)),
}

// number derives a vector whose name is all of it: u16:251, i64:-1.
func number(name string) (wire, bool) {
	kind, digits, _ := strings.Cut(name, ":")
	width := map[string]int{"16": 2, "32": 4, "64": 8}[kind[1:]]
	if width == 0 {
		return wire{}, false
	}
	if u, err := strconv.ParseUint(digits, 10, 8*width); err == nil && kind[0] == 'u' {
		return unsigned(u, width), true
	}
	i, err := strconv.ParseInt(digits, 10, 8*width)
	return signed(i, width), err == nil && kind[0] == 'i'
}

// TestVectorsFollowTheSpecification holds the vectors of testdata to what the rules give.
func TestVectorsFollowTheSpecification(t *testing.T) {
	file, err := os.Open("testdata/rust-vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen := 0
	for scan := bufio.NewScanner(file); scan.Scan(); seen++ {
		word := strings.Fields(scan.Text())
		want, ok := derived[word[0]]
		if !ok {
			want, ok = number(word[0])
		}
		if one, two := hex.EncodeToString(want.one), hex.EncodeToString(want.two); !ok || one != strings.Trim(word[1], "-") || two != strings.Trim(word[2], "-") {
			t.Errorf("%s: the file has %s and %s; the rules give %s and %s", word[0], word[1], word[2], one, two)
		}
	}
	if seen != len(vectors) {
		t.Errorf("%d vectors in the file, %d here", seen, len(vectors))
	}
}

// TestPublishedExamples has the examples of docs/spec.md of bincode 2.0.1 with their bytes, all
// of config::legacy().
func TestPublishedExamples(t *testing.T) {
	type some struct { // enum SomeEnum { A, B(u32), C { value: u32 } }
		codec.Enum
		A *struct{}
		B *uint32
		C *struct{ Value uint32 }
	}
	type foo struct{ First, Second uint8 }
	check := func(v any, want ...byte) {
		t.Helper()
		have, err := codec.Bincode1{}.Append(nil, v)
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%+v: have %v, %v; want %v", v, have, err, want)
		}
	}
	check(&struct {
		A uint32
		B int32
	}{0, math.MaxInt32}, 0, 0, 0, 0, 255, 255, 255, 127)
	check(&some{A: &struct{}{}}, 0, 0, 0, 0)
	check(&some{B: ptr(uint32(0))}, 1, 0, 0, 0, 0, 0, 0, 0)
	check(&some{C: &struct{ Value uint32 }{0}}, 2, 0, 0, 0, 0, 0, 0, 0)
	check(ptr(ptr(uint32(123))), 1, 123, 0, 0, 0)
	check(ptr((*uint32)(nil)), 0)
	check(&[]uint8{0, 1, 2}, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2)
	check(ptr("Hello"), 5, 0, 0, 0, 0, 0, 0, 0, 'H', 'e', 'l', 'l', 'o')
	check(&[5]uint8{10, 20, 30, 40, 50}, 10, 20, 30, 40, 50)
	check(&[2]foo{{10, 20}, {30, 40}}, 10, 20, 30, 40)
}
