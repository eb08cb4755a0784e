package codec_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	json2 "github.com/go-json-experiment/json"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// plain has every kind but maps, whose entries may come in any order.
type plain struct {
	OK    bool
	A     uint8
	B     int8
	C     uint16
	D     int32
	E     uint64
	F     float64
	W     codec.U128
	I     codec.I128
	S     string
	Raw   []byte
	Nums  []int16
	Wide  []uint64
	Arr   [2]bool
	Opt   **uint32
	Ch    codec.Char
	Kinds []shape
	Self  []plain
}

func seeds(f *testing.F, c codec.Codec, values ...any) {
	for _, v := range values {
		src, err := c.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
}

func somePlain() *plain {
	return &plain{
		OK: true, C: 251, D: -126, E: 1 << 32, F: 0.1, W: codec.U128{Hi: 1}, I: codec.I128{Lo: 1, Hi: -1}, S: "é", Raw: []byte{1},
		Nums: []int16{-1, 300}, Wide: []uint64{7}, Opt: ptr(ptr(uint32(9))), Ch: '€', Kinds: []shape{circle(1), pairOf(2, "b"), rect(3, 4)},
		Self: []plain{{Ch: 'x'}},
	}
}

// FuzzBincode: any bytes are an error, or a value that encodes to these bytes.
func FuzzBincode(f *testing.F) {
	seeds(f, codec.Bincode1{}, somePlain(), &plain{})
	seeds(f, codec.Bincode2{}, somePlain(), &plain{})
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
			var v plain
			if err := c.Decode(src, &v); err != nil {
				fault(t, err, codec.ErrInput)
				continue
			}
			if have, err := c.Append(nil, &v); err != nil || !bytes.Equal(have, src) {
				t.Errorf("%s: decodes, and encodes to %x, %v", c.Name(), have, err)
			}
		}
	})
}

// FuzzBincodeMaps: any bytes are an error, or a value that encodes to as many
// bytes, which decode to a value with that same encoding.
func FuzzBincodeMaps(f *testing.F) {
	type maps struct {
		A map[string]string
		B map[int16][]map[bool]string
		C map[uint64]struct{}
	}
	some := &maps{map[string]string{"b": "1", "a": ""}, map[int16][]map[bool]string{-5: {{true: "x", false: "y"}}, 300: nil}, map[uint64]struct{}{1: {}, 1 << 40: {}}}
	seeds(f, codec.Bincode1{}, some, &maps{})
	seeds(f, codec.Bincode2{}, some, &maps{})
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
			var v, again maps
			if err := c.Decode(src, &v); err != nil {
				fault(t, err, codec.ErrInput)
				continue
			}
			first, err := c.Append(nil, &v)
			if err != nil || len(first) != len(src) {
				t.Fatalf("%s: decodes, and encodes to %x, %v", c.Name(), first, err)
			}
			if err := c.Decode(first, &again); err != nil {
				t.Fatalf("%s: refuses what it wrote: %v", c.Name(), err)
			}
			if second, err := c.Append(nil, &again); err != nil || !bytes.Equal(first, second) {
				t.Errorf("%s: %x becomes %x, %v", c.Name(), first, second, err)
			}
		}
	})
}

// FuzzText: what JSON accepts, compressed or not, survives a second trip. (JSON
// itself is not canonical: blanks, order of names and repeated names are free.)
func FuzzText(f *testing.F) {
	m, limit := mixed(2), 1<<20
	formats := []codec.Codec{codec.JSON{}, codec.S2(nil, limit), codec.Zstd(nil, limit)}
	for _, c := range formats {
		seeds(f, c, &m, &message{})
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, c := range formats {
			var v, again message
			if err := c.Decode(src, &v); err != nil {
				continue
			}
			first, err := c.Append(nil, &v)
			if err != nil {
				t.Fatalf("%s: %+v decodes and does not encode: %v", c.Name(), v, err)
			}
			if err := c.Decode(first, &again); err != nil {
				t.Fatalf("%s: refuses what it wrote: %v", c.Name(), err)
			}
			if !reflect.DeepEqual(v, again) {
				t.Errorf("%s: %+v becomes %+v", c.Name(), v, again)
			}
		}
	})
}

// FuzzJSON: what the codec reads, encoding/json reads as the same value, for v2
// is the stricter of the two; and what the codec writes of it, likewise.
func FuzzJSON(f *testing.F) {
	m := mixed(2)
	seeds(f, codec.JSON{}, &m, &message{})
	f.Add([]byte(`{"seq":1e2,"scores":[1e400],"labels":{"a":"\ud83d\ude00"},"reply":{"status":null},"readings":[null]}`))
	f.Add([]byte(`{"Seq":1,"seq":2,"codes":[-0,1.0],"tags":["\ud800"]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		var have message
		if (codec.JSON{}).Decode(src, &have) != nil {
			return
		}
		same := func(text []byte) {
			t.Helper()
			var want message
			if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("%s is read as %+v; encoding/json reads %+v, %v", text, have, want, err)
			}
		}
		var folded message // encoding/json takes names in any case
		if json2.Unmarshal(src, &folded, json2.MatchCaseInsensitiveNames(true)) == nil && reflect.DeepEqual(have, folded) {
			same(src)
		}
		text, err := codec.JSON{}.Append(nil, &have)
		if err != nil {
			t.Fatalf("%+v decodes and does not encode: %v", have, err)
		}
		same(text)
	})
}
