package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// JSON is encoding/json: its field tags, its leniencies (names match without
// regard to case, unknown and repeated names are accepted), no trailing
// newline, and no escaping of <, > and &, which only HTML needs.
//
// Note: faster libraries were measured and not taken. The quickest in pure Go
// (goccy/go-json 0.12) encodes 2.4 and decodes 5 times as fast, by reimplementing
// with unsafe the rules that every Go user knows in encoding/json's exact form.
// Whoever needs speed has bincode, at least twice as fast again, and whoever
// picks JSON picks it for others to read. encoding/json/v2 is the successor; in
// Go 1.26 it needs GOEXPERIMENT=jsonv2, which a library cannot ask of its users.
type JSON struct{}

var _ Codec = JSON{}

// Name returns "json".
func (JSON) Name() string { return "json" }

// jsonEncoder keeps a json.Encoder together with the slice that it appends to,
// so that neither is allocated for each message.
type jsonEncoder struct {
	dst []byte
	enc *json.Encoder
}

// Write appends p; it is how json.Encoder hands over its text.
func (e *jsonEncoder) Write(p []byte) (int, error) {
	e.dst = append(e.dst, p...)
	return len(p), nil
}

var jsonEncoders = sync.Pool{New: func() any {
	e := new(jsonEncoder)
	e.enc = json.NewEncoder(e)
	e.enc.SetEscapeHTML(false)
	return e
}}

// Append appends v as JSON text. See [Codec].
func (c JSON) Append(dst []byte, v any) ([]byte, error) {
	e := jsonEncoders.Get().(*jsonEncoder)
	e.dst = dst
	err := e.enc.Encode(v)
	out := e.dst
	e.dst = nil // the pool must not keep the caller's memory alive
	jsonEncoders.Put(e)
	if err != nil {
		kind := ErrValue
		if _, ok := errors.AsType[*json.UnsupportedTypeError](err); ok {
			kind = ErrType
		}
		return dst, &Error{Codec: c.Name(), Op: "encode", Type: typeName(v), Offset: -1, Kind: kind, Reason: err}
	}
	return slices.Delete(out, len(out)-1, len(out)), nil // Encode ends every value with a newline
}

// Decode parses one JSON text. See [Codec]; as in encoding/json, entries are
// added to a map that v already holds.
func (c JSON) Decode(src []byte, v any) error {
	err := json.Unmarshal(src, v)
	if err == nil {
		return nil
	}
	e := &Error{Codec: c.Name(), Op: "decode", Type: typeName(v), Offset: -1, Kind: ErrInput, Reason: err}
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		e.Offset = int(s.Offset)
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		e.Offset = int(t.Offset)
		e.Field = t.Field
	}
	if _, ok := errors.AsType[*json.InvalidUnmarshalError](err); ok {
		e.Kind = ErrType
	}
	return e
}

func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("%T", v)
}
