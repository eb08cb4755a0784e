package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"time"

	"github.com/bytedance/sonic"
	sonicencoder "github.com/bytedance/sonic/encoder"
	json2 "github.com/go-json-experiment/json"
	goccy "github.com/goccy/go-json"
	segmentio "github.com/segmentio/encoding/json"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// format is one way to turn a value into bytes and back, in one process.
type format struct {
	name string
	json bool // a whole JSON library
	// encode appends v, a pointer, to dst in the way that its library has for memory that is
	// used again.
	encode func(dst []byte, v any) ([]byte, error)
	// decode reads src into v, which keeps no reference to src.
	decode func(src []byte, v any) error
}

// formats returns the codecs of pkg/ipc and the libraries that they are measured beside.
// encoding-json is what a program calls that has not looked further, as in bench; the others are
// as fast as their settings make them while they read any JSON: what HTML needs is not escaped,
// and names of maps are sorted only where that cannot be turned off (encoding/json) or the
// format asks for it (ours). Each has its own state.
func formats() []format {
	all := []format{
		{"encoding-json", true, func(_ []byte, v any) ([]byte, error) { return json.Marshal(v) }, json.Unmarshal},
		{"encoding-json-kept", true, streaming(func(b *bytes.Buffer) encoder {
			e := json.NewEncoder(b)
			e.SetEscapeHTML(false)
			return e.Encode
		}), json.Unmarshal},
		{"json-v2", true, streaming(func(b *bytes.Buffer) encoder {
			return func(v any) error { return json2.MarshalWrite(b, v) }
		}), func(src []byte, v any) error { return json2.Unmarshal(src, v) }},
		{"goccy", true, streaming(func(b *bytes.Buffer) encoder {
			e := goccy.NewEncoder(b)
			e.SetEscapeHTML(false)
			return func(v any) error { return e.EncodeWithOption(v, goccy.UnorderedMap()) }
		}), goccy.Unmarshal},
		{"sonic", true, func(dst []byte, v any) ([]byte, error) {
			err := sonicencoder.EncodeInto(&dst, v, 0)
			return dst, err
		}, sonic.Unmarshal},
		{"segmentio", true, func(dst []byte, v any) ([]byte, error) { return segmentio.Append(dst, v, 0) }, segmentio.Unmarshal},
	}
	for _, c := range []codec.Codec{codec.JSON{}, codec.Bincode1{}, codec.Bincode2{}} {
		all = append(all, format{"ours-" + c.Name(), false, c.Append, c.Decode})
	}
	return all
}

// encoder writes a value to where it was made to.
type encoder func(v any) error

// streaming makes encode of what writes to a buffer. dst's memory is the buffer's for the time.
func streaming(over func(*bytes.Buffer) encoder) func(dst []byte, v any) ([]byte, error) {
	var b bytes.Buffer
	write := over(&b)
	return func(dst []byte, v any) ([]byte, error) {
		b = *bytes.NewBuffer(dst)
		err := write(v)
		return b.Bytes(), err
	}
}

// encoded is a format on a payload, in one round.
type encoded struct {
	encode, decode float64 // ns a value
	bytes          int
}

// measure encodes p's value for d and decodes it, into fresh values, for d. The value must come
// back as it was.
func (f format) measure(p payload, d time.Duration) (encoded, error) {
	text, err := f.encode(nil, p.value)
	if err != nil {
		return encoded{}, fmt.Errorf("%s encodes %s: %w", f.name, p.name, err)
	}
	back := p.fresh()
	if err := f.decode(text, back); err != nil {
		return encoded{}, fmt.Errorf("%s decodes %s: %w", f.name, p.name, err)
	}
	if !reflect.DeepEqual(back, p.value) {
		return encoded{}, fmt.Errorf("%s: %s comes back as %+v", f.name, p.name, back)
	}
	e := encoded{bytes: len(text)}
	if f.json && bytes.HasSuffix(text, []byte("\n")) {
		e.bytes-- // streams end values so
	}
	buf := text
	if e.encode, err = each(d, func() (err error) {
		buf, err = f.encode(buf[:0], p.value)
		return err
	}); err != nil {
		return e, err
	}
	text = append([]byte(nil), buf...)
	e.decode, err = each(d, func() error { return f.decode(text, p.fresh()) })
	return e, err
}

// each repeats do for d and returns the time of one in nanoseconds.
func each(d time.Duration, do func() error) (float64, error) {
	runtime.GC() // the garbage of others is not on this one's bill
	n, batch := 0, 1
	for start := time.Now(); ; {
		for range batch {
			if err := do(); err != nil {
				return 0, err
			}
		}
		n += batch
		took := time.Since(start)
		if took >= d {
			return float64(took) / float64(n), nil
		}
		batch = max(1, min(n, int(float64(n)*float64(d-took)/float64(took+1))))
	}
}
