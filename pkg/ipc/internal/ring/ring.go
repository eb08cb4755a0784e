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
	warm  uint64 // position at which the next lines are asked for
	fast  uint64 // position up to which Quick says yes

	// first is the first record of the open batch, nil when none is open, and head its header, which is held back. The
	// batch's other records have theirs but cannot be reached before.
	first unsafe.Pointer
	head  uint32
	count int    // messages in the batch
	start uint64 // its position

	ripe      int    // messages that make a batch due, 0 no number
	ripeBytes uint64 // bytes that do
	small     bool   // Quick is allowed
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

// Quick says whether a message of n bytes can be written by Write and nothing else has to be done for it: no waiting,
// no looking at the consumer's position, no batch to be opened. Most small messages are such ones.
func (p *Producer) Quick(n int) bool { return uint(n-32) <= 32 && p.pos < p.fast }

// Slow makes Quick say no until the next Put or PutHeld: the caller has something to do first.
func (p *Producer) Slow() { p.fast = 0 }

// quicken sets how far Quick may say yes.
func (p *Producer) quicken() {
	if p.small {
		p.fast = min(p.warm, p.limit-quickRoom)
	}
}

// quickRoom is more than what one quick message and the control record behind it take.
const quickRoom = 128

// Write writes b, for which Quick said yes, as a record. Seal, at what it returns, is to follow: they are two in order to
// be inlined.
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

// Wrote is what has to be done after Seal.
func (p *Producer) Wrote() Status {
	if p.first == nil {
		return p.sleeper()
	}
	if p.count++; p.Due() {
		return Due
	}
	return Done
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

// PutHeld writes b as one record of the open batch. It returns Full, Done, First for a batch's first, or Due, and publishes
// nothing itself.
func (p *Producer) PutHeld(b []byte) Status {
	at := p.fill(b)
	if at == nil {
		return Full
	}
	s := Done
	if p.first == nil {
		p.first, p.head, p.start, p.count = at, uint32(len(b)+1), p.pos-Size(len(b)), 0
		s = First
	} else {
		StoreRel((*uint32)(at), uint32(len(b)+1))
	}
	if p.count++; p.Due() {
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
	if p.pos >= p.warm {
		p.ask()
	}
	at := p.at(p.pos)
	copy(unsafe.Slice((*byte)(unsafe.Add(at, HeaderSize)), len(b)), b)
	*(*uint32)(unsafe.Add(at, n)) = 0
	p.pos += n
	return at
}

// ahead is how far before the record being written cache lines are asked for: about what the producer writes in the
// time that a line takes to come.
const ahead = 1024

// ask asks for the lines that will be written soon, if they are free. They are in the consumer's cache, and the processor
// makes its stores visible in their order: all later ones would wait for each line.
func (p *Producer) ask() {
	if p.pos+ahead+owned <= p.limit {
		own(p.at((p.pos + ahead) &^ 63))
	}
	p.warm = p.pos + owned
}

// half is 32 bytes; not an array, which the compiler would take for one that may overlap.
type half struct{ _ [4]uint64 }

// move64 copies n bytes, 32 to 64, that do not overlap: two pieces, which may overlap in the middle.
func move64(to, from unsafe.Pointer, n int) {
	*(*half)(to) = *(*half)(from)
	*(*half)(unsafe.Add(to, n-32)) = *(*half)(unsafe.Add(from, n-32))
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
	p.Slow()
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

// Limit says when a batch is due: at that many messages (0: no number) or bytes. Without quick no message is Quick.
func (p *Producer) Limit(messages, bytes int, quick bool) {
	p.ripe, p.ripeBytes, p.small = messages, uint64(bytes), quick
}

// Due says whether the open batch has reached a limit.
func (p *Producer) Due() bool {
	return p.count == p.ripe || p.pos-p.start >= p.ripeBytes
}

// Publish sends the open batch, if there is one.
func (p *Producer) Publish() Status {
	if p.first == nil {
		return Done
	}
	at := p.first
	p.first = nil
	p.Slow() // the next one opens a batch
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

	// seen is the header of the last message, and n its length. Messages are often as long as the one before: comparing
	// with seen lets the processor go on to the next record before this header has arrived, where computing its
	// place from the header would make it wait for one record after another.
	seen  uint32
	n     int
	fast  uint64 // position up to which Quick says yes
	asked uint64 // position at the last Ran
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

// Spin polls the header up to n times, pausing in between, and says how many polls were left.
func (c *Consumer) Spin(n int) (h uint32, left int) {
	at := (*uint32)(unsafe.Add(c.base, c.pos&(c.size-1)))
	for ; n > 0; n-- {
		if h := atomic.LoadUint32(at); h != 0 {
			return h, n
		}
		Pause()
	}
	return atomic.LoadUint32(at), 0
}

// Ran says whether n messages of the last one's length, or as much in bytes, were taken since it was last asked.
func (c *Consumer) Ran(n int) bool {
	ran := c.pos-c.asked >= uint64(n)*Size(c.n)
	c.asked = c.pos
	return ran
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

// Quick says whether the next record is there, is like the one before and of at most room bytes, and nothing has to be
// done but to Read it.
func (c *Consumer) Quick(room int) bool {
	if c.pos >= c.fast || c.n > room {
		return false
	}
	return c.Head() == c.seen
}

// Read copies the next record, for which Quick said yes, to buf, takes it, and returns its length.
func (c *Consumer) Read(buf []byte) int {
	n := c.n
	move64(unsafe.Pointer(unsafe.SliceData(buf)), unsafe.Add(c.base, c.pos&(c.size-1)+HeaderSize), n)
	c.pos += Size(n)
	return n
}

// Slow makes Quick say no until the next Take: the caller has something to do first.
func (c *Consumer) Slow() { c.fast = 0 }

// Take copies the next record, a message of n bytes in one piece, to buf, and takes it. It says whether the
// producer must be woken.
func (c *Consumer) Take(n int, buf []byte) (wake bool) {
	copy(buf, c.Payload(n))
	wake = c.Advance(n)
	c.seen, c.n, c.fast = uint32(n+1), n, 0
	if uint(n-32) <= 32 {
		c.fast = c.given + c.size/8 - quickRoom
	}
	return wake
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
func (c *Consumer) SwitchTo(mem unsafe.Pointer, size int) {
	c.base, c.size = mem, uint64(size)
	c.Slow()
}

// Cap is the ring's size in bytes.
func (c *Consumer) Cap() int { return int(c.size) }
