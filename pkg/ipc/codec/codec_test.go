package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// TestCodecsKeepTheirPromises holds every codec to what the interface promises.
func TestCodecsKeepTheirPromises(t *testing.T) {
	for _, c := range codecs() {
		check := func(v, back any) {
			t.Helper()
			dst := append(make([]byte, 0, 6), "before"...)
			out, err := c.Append(dst, v)
			if err != nil {
				t.Fatalf("%s: %v", c.Name(), err)
			}
			src, ok := bytes.CutPrefix(out, []byte("before"))
			if !ok {
				t.Fatalf("%s: Append wrote over what was there: %q", c.Name(), out)
			}
			if byValue, err := c.Append(nil, reflect.ValueOf(v).Elem().Interface()); err != nil || !bytes.Equal(byValue, src) {
				t.Errorf("%s: a value and a pointer to it encode differently (%v)", c.Name(), err)
			}
			if err := c.Decode(src, back); err != nil {
				t.Fatalf("%s: %v", c.Name(), err)
			}
			clear(out) // the value must not point into the input
			if !reflect.DeepEqual(v, back) {
				t.Errorf("%s: have %+v; want %+v", c.Name(), back, v)
			}
		}
		for _, s := range sizes() {
			check(s.value, s.fresh())
		}
		large := []string{strings.Repeat("a long string is copied by itself ", 100), "short"}
		check(&large, new([]string))
		for _, bad := range []string{"", "\x00garbage", "{\"seq\":"} {
			fault(t, c.Decode([]byte(bad), new(message)), codec.ErrInput, c.Name()[:4])
		}
	}
}

func TestNames(t *testing.T) {
	have := []string{}
	for _, c := range codecs() {
		have = append(have, c.Name())
	}
	want := []string{"json", "bincode1", "bincode2", "json+s2", "json+zstd", "bincode1+s2", "bincode2+zstd"}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("have %q; want %q", have, want)
	}
	if name := codec.S2(nil, 0).Name(); name != "json+s2" {
		t.Errorf("have %q for no inner codec; want json+s2", name)
	}
}

// TestNamesHaveCodecs: a configuration takes the names that have a codec, and no other.
func TestNamesHaveCodecs(t *testing.T) {
	for _, name := range codec.Names() {
		if c, err := codec.ByName(name, 0); err != nil || c.Name() != name {
			t.Errorf("the codec named %q: %v, %v", name, c, err)
		}
	}
	for _, name := range []string{"xml", "JSON", " json", "json ", "json+", "+s2", "s2", "json+gzip", "json+s2+zstd", "+", "bincode"} {
		c, err := codec.ByName(name, 0)
		if c != nil || err == nil || !strings.Contains(err.Error(), strconv.Quote(name)) || !strings.Contains(err.Error(), strings.Join(codec.Names(), ", ")) {
			t.Errorf("the codec named %q: %v, %v", name, c, err)
		}
	}
	if c, err := codec.ByName("", 0); err != nil || c != (codec.JSON{}) {
		t.Errorf("without a name: %v, %v", c, err)
	}
	c, err := codec.ByName("json+zstd", 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Append(nil, strings.Repeat("x", 200)); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("200 bytes with a limit of 100: %v", err)
	}
}

func TestJSONFaultsNameTheirPlace(t *testing.T) {
	out, err := codec.JSON{}.Append(nil, map[string]string{"a": "<&>"})
	if err != nil || string(out) != `{"a":"<&>"}` {
		t.Errorf("have %q, %v; want no newline and no escapes", out, err)
	}
	e := fault(t, codec.JSON{}.Decode([]byte(`{"seq": "x"}`), new(message)), codec.ErrInput, "field seq")
	if e.Offset != 8 { // where "x" begins
		t.Errorf("have offset %d; want 8", e.Offset)
	}
	fault(t, codec.JSON{}.Decode([]byte(`{"readings":[{},{"id":-1}]}`), new(message)), codec.ErrInput, "field readings.1.id")
	fault(t, codec.JSON{}.Decode([]byte(`{} {}`), new(message)), codec.ErrInput, "byte")
	fault(t, codec.JSON{}.Decode([]byte(`{}`), nil), codec.ErrType, "json decode nil")
	fault(t, codec.JSON{}.Decode([]byte(`{}`), message{}), codec.ErrType, "non-nil pointer")
	_, err = codec.JSON{}.Append(nil, func() {})
	fault(t, err, codec.ErrType, "func()")
	_, err = codec.JSON{}.Append([]byte("kept"), math.NaN())
	fault(t, err, codec.ErrValue)
	type node struct{ Next *node }
	cycle := new(node)
	cycle.Next = cycle
	_, err = codec.JSON{}.Append(nil, cycle)
	if e := fault(t, err, codec.ErrValue, "cycle"); len(e.Field) > 200 {
		t.Errorf("a path of %d bytes", len(e.Field))
	}
}

// TestJSONIsAsDocumented holds the codec to what the package comment says of it and
// encoding/json: old is what that reads or writes.
func TestJSONIsAsDocumented(t *testing.T) {
	type list struct {
		Nil, Empty []int
		Map        map[string]int
		ID         [3]byte
		None       struct{} `json:",omitempty"`
	}
	writes := func(v any, want, old string) {
		t.Helper()
		have, err := codec.JSON{}.Append(nil, v)
		was, oldErr := json.Marshal(v)
		var wasValue, oldValue any // it may escape what it likes
		if json.Unmarshal(was, &wasValue) != nil || json.Unmarshal([]byte(old), &oldValue) != nil {
			t.Fatalf("%+v: encoding/json writes %s, %v; want %s", v, was, oldErr, old)
		}
		if string(have) != want || (err == nil) != (want != "") || !reflect.DeepEqual(wasValue, oldValue) {
			t.Errorf("%+v: have %s, %v; want %s. encoding/json: have %s, %v; want %s", v, have, err, want, was, oldErr, old)
		}
	}
	writes(list{Empty: []int{}}, `{"Nil":null,"Empty":[],"Map":null,"ID":"AAAA"}`, `{"Nil":null,"Empty":[],"Map":null,"ID":[0,0,0],"None":{}}`)
	writes(map[string]int{"b": 1, "a": 2, "c": 3}, `{"a":2,"b":1,"c":3}`, `{"a":2,"b":1,"c":3}`)
	writes("\xff", "", `"\ufffd"`)
	writes(time.Second, "", "1000000000")
	reads := func(text string, want, old small) {
		t.Helper()
		var have, was small
		err, oldErr := codec.JSON{}.Decode([]byte(text), &have), json.Unmarshal([]byte(text), &was)
		if refused := want == (small{}); refused != (err != nil) || !refused && have != want || oldErr != nil || was != old {
			t.Errorf("%s: have %+v, %v; want %+v. encoding/json: have %+v, %v; want %+v", text, have, err, want, was, oldErr, old)
		}
	}
	reads(`{"seq":1,"more":2}`, small{Seq: 1}, small{Seq: 1})
	reads(`{"Seq":1,"kind":2}`, small{Kind: 2}, small{Seq: 1, Kind: 2})
	reads(`{"seq":1,"seq":2}`, small{}, small{Seq: 2})
	reads("{\"name\":\"\xff\"}", small{}, small{Name: "\ufffd"})
	var pair [2]int
	fault(t, codec.JSON{}.Decode([]byte("[1,2,3]"), &pair), codec.ErrInput, "too many")
}

// TestExpansionIsLimited sends much that compresses to little.
func TestExpansionIsLimited(t *testing.T) {
	const limit = 1 << 20
	type wrap func(codec.Codec, int) codec.Codec
	check := func(squeeze wrap) {
		t.Helper()
		narrow, wide := squeeze(codec.JSON{}, limit), squeeze(codec.JSON{}, 16*limit)
		fits, bomb := strings.Repeat("a", limit-2), strings.Repeat("a", 10*limit) // two quotes make up the limit
		src, err := narrow.Append(nil, &fits)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := narrow.Decode(src, &back); err != nil || back != fits {
			t.Errorf("%s: a message of exactly the limit: %v", narrow.Name(), err)
		}
		if src, err = wide.Append(nil, &bomb); err != nil || len(src) > limit {
			t.Fatalf("%s: %d bytes, %v", wide.Name(), len(src), err)
		}
		fault(t, narrow.Decode(src, &back), codec.ErrLimit, "limit", fmt.Sprint(limit))
		_, err = narrow.Append(nil, &bomb)
		fault(t, err, codec.ErrLimit, "before compression")
	}
	check(codec.S2)
	check(codec.Zstd)
	// An S2 header alone that claims 2³²−1 bytes.
	fault(t, codec.S2(nil, limit).Decode([]byte("\xff\xff\xff\xff\x0f"), new(string)), codec.ErrLimit, "4294967295")
}
