// Package ring is a single-producer, single-consumer ring of records in memory that two
// processes share.
//
// A record is a header of four bytes, the payload, and padding to eight bytes. The header is the
// payload's length plus one, and flags; zero means that the record is not there yet. The
// consumer polls the header where the next record will stand. The producer writes that word's
// successor to zero before it publishes, so that the consumer never runs into old bytes: one
// cache line crosses for a small message, not two. The memory is mapped twice in a row, so that
// no record wraps.
//
// Space goes back through one word, Control.Tail, which the consumer writes every eighth of the
// ring and before it sleeps; the producer keeps a copy and looks again only when that says full.
//
// # Order of stores
//
// A header is published by a plain release store and not by sync/atomic, whose exchange
// instruction would wait until the payload's cache lines have crossed (a third of the throughput
// at 64 B). The producer then looks whether the consumer sleeps; without a full barrier it may
// see the flag as it was some nanoseconds ago. So a consumer never trusts its flag at first: it
// sleeps a millisecond at most, looks at the header again, and only then sleeps for longer. A
// store is long since visible by then.
//
// # Trust
//
// The other side may write anything at any time. Each word of its is read once and checked
// before use; what fails the check ends the connection. Positions are private to each side.
package ring

import "unsafe"

// Flags of a header, above the length.
const (
	More    = 1 << 31 // the message goes on in the next record
	Ctrl    = 1 << 30 // not a message: the length is a Code
	lenBits = 1<<30 - 1
)

// Codes of control records.
const (
	Bye    = 1  // no more messages: the producer closed in order
	Abort  = 2  // the message begun is withdrawn
	Switch = 16 // plus a level: the next record is in that level's ring
)

// Align is what records are aligned to, and the size of a record without payload.
const Align = 8

// HeaderSize is the bytes before a payload.
const HeaderSize = 4

// MaxLevels bounds the rings of one direction; each is twice the size of the one before.
const MaxLevels = 16

// Control is the page that both sides write. Each word has cache lines of its own: 128 bytes
// apart, because processors fetch lines in pairs.
type Control struct {
	_    [128]byte
	Tail uint64 // the consumer's position: everything before may be overwritten
	_    [120]byte
	Recv Sleeper // the consumer, waiting for a record
	_    [120]byte
	Send Sleeper // the producer, waiting for space
	_    [120]byte
	// Whole is the consumer's wish for large messages in one record, because it reads them in
	// place: fragments, which let it copy while the producer writes on, it would have to put
	// together.
	Whole uint32
	// Among is how many connections the consumer serves in turn, 0 unknown. What a producer
	// waits for then is its turn, and a larger ring only drives those of the others out of the
	// caches.
	Among uint32
	_     [120]byte
}

// Sleeper is what one side sleeps on, and whether it must be woken.
type Sleeper struct {
	Seq  uint32 // the futex word, counted up by each wake-up
	Flag uint32 // how it sleeps
}

// How a side sleeps.
const (
	Awake    = 0
	OnFutex  = 1 // wake by Seq
	OnSocket = 2 // wake by a byte on the socket
)

// Size returns the room that a record of n payload bytes takes.
func Size(n int) uint64 { return (uint64(n) + HeaderSize + Align - 1) &^ (Align - 1) }

// half is 32 bytes; not an array, which the compiler would take for one that may overlap.
type half struct{ _ [4]uint64 }

// move64 copies n bytes, 32 to 64, that do not overlap: two pieces, which may overlap in the
// middle.
func move64(to, from unsafe.Pointer, n int) {
	*(*half)(to) = *(*half)(from)
	*(*half)(unsafe.Add(to, n-32)) = *(*half)(unsafe.Add(from, n-32))
}
