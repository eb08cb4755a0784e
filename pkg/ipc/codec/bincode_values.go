package codec

// The types of this file mean what they say under their own names only: a type
// declared as one of them is to the codecs the struct or number that it is in Go.

// Enum marks a struct as a Rust enum. Embed it first; every other field is a
// pointer, one for each variant in the order of the Rust declaration, and
// exactly one of them is set:
//
//	type Shape struct {            // enum Shape {
//		codec.Enum
//		Empty  *struct{}           //     Empty,
//		Circle *uint32             //     Circle(u32),
//		Rect   *Rect               //     Rect { w: u16, h: u16 },
//	}                              // }
//
// Fields tagged `json:",omitzero"` give serde_json's form of the variants that
// carry something (`omitempty` would leave out an empty struct). An enum whose
// variants all carry nothing is simply a uint32 in Go.
type Enum struct{}

// Char is a Rust char: one Unicode scalar value, encoded as UTF-8 in 1 to 4
// bytes. (rune cannot serve: to Go it is the same type as int32.)
type Char rune

// U128 is a Rust u128, Hi × 2⁶⁴ + Lo.
type U128 struct{ Lo, Hi uint64 }

// I128 is a Rust i128 in two's complement, Hi × 2⁶⁴ + Lo.
type I128 struct {
	Lo uint64
	Hi int64
}
