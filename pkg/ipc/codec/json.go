package codec

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSON has the semantics of encoding/json/v2, the standard library's package from
// Go 1.27 on. Two of its choices are made the other way: the names of a map are
// sorted, so that equal values have equal bytes, and a nil slice or map is null
// and comes back nil. The package comment lists what differs from encoding/json.
//
// Note: the implementation is github.com/go-json-experiment/json, in which v2 was
// written and which mirrors it: it needs no GOEXPERIMENT with Go 1.26, uses no
// unsafe, and with Go 1.27 and later it is an alias of the standard library's.
// The libraries that are faster (segmentio/encoding, goccy/go-json, bytedance/sonic)
// reimplement the first encoding/json with unsafe or code generated at run time,
// with its leniencies towards repeated names and invalid UTF-8.
// `go run . -only codec` in bench/peers measures all of them beside this one.
type JSON struct{}

var _ Codec = JSON{}

var jsonOptions = json.JoinOptions(
	json.Deterministic(true),
	json.FormatNilSliceAsNull(true),
	json.FormatNilMapAsNull(true),
)

// Name returns "json".
func (JSON) Name() string { return "json" }

var jsonBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Append appends v as JSON text, without a newline and without escapes that only
// HTML needs. See [Codec].
func (c JSON) Append(dst []byte, v any) ([]byte, error) {
	b := jsonBuffers.Get().(*bytes.Buffer)
	*b = *bytes.NewBuffer(dst)
	err := json.MarshalWrite(b, v, jsonOptions)
	out := b.Bytes()
	*b = bytes.Buffer{} // the pool must not keep the caller's memory alive
	jsonBuffers.Put(b)
	if err == nil {
		return out, nil
	}
	e := c.fault("encode", v, ErrValue, err)
	e.Offset = -1
	if s, ok := errors.AsType[*json.SemanticError](err); ok && s.Err == nil {
		e.Kind = ErrType // there is nothing to say but that this type cannot be
	}
	return dst, e
}

// Decode parses one JSON text. See [Codec]; entries are added to a map that v
// already holds, and fields that the text does not name are left as they are.
func (c JSON) Decode(src []byte, v any) error {
	err := json.Unmarshal(src, v, jsonOptions)
	if err == nil {
		return nil
	}
	if p := reflect.ValueOf(v); p.Kind() != reflect.Pointer || p.IsNil() {
		e := c.fault("decode", v, ErrType, err)
		e.Offset = -1
		return e
	}
	return c.fault("decode", v, ErrInput, err)
}

// fault returns err with where in the text it is.
func (c JSON) fault(op string, v any, kind, err error) *Error {
	e := &Error{Codec: c.Name(), Op: op, Type: typeName(v), Offset: -1, Kind: kind, Reason: err}
	var at jsontext.Pointer
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e.Offset, at = int(s.ByteOffset), s.JSONPointer
	}
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		e.Offset, at = int(s.ByteOffset), s.JSONPointer
	}
	var path []string
	for name := range at.Tokens() {
		if len(path) == maxPath { // of a cycle, it is as long as the nesting allows
			path[maxPath-1] = "…"
			break
		}
		path = append(path, name)
	}
	e.Field = strings.Join(path, ".")
	return e
}

// maxPath is how many names of a path an error shows.
const maxPath = 32

// typeName returns the name of v's type.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("%T", v)
}
