// Package ring is a single-producer, single-consumer ring of records in memory that two processes share.
//
// A record is a header of four bytes, the payload, and padding to eight bytes. The header is the
// payload's length plus one, and flags; zero means that the record is not there yet. The consumer polls the
// header where the next record will stand. The producer writes that word's successor to zero before
// it publishes, so that the consumer never runs into old bytes: one cache line crosses for a
// small message, not two. The memory is mapped twice in a row, so that no record wraps.
//
// Space goes back through one word, Control.Tail, which the consumer writes every eighth of the
// ring and before it sleeps; the producer keeps a copy and looks again only when that says full.
//
// # Order of stores
//
// A header is published by a plain release store and not by sync/atomic, whose exchange instruction would wait until the
// payload's cache lines have crossed (a third of the throughput at 64 B). The producer then looks whether the consumer
// sleeps; without a full barrier it may see the flag as it was some nanoseconds ago. So a consumer never trusts its flag at first: it sleeps
// a millisecond at most, looks at the header again, and only then sleeps for longer. A store is
// long since visible by then.
//
// # Trust
//
// The other side may write anything at any time. Each word of its is read once and checked before use; what fails the
// check ends the connection. Positions are private to each side.
package ring

import (
	"sync/atomic"
	"unsafe"
)

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

// Control is the page that both sides write. Each word has cache lines of its own: 128 bytes apart, because processors fetch lines in pairs.
type Control struct {
	_    [128]byte
	Tail uint64 // the consumer's position: everything before may be overwritten
	_    [120]byte
	Recv Sleeper // the consumer, waiting for a record
	_    [120]byte
	Send Sleeper // the producer, waiting for space
	_    [120]byte
}

// Sleeper is one side's bed: what it waits on and whether it must be woken.
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

// Size is the room that a record of n payload bytes takes.
func Size(n int) uint64 { return (uint64(n) + HeaderSize + Align - 1) &^ (Align - 1) }

// Producer is the writing side. It never waits.
type Producer struct {
	base  unsafe.Pointer
	size  uint64
	pos   uint64 // where the next record goes; counts on over all levels
	limit uint64 // Tail as last seen, plus size
	ctl   *Control

	// first is the first record of the open batch, nil when none is open, and head its header, which is held back. The
	// batch's other records have theirs but cannot be reached before.
	first unsafe.Pointer
	head  uint32
	count int    // messages in the batch
	start uint64 // its position
}

// Status is what became of a Put.
type Status int

// The results of Put.
const (
	Full  Status = iota // no room: nothing is written
	Done                // written
	Sleep               // written, and the consumer sleeps: wake it
	First               // written, and opened a batch
)

// Open starts a producer at position 0 of an empty, zeroed ring.
func (p *Producer) Open(mem unsafe.Pointer, size int, ctl *Control) {
	p.base, p.size, p.ctl = mem, uint64(size), ctl
	p.pos, p.limit = 0, uint64(size)
}

// Room says whether a record of n bytes has room beside a control record. ok is unset when the consumer's word is nonsense.
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

// RoomControl says whether a control record has room. Behind a message it always has.
func (p *Producer) RoomControl() bool { return p.pos+2*Align <= p.limit }

// Empty says whether the consumer has given everything back.
func (p *Producer) Empty() bool { return atomic.LoadUint64(&p.ctl.Tail) == p.pos }

// Passed says whether the consumer has given back everything before pos.
func (p *Producer) Passed(pos uint64) bool { return atomic.LoadUint64(&p.ctl.Tail) >= pos }

// Pos is the position of the next record.
func (p *Producer) Pos() uint64 { return p.pos }

// Cap is the ring's size in bytes.
func (p *Producer) Cap() int { return int(p.size) }

func (p *Producer) at(pos uint64) unsafe.Pointer { return unsafe.Add(p.base, pos&(p.size-1)) }

// Put writes b as one record and publishes it.
func (p *Producer) Put(b []byte) Status {
	n := Size(len(b))
	if p.pos+n+2*Align > p.limit {
		return Full
	}
	at := p.at(p.pos)
	copy(unsafe.Slice((*byte)(unsafe.Add(at, HeaderSize)), len(b)), b)
	*(*uint32)(unsafe.Add(at, n)) = 0
	p.pos += n
	StoreRel((*uint32)(at), uint32(len(b)+1))
	return p.sleeper()
}

// PutHeld writes b as one record of the open batch. It returns Full, Done, or First for a batch's first, and publishes
// nothing itself.
func (p *Producer) PutHeld(b []byte) Status {
	n := Size(len(b))
	if p.pos+n+2*Align > p.limit {
		return Full
	}
	at := p.at(p.pos)
	copy(unsafe.Slice((*byte)(unsafe.Add(at, HeaderSize)), len(b)), b)
	*(*uint32)(unsafe.Add(at, n)) = 0
	p.pos += n
	if p.first == nil {
		p.first, p.head, p.start, p.count = at, uint32(len(b)+1), p.pos-n, 1
		return First
	}
	StoreRel((*uint32)(at), uint32(len(b)+1))
	p.count++
	return Done
}

// Space is where the payload of the next record goes. The caller has made sure of the room.
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
	return s
}

// Hold makes the n payload bytes in place a record of the open batch, or opens one. Publish sends it.
func (p *Producer) Hold(n int) {
	at := p.at(p.pos)
	*(*uint32)(unsafe.Add(at, Size(n))) = 0
	if p.first == nil {
		p.first, p.head, p.start, p.count = at, uint32(n+1), p.pos, 0
	} else {
		StoreRel((*uint32)(at), uint32(n+1))
	}
	p.count++
	p.pos += Size(n)
}

// Held is how many messages and bytes the open batch has.
func (p *Producer) Held() (messages, bytes int) {
	if p.first == nil {
		return 0, 0
	}
	return p.count, int(p.pos - p.start)
}

// Due says whether the open batch has reached a limit of messages (0: none) or of bytes.
func (p *Producer) Due(messages, bytes int) bool {
	return p.count == messages || p.pos-p.start >= uint64(bytes)
}

// Publish sends the open batch, if there is one.
func (p *Producer) Publish() Status {
	if p.first == nil {
		return Done
	}
	at := p.first
	p.first = nil
	StoreRel((*uint32)(at), p.head)
	return p.sleeper()
}

func (p *Producer) sleeper() Status {
	if atomic.LoadUint32(&p.ctl.Recv.Flag) != Awake {
		return Sleep
	}
	return Done
}

// Consumer is the reading side. It never waits.
type Consumer struct {
	base  unsafe.Pointer
	size  uint64
	pos   uint64 // of the next record
	given uint64 // Tail as last written
	ctl   *Control
}

// Open starts a consumer at position 0.
func (c *Consumer) Open(mem unsafe.Pointer, size int, ctl *Control) {
	c.base, c.size, c.ctl = mem, uint64(size), ctl
	c.pos, c.given = 0, 0
}

// Head reads the next record's header: 0 when it is not there yet. It must be read once for each record: it may
// change under a hostile peer.
func (c *Consumer) Head() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Add(c.base, c.pos&(c.size-1))))
}

// Spin polls the header up to n times, pausing in between.
func (c *Consumer) Spin(n int) uint32 {
	at := (*uint32)(unsafe.Add(c.base, c.pos&(c.size-1)))
	for range n {
		if h := atomic.LoadUint32(at); h != 0 {
			return h
		}
		Pause()
	}
	return atomic.LoadUint32(at)
}

// Parse takes a header apart. ok is unset for one that no producer writes.
func (c *Consumer) Parse(h uint32) (n int, ok bool) {
	n = int(h&lenBits) - 1
	return n, h&Ctrl == 0 && n >= 0 && Size(n)+2*Align <= c.size
}

// Code is the code of a control record's header.
func Code(h uint32) uint32 { return h & lenBits }

// Payload is the payload of the next record, whose length Parse returned.
func (c *Consumer) Payload(n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(c.base, c.pos&(c.size-1)+HeaderSize)), n)
}

// Advance takes the record of n payload bytes. It says whether the producer must be woken.
func (c *Consumer) Advance(n int) (wake bool) {
	c.pos += Size(n)
	if c.pos-c.given >= c.size/8 {
		return c.Give()
	}
	return false
}

// Skip takes a control record.
func (c *Consumer) Skip() { c.pos += Align }

// Give gives the space of all taken records back. It says whether the producer must be woken.
func (c *Consumer) Give() (wake bool) {
	if c.given == c.pos {
		return false
	}
	c.given = c.pos
	atomic.StoreUint64(&c.ctl.Tail, c.pos)
	return atomic.LoadUint32(&c.ctl.Send.Flag) != Awake
}

// SwitchTo goes on in another ring of the same direction.
func (c *Consumer) SwitchTo(mem unsafe.Pointer, size int) { c.base, c.size = mem, uint64(size) }

// Cap is the ring's size in bytes.
func (c *Consumer) Cap() int { return int(c.size) }
