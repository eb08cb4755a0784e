package codec

import (
	"errors"
	"fmt"
	"strings"
)

// Codec turns values into bytes and back. Implementations are safe for
// concurrent use.
type Codec interface {
	// Name is the wire format, in lower case without spaces: "bincode2",
	// "json+zstd". It is fit for a benchmark key and a configuration value.
	Name() string

	// Append appends the encoding of v to dst and returns the extended slice.
	// Pass a pointer: it spares the copy that boxing a value costs, and the
	// pointer itself is not encoded. On error it returns dst unchanged in
	// length, and an *Error.
	Append(dst []byte, v any) ([]byte, error)

	// Decode reads one value from the whole of src into v, a non-nil pointer.
	// Bytes left over are an error. The value keeps no reference to src, so the
	// caller may overwrite src at once. Slices, maps and pointers that v
	// already holds may be reused; decode into a zero value to get fresh ones.
	// After an *Error, what v holds is unspecified.
	Decode(src []byte, v any) error
}

// The kinds of failure, for errors.Is.
var (
	// ErrType means that the Go type has no encoding: a programming error.
	ErrType = errors.New("type cannot be encoded")
	// ErrValue means that this value has no encoding, though its type has one:
	// a string that is not UTF-8, an Enum without a variant, a cycle.
	ErrValue = errors.New("value cannot be encoded")
	// ErrInput means that the bytes are not an encoding of the wanted type.
	ErrInput = errors.New("malformed input")
	// ErrLimit means that decompressed input would be larger than allowed.
	ErrLimit = errors.New("input too large")
)

// Error says what could not be encoded or decoded, where, and why.
type Error struct {
	Codec  string // Codec.Name
	Op     string // "encode" or "decode"
	Type   string // Go type of the whole value
	Field  string // path inside the value, as in "Items[].Name"; empty for the whole
	Offset int    // byte of the input where decoding stopped; -1 when unknown or encoding
	Kind   error  // ErrType, ErrValue, ErrInput or ErrLimit
	Reason error  // what is wrong, and what would be right
}

// Error names codec, operation, type, field and offset before the reason.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", e.Codec, e.Op, e.Type)
	if e.Field != "" {
		fmt.Fprintf(&b, " field %s", e.Field)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " at byte %d", e.Offset)
	}
	fmt.Fprintf(&b, ": %v", e.Reason)
	return b.String()
}

// Unwrap returns the kind and the reason.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Reason} }
