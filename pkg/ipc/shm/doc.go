// Package shm carries messages in rings in shared memory, on Linux.
//
// Each side makes a memfd for what it sends and passes it over a Unix socket, which is kept: its hang-up
// is the peer's death. Nothing has a name in the file system but the path of a Listener, nothing
// is left behind when both sides are killed, no third process is involved.
//
// # Waiting
//
// A side that waits spins for a short time (Config.Sync), yields, sleeps for a millisecond
// on a futex in the shared page, and then parks its goroutine until the peer writes a byte to the socket. So an
// answer that comes soon costs no system call, and an idle connection costs neither thread nor CPU.
//
// # Sizes
//
// A direction has rings of Buffer, twice, four times … MaxBuffer bytes in one sparse memfd, and uses one at a time. A
// large message moves the sender to a larger ring, and so does a receiver that is behind, before the sender has to
// wait; a second without either moves it back, and the pages return to the system. A large message travels in fragments
// that the receiver copies while the sender writes the next; in one piece, if it fits into half a ring, once the
// receiver has begun to read such ones in place.
package shm
