// Package codec turns messages into bytes and back, in formats that other
// languages read.
//
//	JSON{}         JSON as encoding/json/v2 has it; for whoever else looks at it
//	Bincode1{}     Rust's bincode 1 (serialize and deserialize), byte for byte
//	Bincode2{}     Rust's bincode 2 (standard configuration), byte for byte; the smaller
//	S2(c, n)       codec c compressed with S2, expanding to at most n bytes
//	Zstd(c, n)     codec c compressed with Zstandard, likewise
//
// Every one is a [Codec]. Compression pays for batches, not for single small
// messages. A message is the whole of the bytes: framing is the transport's.
//
// # JSON: what differs from encoding/json
//
// The semantics are those of encoding/json/v2. Of the first encoding/json's rules
// and leniencies these are gone:
//
//   - a name matches a field in its exact case, or with the field's tag `case:ignore`; in
//     another it is unknown, and unknown names are passed over as ever;
//   - a name twice in an object is refused (the last one won);
//   - a string that is not UTF-8 is refused, when written and when read (U+FFFD took the place
//     of bad bytes);
//   - an array of another length than the Go array is refused (cut, or filled with zeros), and a
//     [N]byte is base64 as []byte is (a list of numbers);
//   - `omitempty` leaves out what is null, "", [] or {} in JSON; for zero in Go there is
//     `omitzero`;
//   - a time.Duration is refused (a number of nanoseconds): send a number, or a type that writes
//     itself;
//   - keys of maps are strings, numbers, or write themselves as text;
//   - two fields of one name, and malformed tags, are errors (and were passed over).
//
// As in encoding/json and unlike v2's defaults, the names of a map are sorted, and
// a nil slice or map is null. Methods MarshalJSON, MarshalText and their opposites
// are called as ever.
//
// # Bincode: how Go types map to Rust types
//
//	bool, uint8 … uint64, int8 … int64   the same, u8 … u64, i8 … i64
//	uint, int                            u64 and usize, i64 and isize
//	float32, float64                     f32, f64, bit for bit, NaN included
//	U128, I128                           u128, i128
//	Char                                 char (rune is i32)
//	string                               String, &str; must be UTF-8
//	[]T, [N]T                            Vec<T>, [T; N] and tuples of N equal types
//	*T                                   Option<T>; the value passed to Append and Decode: T
//	map[K]V, map[K]struct{}              BTreeMap, HashMap; BTreeSet, HashSet (K: integer, bool,
//	                                     string)
//	struct                               struct or tuple: the exported fields in order
//	struct{}                             ()
//	struct embedding [Enum]              enum with content
//	a type on uint32                     enum without content (an unknown number is not noticed)
//
// A field tagged `bincode:"-"` is left out of the encoding and left alone by
// Decode; another unexported field is an error, not a silent loss. Interfaces,
// functions, channels, complex numbers and keys of other types have no
// counterpart and are an *Error of kind [ErrType], on the first use of the type. Rust's
// Box<T> is T.
//
// # Bincode: what is accepted
//
// Every value has one encoding, and Decode accepts no other, so that what it
// accepts encodes to the same bytes again. Where that is stricter than Rust:
//
//   - an integer of bincode 2 in a longer form than needed is refused (Rust reads it, and never
//     writes it);
//   - bytes after the value are refused (Rust ignores them, or says how many it read);
//   - a key twice in a map is refused (Rust keeps the last).
//
// As in Rust, a bool or an Option tag other than 0 and 1, an unknown variant, an
// integer too large for its type, a string that is not UTF-8 and a char that is
// not a scalar value are refused. One freedom remains: the entries of a map are
// read in any order and written in the order of their keys, so a map from a
// HashMap encodes to the same bytes in another order.
//
// A length is believed only as far as the bytes that follow could hold it,
// together with every other length still open; so the memory that a message can
// take is its size times the memory that its types take for a byte (8 for a list
// of small int64 in bincode 2), whatever it claims. Nesting ends at 1,000 levels.
//
// # Speed
//
// A type is compiled once to a list of steps (what, at which offset), which is then run without
// reflection; encoding into a buffer with room allocates nothing. (Room is counted generously, 9
// bytes for every number and length: an exact fit may be moved to a larger buffer.) Decoded
// strings up to 256 bytes share blocks of 2 KiB: keeping one keeps its block.
//
// # Fuzzing
//
// The tests run the fuzz targets on their seeds only. To look for more, one target at a time:
//
//	go test ./pkg/ipc/codec -run '^$' -fuzz '^FuzzBincode$' -fuzztime 60s
//
// and likewise FuzzBincodeMaps, FuzzText and FuzzJSON. A finding names an input and leaves it in
// testdata/fuzz; "context deadline exceeded" without one is https://go.dev/issue/75804, mended in
// Go 1.27, which -fuzztime 1000000x goes around.
package codec
