// Package netconn gives the connections of package ipc the shape of package net: what speaks
// over a net.Conn, as net/http, gRPC, net/rpc, yamux and database drivers do, runs over shared
// memory, Unix sockets and pipes as it stands.
//
//	l, err := net.Listen("unix", path)       // was
//	l, err := netconn.Listen("shm", path)    // is
//
//	c, err := net.Dial("unix", path)         // was
//	c, err := netconn.Dial("shm", path)      // is
//
// The network is the name of an ipc.Mechanism. Both sides use this package: what travels is
// messages, which a program on plain net does not read. Pipes have no paths; there, and wherever
// a parent starts its child, New wraps what Spawn and FromParent of the transport return, and
// One makes a listener of that for a server.
//
// # Bytes in messages
//
// Write sends what it is given in messages of at most 32 KiB, Read takes bytes out of the next
// message where the transport keeps it, and out of those behind it that have already come. In
// shared memory that is one copy into the ring and one out of it, where a quarter of the ring, as
// far as it may grow, holds such a message: from Config.MaxBuffer of 128 KiB on. Nothing is
// kept but by the transport: who writes faster than the other side reads waits for it.
//
// An empty message ends a direction, which is CloseWrite. Close in order ends both. Read then
// returns io.EOF after all that was written. A peer that dies is not taken for one that closed:
// Read then returns an error that wraps syscall.ECONNRESET and ipc.ErrPeerGone.
//
// # Waiting
//
// In shared memory a Read looks for its message between other goroutines before it sleeps: some
// tens of microseconds, and up to a tenth of a millisecond as long as waits are brief. A connection
// on which something comes now and then costs no more than the first; with ipc.SyncPark it costs
// nothing.
//
// # Time
//
// Deadlines work as package net says, those in the past and those moved under a waiting call
// included. Leave Config.Timeout unset: it would end each Read that waits for longer, as a
// deadline that begins with the call.
package netconn
