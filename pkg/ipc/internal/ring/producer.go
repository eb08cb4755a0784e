package ring

import (
	"math"
	"sync/atomic"
	"unsafe"
)

// Producer is the writing side. It never waits.
type Producer struct {
	base       unsafe.Pointer
	size       uint64
	pos        uint64 // where the next record goes; counts on over all levels
	limit      uint64 // Tail as last seen, plus size
	ctl        *Control
	prefetched uint64 // position at which the next lines are asked for
	fast       uint64 // position up to which Quick returns true

	// first is the first record of the open batch, nil when none is open, and head its header,
	// which is held back. The batch's other records have theirs but cannot be reached before.
	first unsafe.Pointer
	head  uint32
	start uint64 // its position
	left  int    // messages that the open batch lacks to be due, 0 when none is open

	batchMessages int    // messages that make a batch due
	batchBytes    uint64 // bytes that do
	small         bool   // Quick is allowed
}

// Status is what became of a Put.
type Status int

// The results of Put.
const (
	Full  Status = iota // no room: nothing is written
	Done                // written
	Sleep               // written, and the consumer sleeps: wake it
	First               // written, and opened a batch
	Due                 // written, and the batch should be published
)

// Open starts a producer at position 0 of an empty, zeroed ring.
func (p *Producer) Open(mem unsafe.Pointer, size int, ctl *Control) {
	p.base, p.size, p.ctl = mem, uint64(size), ctl
	p.pos, p.limit = 0, uint64(size)
}

// Room reports whether a record of n bytes has room beside a control record. ok is unset when
// the consumer's word is nonsense.
func (p *Producer) Room(n int) (room, ok bool) {
	if p.pos+Size(n)+2*Align <= p.limit {
		return true, true
	}
	tail := atomic.LoadUint64(&p.ctl.Tail)
	if tail > p.pos || tail+p.size < p.limit {
		return false, false
	}
	p.limit = tail + p.size
	return p.pos+Size(n)+2*Align <= p.limit, true
}

// RoomControl reports whether a control record has room. Behind a message it always has.
func (p *Producer) RoomControl() bool { return p.pos+2*Align <= p.limit }

// Ungiven returns how many bytes the consumer has not given back.
func (p *Producer) Ungiven() uint64 { return p.pos - atomic.LoadUint64(&p.ctl.Tail) }

// Taken returns the position before which the consumer has given everything back, as last seen.
func (p *Producer) Taken() uint64 { return p.limit - p.size }

// Passed reports whether the consumer has given back everything before pos.
func (p *Producer) Passed(pos uint64) bool { return atomic.LoadUint64(&p.ctl.Tail) >= pos }

// Pos returns the position of the next record.
func (p *Producer) Pos() uint64 { return p.pos }

// Cap returns the ring's size in bytes.
func (p *Producer) Cap() int { return int(p.size) }

// at returns the memory of a position.
func (p *Producer) at(pos uint64) unsafe.Pointer { return unsafe.Add(p.base, pos&(p.size-1)) }

// Quick reports whether a message of n bytes can be written by Write and nothing else has to be
// done for it: no waiting, no looking at the consumer's position, no batch to be opened. Most
// small messages are such ones.
func (p *Producer) Quick(n int) bool { return uint(n-32) <= 32 && p.pos < p.fast }

// Slow makes Quick return false until the next Put or PutHeld: the caller has something to do
// first.
func (p *Producer) Slow() { p.fast = 0 }

// quicken sets up to where Quick may return true: no quick message makes a batch due by its bytes.
func (p *Producer) quicken() {
	if !p.small {
		return
	}
	p.fast = min(p.prefetched, p.limit-quickRoom)
	if p.first != nil {
		p.fast = min(p.fast, p.start+p.batchBytes-quickRoom)
	}
}

// quickRoom is more than what one quick message and the control record behind it take.
const quickRoom = 128

// Write copies b, for which Quick must have returned true, and returns the address to pass to
// Seal. They are separate so that both inline.
func (p *Producer) Write(b []byte) unsafe.Pointer {
	at := p.at(p.pos)
	move64(unsafe.Add(at, HeaderSize), unsafe.Pointer(unsafe.SliceData(b)), len(b))
	return at
}

// Seal makes the n bytes of Write a record, and publishes it if no batch is open.
func (p *Producer) Seal(at unsafe.Pointer, n int) {
	*(*uint32)(unsafe.Add(at, Size(n))) = 0
	p.pos += Size(n)
	StoreRel((*uint32)(at), uint32(n+1))
}

// Wrote reports whether something has to be done after Seal, which Owed names.
func (p *Producer) Wrote() bool {
	if p.left > 0 {
		p.left--
		return p.left == 0
	}
	return atomic.LoadUint32(&p.ctl.Recv.Flag) != Awake
}

// Owed returns what has to be done when Wrote returned true.
func (p *Producer) Owed() Status {
	if p.first != nil {
		return Due
	}
	return Sleep
}

// Put writes b as one record and publishes it.
func (p *Producer) Put(b []byte) Status {
	at := p.fill(b)
	if at == nil {
		return Full
	}
	p.quicken()
	StoreRel((*uint32)(at), uint32(len(b)+1))
	return p.sleeper()
}

// PutHeld writes b as one record of the open batch. It returns Full, Done, First for a batch's
// first, or Due, and publishes nothing itself.
func (p *Producer) PutHeld(b []byte) Status {
	at := p.fill(b)
	if at == nil {
		return Full
	}
	return p.hold(at, len(b))
}

// hold makes the record of n bytes at at, the last one, one of the open batch, or opens one.
func (p *Producer) hold(at unsafe.Pointer, n int) Status {
	s := Done
	if p.first == nil {
		p.first, p.head, p.start, p.left = at, uint32(n+1), p.pos-Size(n), p.batchMessages
		s = First
	} else {
		StoreRel((*uint32)(at), uint32(n+1))
	}
	p.left--
	if p.Due() {
		return Due
	}
	p.quicken()
	return s
}

// fill writes b as a record without its header, nil when there is no room.
func (p *Producer) fill(b []byte) unsafe.Pointer {
	n := Size(len(b))
	if p.pos+n+2*Align > p.limit {
		return nil
	}
	if p.pos >= p.prefetched {
		p.prefetch()
	}
	at := p.at(p.pos)
	copy(unsafe.Slice((*byte)(unsafe.Add(at, HeaderSize)), len(b)), b)
	*(*uint32)(unsafe.Add(at, n)) = 0
	p.pos += n
	return at
}

// ahead is how far before the record being written cache lines are asked for: about what the
// producer writes in the time that a line takes to come.
const ahead = 1024

// owned is how many bytes are asked for at once. Each time a message goes the longer way; half
// of it cost a fifth of the throughput of small ones.
const owned = 960

// prefetch asks for the cache lines that will be written soon, if they are free. They are in the
// consumer's cache, and the processor makes its stores visible in their order: all later ones
// would wait for each line.
func (p *Producer) prefetch() {
	if p.pos+ahead+owned <= p.limit {
		prefetchForWrite(p.at((p.pos+ahead)&^63), owned/64+1)
	}
	p.prefetched = p.pos + owned
}

// Space returns the memory for the payload of the next record. The caller has made sure of the
// room.
func (p *Producer) Space(n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(p.at(p.pos), HeaderSize)), n)
}

// Commit publishes a record of n payload bytes already in place.
func (p *Producer) Commit(n int, flags uint32) Status {
	at := p.at(p.pos)
	*(*uint32)(unsafe.Add(at, Size(n))) = 0
	p.pos += Size(n)
	StoreRel((*uint32)(at), uint32(n+1)|flags)
	return p.sleeper()
}

// Control publishes a control record.
func (p *Producer) Control(code uint32) Status {
	at := p.at(p.pos)
	*(*uint32)(unsafe.Add(at, Align)) = 0
	p.pos += Align
	StoreRel((*uint32)(at), Ctrl|code)
	return p.sleeper()
}

// SwitchTo publishes the change to another ring of the same direction and goes on there. The
// ring holds nothing that counts.
func (p *Producer) SwitchTo(level int, mem unsafe.Pointer, size int) Status {
	next := p.pos + Align
	*(*uint32)(unsafe.Add(mem, next&uint64(size-1))) = 0
	s := p.Control(Switch + uint32(level))
	p.base = mem
	p.limit += uint64(size) - p.size
	p.size = uint64(size)
	p.Slow()
	return s
}

// Hold makes the n payload bytes in place a record of the open batch, or opens one, and returns
// what PutHeld does. Publish sends it.
func (p *Producer) Hold(n int) Status {
	at := p.at(p.pos)
	*(*uint32)(unsafe.Add(at, Size(n))) = 0
	p.pos += Size(n)
	return p.hold(at, n)
}

// Holds reports whether a batch is open.
func (p *Producer) Holds() bool { return p.first != nil }

// Limit sets when a batch is due: at that many messages (0 or 1: no number) or bytes. Without
// quick no message is Quick.
func (p *Producer) Limit(messages, bytes int, quick bool) {
	if messages <= 1 {
		messages = math.MaxInt
	}
	p.batchMessages, p.batchBytes = messages, uint64(bytes)
	p.small = quick && (bytes == 0 || bytes > quickRoom)
}

// Due reports whether the open batch has reached a limit.
func (p *Producer) Due() bool {
	return p.left == 0 || p.pos-p.start >= p.batchBytes
}

// Publish sends the open batch, if there is one.
func (p *Producer) Publish() Status {
	if p.first == nil {
		return Done
	}
	at := p.first
	p.first, p.left = nil, 0
	p.Slow() // the next one opens a batch
	StoreRel((*uint32)(at), p.head)
	return p.sleeper()
}

// sleeper returns Sleep if the consumer sleeps, else Done.
func (p *Producer) sleeper() Status {
	if atomic.LoadUint32(&p.ctl.Recv.Flag) != Awake {
		return Sleep
	}
	return Done
}
