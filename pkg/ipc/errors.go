package ipc

import (
	"errors"
	"fmt"
	"io"
)

// The errors callers branch on, with errors.Is. An error of a connection names the operation and
// wraps one of them, or the system's where that is the reason, such as syscall.EMFILE;
// ErrTimeout, ErrFull and ErrTooLarge leave the connection usable, the others end it.
var (
	// ErrClosed says that this side called Close.
	ErrClosed = errors.New("connection closed on this side")

	// ErrPeerGone says that the peer closed or died. Everything it had committed was
	// handed out before this error; what it had not committed is invisible.
	ErrPeerGone = errors.New("peer gone")

	// ErrPeerClosed is the ErrPeerGone of a peer that called Close: nothing is missing.
	// It also is io.EOF to errors.Is.
	ErrPeerClosed = fmt.Errorf("%w: it closed in order (%w)", ErrPeerGone, io.EOF)

	// ErrTimeout says that Config.Timeout or the context's deadline passed while waiting. The
	// message of the call was not sent, or no message was taken: the call may be repeated.
	ErrTimeout = errors.New("timed out")

	// ErrFull says that the peer does not keep up and Config.NoWait forbids waiting for it.
	// The message was not sent.
	ErrFull = errors.New("buffer full: the peer does not keep up")

	// ErrTooLarge says that a message is longer than Config.MaxMessage.
	ErrTooLarge = errors.New("message too large: raise Config.MaxMessage on both sides")

	// ErrCorrupt says that the peer wrote what no peer of this library writes. The
	// connection is unusable, the process is unharmed.
	ErrCorrupt = errors.New("peer broke the protocol")

	// ErrVersion says that the other side speaks another version, or is no peer at all.
	ErrVersion = errors.New("peer speaks another version: build both sides from one release")

	// ErrNoParent is FromParent's answer in a process that Spawn did not start on that transport.
	ErrNoParent = errors.New("no connection from a parent: start this process with Spawn of the same transport")

	// ErrNoAddress says that a transport connects a parent with its child and nobody else.
	ErrNoAddress = errors.New("this transport has no addresses: use unix or shm")

	// ErrUnsupported says that the platform lacks what the transport is made of.
	ErrUnsupported = errors.New("transport not available on this platform: use unix or pipe")
)
