// Package shm carries messages in rings in shared memory, on Linux.
//
// Each side makes a memfd for what it sends and passes it over a Unix socket, which is kept: its
// hang-up is the peer's death. Nothing has a name in the file system but the path of a Listener,
// nothing is left behind when both sides are killed, no third process is involved.
//
// # A record
//
// A ring is memory that is mapped twice in a row, so that no record wraps. A record is a header
// of four bytes, the payload, and padding to eight bytes. The receiver polls the header at its
// position:
//
//	                 Send, Commit, or            the receiver has taken it
//	Reserve, Send    the end of a batch          and moved Tail, in eighths
//	┌─────────────┐       ┌─────────────────────┐       ┌───────────────┐
//	│ being built │──────▶│ published           │──────▶│ free          │
//	│ header 0    │       │ header length+1     │       │ header as was │
//	└─────────────┘       └─────────────────────┘       └───────────────┘
//	      ▲                                                     │
//	      └──── the record before this one writes header 0 ◀────┘
//
// The header has 30 bits of length and two flags: More, a fragment that another follows, and
// Ctrl, a code in place of a message: Bye, Abort, Ask for space that was taken and not given
// back, or Switch with the level of another ring.
//
// # The sending half
//
//	       Reserve              Commit, without a batch
//	idle ──────────▶ reserved ──────────────────────────▶ published, idle again
//	 │ ▲               │  │    Commit, with a batch
//	 │ └───────────────┘  └─────────────────────────────▶ held: published by Count, Bytes, Delay,
//	 │  Send or Flush:                                    Flush, a wait in Recv or Peek, or Close
//	 │  discarded
//	 │
//	 │ Send: as Reserve and Commit in one
//	 │ no room: Switch to a larger ring up to MaxBuffer, then wait: ErrFull, ErrTimeout, ctx
//	 │
//	 │ a large message                     the last one
//	 └────────────────▶ fragments, each ────────────────▶ published, idle again
//	                    waits for room
//	                      │ a wait ends
//	                      └────────────▶ aborted: the next call writes Abort before its message
//
// # The receiving half
//
// Its states are the values of type message, of the message that is next:
//
//	           a record without More             Release, or Recv has copied it
//	unknown ───────────────────────▶ inRing ─────────────────────────────────────▶ unknown
//	 │   ▲
//	 │   └── Abort
//	 ▼   │        its last fragment              Release, or Recv has handed it over
//	partial ───────────────────────▶ assembled ──────────────────────────────────▶ unknown
//	 │   ▲
//	 └───┘ another fragment: copied and taken at once
//
// Switch changes the ring in each of them, Bye ends the half with ErrPeerClosed. Anything else is
// ErrCorrupt. A call whose time or context ends leaves the state as it is.
//
// # The connection
//
//	        the peer's greeting and memory
//	opened ────────────────────────────────▶ met
//	 │                                        │
//	 ├──────────── Close on this side ────────┤──▶ closed  ErrClosed, at once
//	 ├──────────── nonsense from the peer ────┤──▶ bad     ErrCorrupt or ErrVersion, at once
//	 └──────────── the socket hung up ────────┘──▶ gone    ErrPeerGone: Send at once, Recv
//	                                                       after all that was published
//
// The three are bits; the upper ones count before the lower ones. Each wakes every waiting call
// of this side. A peer that closes publishes its batch and Bye before its socket hangs up; of
// one that dies the record being built is invisible. Close turns memory that a call or a slice
// still uses into private blank pages.
//
// # Waiting
//
// A side that waits spins for a short time (Config.Sync), yields, sleeps for a millisecond on a
// futex in the shared page, and then parks its goroutine until the peer writes a byte to the
// socket. So an answer that comes soon costs no system call, and an idle connection costs
// neither thread nor CPU.
// A receiver on a machine that others keep busy sleeps at once, see cores.Crowded.
//
// # Sizes
//
// A direction has rings of Buffer, twice, four times … MaxBuffer bytes in one sparse memfd, and
// uses one at a time. A large message moves the sender to a larger ring, and so does a receiver
// that is behind, before the sender has to wait; a second without either moves it back, and the
// pages return to the system. A large message travels in fragments that the receiver copies
// while the sender writes the next; in one piece, if it fits into half a ring, once the receiver
// has begun to read such ones in place.
package shm
