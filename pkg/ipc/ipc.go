// Package ipc carries messages between two processes of one machine.
//
// Three packages have a Transport, whose connections are a Conn and a Prober, and its methods as
// functions:
//
//	package            Spawn and FromParent              Listen and Dial
//	ipc/pipe           stdin and stdout of the child     ErrNoAddress
//	ipc/unix           a socket pair                     a Unix socket's path
//	ipc/shm            rings in shared memory (memfd), passed over a socket pair or a Unix
//	                   socket; Linux only, ErrUnsupported elsewhere
//
// Package ipc/netconn makes a net.Conn of any of them. Package ipc/transport chooses among them by
// Config.Mechanism. A parent starts its child with
//
//	cmd := exec.Command("agent")
//	cmd.Stderr = os.Stderr
//	conn, err := shm.Spawn(cmd, ipc.Config{})   // starts cmd; cmd.Wait stays the caller's
//
// and the child opens its end with
//
//	conn, err := shm.FromParent(ipc.Config{})
//
// # Two faces
//
// Send and Recv copy: simple, and safe against a peer that goes on writing. Reserve/Commit
// and Peek/Release hand out the transport's own memory: the message is built and read in place.
//
// # Promises
//
// Messages arrive once, whole, in order, at most Config.MaxMessage long; an empty message is a
// message. A call that returns an error has sent or taken nothing, but for a call that Close
// overtakes; a Send that returned nil is committed: it reaches a living peer even when this
// process is killed in the next instant (with Config.Batch: after Flush or the batch's own
// limits). On pipes and sockets two cases end in this process's memory first and are finished in
// the background: with Config.NoWait what the kernel does not take at once, and a large message
// that a timeout caught half-way, whose Send returns nil. A peer may write anything at any time:
// that ends the connection with ErrCorrupt and never this process. When the peer dies, waiting
// calls end with ErrPeerGone after what it had committed was received.
package ipc

import (
	"context"
	"os/exec"
)

// Conn is one side of a connection between two processes.
//
// One goroutine at a time may use the sending half (Send, Reserve, Commit, Flush) and one the
// receiving half (Recv, Peek, Release, Ready); the halves are independent, and Close may be called
// from anywhere at any time. Shared lifts the restriction for Send and Recv.
//
// The context is looked at on entry and while waiting. Its end gives an error that wraps
// context.Cause's and, for a deadline, ErrTimeout. A cancelled or timed out call leaves the
// connection usable.
type Conn interface {
	// Send sends a copy of p as one message. When it returns nil the message is committed, or part
	// of the open batch. ErrFull (with Config.NoWait), ErrTooLarge, ErrTimeout: not sent.
	Send(ctx context.Context, p []byte) error

	// Recv takes the next message and returns it in buf's array if it fits there, else in a
	// new one: pass the returned slice to the next call to receive without allocation.
	// Recv(ctx, nil) gives the caller a message of its own.
	Recv(ctx context.Context, buf []byte) ([]byte, error)

	// Reserve returns n bytes of the send buffer to build a message in. They belong to the
	// caller until Commit; a new Reserve, Send or Flush discards them. Their content is arbitrary.
	Reserve(ctx context.Context, n int) ([]byte, error)

	// Commit sends the first n bytes of what Reserve returned as one message. It does not wait
	// in shared memory; elsewhere, with a full kernel buffer, it waits like Send with the
	// context of Reserve.
	Commit(n int) error

	// Peek returns the next message in the receive buffer without taking it: a second Peek
	// returns the same. It is valid until Release. In shared memory a hostile peer can still change
	// it: copy what is checked before it is used, or use Recv.
	Peek(ctx context.Context) ([]byte, error)

	// Release takes the message Peek returned and gives its space back. Without one it does
	// nothing.
	Release()

	// Ready says whether Peek and Recv would return at once, with a message or an error.
	Ready() bool

	// Flush sends the open batch. It waits for space in the kernel's buffer, not for the receiver.
	Flush(ctx context.Context) error

	// Close sends the open batch, tells the peer, wakes both sides and frees everything. Waiting
	// calls of this side return ErrClosed; slices of Reserve and Peek keep no meaning. The error
	// says how much could not be sent (after at most Config.Timeout or one second). A second
	// Close does nothing and returns nil.
	Close() error
}

// Listener accepts connections of the transports that have addresses.
type Listener interface {
	// Accept waits for the next peer. It does not wait for what the peer says: a stranger shows
	// in the connection's first Recv, as ErrVersion or ErrCorrupt. After an error other than
	// ErrClosed Accept may be called again.
	Accept(ctx context.Context) (Conn, error)
	// Close wakes Accept and removes the socket's path. Accepted connections live on.
	Close() error
}

// Prober is what a connection of every transport, and Shared of one, has beside Conn, so that one
// goroutine can serve many connections: calls that do not wait. Package pattern uses it; a Conn
// without these methods works there too, where a slow member then holds up the others.
//
// TrySend and TryFlush belong to the sending half, TryPeek and Watch to the receiving half.
type Prober interface {
	// TrySend is a Send that does not wait, whatever Config.NoWait says. ErrFull: there is no room
	// for p now. ErrTooLarge: p is longer than Config.MaxMessage, or travels in parts between which
	// it would have to wait: only Send can send it.
	TrySend(p []byte) error

	// TryFlush is a Flush that does not wait. ErrFull: the kernel did not take all of the batch
	// and gets the rest in the background.
	TryFlush() error

	// TryPeek is a Peek that does not wait: ok says whether p is the next message.
	TryPeek() (p []byte, ok bool, err error)

	// Watch waits until Ready would return true, and takes nothing. Its only errors are those of
	// ctx, which alone bounds it: how the connection ended is what the next Recv or Peek returns.
	Watch(ctx context.Context) error

	// Among tells the connection that its receiver serves n connections in turn, this one among
	// them: the peer's ring in shared memory then grows less for being full. It may be called at
	// any time. Pipes and sockets have no use for it.
	Among(n int)
}

// Transport makes connections of one kind. Those of this module are pipe.Transport, unix.Transport
// and shm.Transport. A Config with a Mechanism other than the transport's own is an error.
type Transport interface {
	// Mechanism returns the transport's name.
	Mechanism() Mechanism

	// Spawn starts cmd, which opens its end with FromParent, and returns this end without waiting
	// for it. cmd.Wait stays the caller's.
	Spawn(cmd *exec.Cmd, cfg Config) (Conn, error)

	// FromParent opens the end that Spawn gave to this process, once. ErrNoParent: there is none.
	FromParent(cfg Config) (Conn, error)

	// Listen accepts peers at path, each with cfg. ErrNoAddress: this transport cannot.
	Listen(path string, cfg Config) (Listener, error)

	// Dial connects to the Listener at path. It waits while the listener's queue is full, until ctx
	// or Config.Timeout ends. ErrNoAddress: this transport cannot.
	Dial(ctx context.Context, path string, cfg Config) (Conn, error)
}
