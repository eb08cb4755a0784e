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
	Ask    = 3  // the consumer shall give back what it has taken
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
