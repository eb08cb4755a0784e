package ring

import (
	"sync/atomic"
	"unsafe"
)

// Consumer is the reading side. It never waits.
type Consumer struct {
	base  unsafe.Pointer
	size  uint64
	pos   uint64 // of the next record
	given uint64 // Tail as last written
	ctl   *Control

	// seen is the header of the last message, and n its length. Messages are often as long as
	// the one before: comparing with seen lets the processor go on to the next record before
	// this header has arrived, where computing its place from the header would make it wait for
	// one record after another.
	seen  uint32
	n     int
	fast  uint64 // position up to which Quick returns true
	asked uint64 // position at the last Ran
}

// Open starts a consumer at position 0.
func (c *Consumer) Open(mem unsafe.Pointer, size int, ctl *Control) {
	c.base, c.size, c.ctl = mem, uint64(size), ctl
	c.pos, c.given = 0, 0
}

// Head reads the next record's header: 0 when it is not there yet. It must be read once for each
// record: it may change under a hostile peer.
func (c *Consumer) Head() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Add(c.base, c.pos&(c.size-1))))
}

// Spin polls the header up to n times, pausing in between, and returns how many polls were left.
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

// Ran reports whether n messages of the last one's length, or as much in bytes, were taken since
// it was last asked.
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

// Code returns the code of a control record's header.
func Code(h uint32) uint32 { return h & lenBits }

// Payload returns the payload of the next record, whose length Parse returned.
func (c *Consumer) Payload(n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(c.base, c.pos&(c.size-1)+HeaderSize)), n)
}

// Quick reports whether the next record is there, is like the one before and of at most room
// bytes, so that nothing has to be done but to Read it.
func (c *Consumer) Quick(room int) bool {
	if c.pos >= c.fast || c.n > room {
		return false
	}
	return c.Head() == c.seen
}

// Read copies the next record, for which Quick must have returned true, to buf, takes it, and
// returns its length.
func (c *Consumer) Read(buf []byte) int {
	n := c.n
	move64(unsafe.Pointer(unsafe.SliceData(buf)), unsafe.Add(c.base, c.pos&(c.size-1)+HeaderSize), n)
	c.pos += Size(n)
	return n
}

// Slow makes Quick return false until the next Take: the caller has something to do first.
func (c *Consumer) Slow() { c.fast = 0 }

// Take copies the next record, a message of n bytes in one piece, to buf, and takes it. It
// returns whether the producer must be woken.
func (c *Consumer) Take(n int, buf []byte) (wake bool) {
	copy(buf, c.Payload(n))
	wake = c.Advance(n)
	c.seen, c.n, c.fast = uint32(n+1), n, 0
	if uint(n-32) <= 32 {
		c.fast = c.given + c.size/8 - quickRoom
	}
	return wake
}

// Advance takes the record of n payload bytes. It returns whether the producer must be woken.
func (c *Consumer) Advance(n int) (wake bool) {
	c.pos += Size(n)
	if c.pos-c.given >= c.size/8 {
		return c.Give()
	}
	return false
}

// Skip takes a control record.
func (c *Consumer) Skip() { c.pos += Align }

// Give gives the space of all taken records back. It returns whether the producer must be woken.
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

// Cap returns the ring's size in bytes.
func (c *Consumer) Cap() int { return int(c.size) }
