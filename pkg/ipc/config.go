package ipc

import (
	"fmt"
	"slices"
	"time"
)

// Mechanism names a transport.
type Mechanism string

// The transports. Their packages have the same functions under the same names.
const (
	Pipe Mechanism = "pipe" // stdin and stdout of a spawned child
	Unix Mechanism = "unix" // Unix stream sockets
	Shm  Mechanism = "shm"  // rings in shared memory, Linux only
)

// Sync says how a side waits for the other. Pipes and sockets wait in the kernel; there it
// says only whether a reader looks again a few times before it sleeps.
type Sync int

// The strategies, by what a wait costs: time of the waiter's core, or of the message.
const (
	// SyncAdaptive spins as long as spinning has lately paid, yields, then sleeps; on one core
	// it does not spin at all. The default.
	SyncAdaptive Sync = iota
	// SyncSpin spins for a fixed short time, then yields, then sleeps.
	SyncSpin
	// SyncPark sleeps at once, like a mutex: least CPU, about ten times the latency.
	SyncPark
)

// String gives the name used in results and configuration files.
func (s Sync) String() string {
	switch s {
	case SyncAdaptive:
		return "adaptive"
	case SyncSpin:
		return "spin"
	case SyncPark:
		return "park"
	}
	return fmt.Sprintf("Sync(%d)", int(s))
}

// Batch says when several messages travel together. Its zero value sends every message at
// once. A batch leaves when any of the three limits is reached, on Flush and Close, and when
// the same connection is about to wait in Recv or Peek, so that a request is never
// held back by the wait for its own answer.
type Batch struct {
	Count int           // messages; 0 or 1: no limit by count
	Bytes int           // bytes with headers; 0, or more than half of Buffer: a quarter of Buffer
	Delay time.Duration // age of the oldest message; 0: 1 ms; negative: no limit by age
}

// Config describes one side of a connection. The two sides need not agree, but for
// MaxMessage of the receiver, which should not be below that of the sender. The zero value is
// a good choice.
type Config struct {
	// Mechanism is the transport. Package transport chooses by it; a Transport refuses the name of
	// another. Empty is fine where the transport is known.
	Mechanism Mechanism

	// Buffer is the size in bytes of the buffer in each direction: the ring in shared memory
	// (rounded up to a power of two), the user-space buffer elsewhere. 0 is 64 KiB.
	Buffer int
	// MaxBuffer is how far Buffer may grow with the traffic. 0 is 4 MiB.
	MaxBuffer int
	// Fixed keeps Buffer as it is; otherwise it adapts: it grows to MaxBuffer when messages are
	// large or the receiver lags, and falls back to Buffer when traffic is light. In shared
	// memory the members of a pattern.Group that lags share a quarter of MaxBuffer.
	Fixed bool
	// MaxMessage is the longest message in bytes sent or accepted. 0 is 64 MiB.
	MaxMessage int

	// Timeout bounds every call that has to wait, beside its context: all of its waits together,
	// from the first one on. 0: only the context does.
	Timeout time.Duration
	// NoWait turns blocking back-pressure off: a Send or Reserve that would have to wait for
	// space returns ErrFull instead.
	NoWait bool

	// Sync is how to wait.
	Sync Sync
	// Batch is when messages are sent together.
	Batch Batch
}

// Limits and defaults of Config.
const (
	DefaultBuffer     = 64 << 10 // the specification's
	DefaultMaxBuffer  = 4 << 20  // holds two messages of 1 MiB and more: a ring smaller than two halves the speed
	DefaultMaxMessage = 64 << 20
	DefaultDelay      = time.Millisecond
	minBuffer         = 4 << 10
	limitBuffer       = 128 << 20
	limitMessage      = 1 << 30 // lengths travel in 32 bits, two of which are flags
)

// WithDefaults fills in what is zero and checks the rest. Transports call it; a caller
// needs it only to see the effective values.
func (c Config) WithDefaults() (Config, error) {
	set := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	set(&c.Buffer, DefaultBuffer)
	set(&c.MaxBuffer, max(DefaultMaxBuffer, c.Buffer))
	set(&c.MaxMessage, DefaultMaxMessage)
	if c.Fixed {
		c.MaxBuffer = c.Buffer
	}
	if err := c.check(); err != nil {
		return c, err
	}
	if c.Batch.Enabled() {
		if c.Batch.Bytes == 0 || c.Batch.Bytes > c.Buffer/2 {
			c.Batch.Bytes = c.Buffer / 4
		}
		if c.Batch.Delay == 0 {
			c.Batch.Delay = DefaultDelay
		}
	}
	return c, nil
}

// For returns what WithDefaults does, and an error if c is for another mechanism than m.
func (c Config) For(m Mechanism) (Config, error) {
	c, err := c.WithDefaults()
	if err == nil && c.Mechanism != "" && c.Mechanism != m {
		err = fmt.Errorf("ipc config: Mechanism is %q, want %q or none: this is %s", c.Mechanism, m, m)
	}
	return c, err
}

// check names the field, its value and what it may be.
func (c Config) check() error {
	switch {
	case !slices.Contains([]Mechanism{"", Pipe, Unix, Shm}, c.Mechanism):
		return fmt.Errorf("ipc config: Mechanism is %q, want %s, %s or %s", c.Mechanism, Pipe, Unix, Shm)
	case c.Buffer < minBuffer || c.Buffer > limitBuffer:
		return fmt.Errorf("ipc config: Buffer is %d bytes, want %d to %d", c.Buffer, minBuffer, limitBuffer)
	case c.MaxBuffer < c.Buffer || c.MaxBuffer > limitBuffer:
		return fmt.Errorf("ipc config: MaxBuffer is %d bytes, want %d (Buffer) to %d", c.MaxBuffer, c.Buffer, limitBuffer)
	case c.MaxMessage < 1 || c.MaxMessage > limitMessage:
		return fmt.Errorf("ipc config: MaxMessage is %d bytes, want 1 to %d", c.MaxMessage, limitMessage)
	case c.Timeout < 0:
		return fmt.Errorf("ipc config: Timeout is %v, want 0 (none) or more", c.Timeout)
	case c.Sync < SyncAdaptive || c.Sync > SyncPark:
		return fmt.Errorf("ipc config: Sync is %v, want %v, %v or %v", c.Sync, SyncAdaptive, SyncSpin, SyncPark)
	case c.Batch.Count < 0:
		return fmt.Errorf("ipc config: Batch.Count is %d messages, want 0 (no limit) or more", c.Batch.Count)
	case c.Batch.Bytes < 0:
		return fmt.Errorf("ipc config: Batch.Bytes is %d, want 0 (a quarter of Buffer) or more", c.Batch.Bytes)
	}
	return nil
}

// Enabled reports whether messages may be held back at all.
func (b Batch) Enabled() bool { return b.Count > 1 || b.Bytes > 0 || b.Delay > 0 }
