// Package ring is a single-producer, single-consumer ring of records in memory that two
// processes share.
//
// A record is a header of four bytes, the payload, and padding to eight bytes. The header is the
// payload's length plus one, and flags; zero means that the record is not there yet. The
// consumer polls the header where the next record will stand. The producer writes that word's
// successor to zero before it publishes, so that the consumer never runs into old bytes: one
// cache line crosses for a small message, not two. The memory is mapped twice in a row, so that
// no record wraps.
//
// Space goes back through one word, Control.Tail, which the consumer writes every eighth of the
// ring and before it sleeps; the producer keeps a copy and looks again only when that says full.
//
// # Trust
//
// The other side may write anything at any time. Each word of its is read once and checked
// before use; what fails the check ends the connection. Positions are private to each side.
//
// # Memory order
//
// Go's memory model says nothing about two processes, so that the order is argued from the
// instructions. These are all accesses to shared memory, by the name that follows them below:
//
//	    access                       amd64                  arm64
//	P1  payload, producer            MOV, REP MOVSB,        STP, STR
//	                                 VMOVNTDQ and SFENCE
//	P2  header of the next record,   MOVL                   MOVW (STR)
//	    zero
//	P3  header (StoreRel)            MOVL                   STLRW
//	P4  Recv.Flag, asleep?           MOVL                   LDARW
//	P5  Tail                         MOVQ                   LDAR
//	C1  header (Head, Spin, Quick)   MOVL                   LDARW
//	C2  payload, consumer            MOV, REP MOVSB         LDP, LDR
//	C3  Tail (Give)                  XCHGQ                  STLR
//	C4  Send.Flag, asleep?           MOVL                   LDARW
//	S1  Flag of oneself, asleep      XCHGL                  STLRW
//	S2  header or Tail, once more    MOVL, MOVQ             LDARW, LDAR
//	W1  Flag of the other, awake     XCHGL                  SWPALW, or LDAXRW and STLXRW
//	W2  Seq of the other             LOCK XADDL             LDADDALW, or LDAXRW and STLXRW
//
// The rules of amd64 (Intel's manual, volume 3, 9.2.2 and 9.2.4; AMD's, volume 2, 7.2): loads
// stay in order, stores stay in order, a store does not pass a load that is ahead of it, and a
// load may pass a store that is ahead of it, to another address. A locked instruction, as XCHG
// with memory always is, lets nothing pass. Stores of one string instruction may become visible in
// any order among themselves, and not later than a store behind it. Stores that go past the caches
// keep no order; memmove ends such a copy with SFENCE, which no store behind it passes.
//
// The rules of arm64 (Arm's Architecture Reference Manual, B2.3): plain loads and stores have no
// order. Nothing ahead of a store-release (STLR) passes behind it; nothing behind a load-acquire
// (LDAR) passes ahead of it; and a load-acquire does not pass a store-release that is ahead of
// it. SWPAL and LDADDAL are both an acquire and a release.
//
// A record is seen whole. P1 and P2 are ahead of P3, C1 ahead of C2. amd64: stores in order, loads
// in order. arm64: P3 is a release and C1 an acquire of the same word, so that who sees the header
// sees what was written before it. That C1 is often followed by a comparison (Quick) would not do
// alone: a processor may load ahead of a branch that it predicts.
//
// The header behind a record is zero or the next record's. The same argument for P2, which is
// ahead of P3 in the program. In a batch each record has its P2 and P3, and the P3 of the first
// comes last: nothing of the batch can be reached before. SwitchTo writes the zero of the new
// ring ahead of the record that leads there.
//
// Space is overwritten after it was read. C2 is ahead of C3, P5 ahead of P1 and P2 of whoever uses
// the space. amd64: C3 is locked; no store passes the load of P5. arm64: C3 is a release, P5 an
// acquire. The copy of Tail that the producer keeps was loaded earlier still.
//
// A sleeper is woken. This is the one place where a store is followed by a load of another word on
// both sides: P3 then P4 by the producer, S1 then S2 by the consumer; if both loads came ahead of
// both stores, the producer would see nobody asleep and the consumer no record. arm64: both are a
// release followed by an acquire, which stay in order. amd64: S1 is locked, but P4 may pass P3,
// which waits in the store buffer. P3 is no locked store on purpose: that would wait until the
// payload's cache lines have crossed, a third of the throughput at 64 B. So a consumer does not
// trust its flag at first: it sleeps a millisecond at most, looks at the header again, and only
// then sleeps for longer. A store has left its buffer long before. The other direction, C3 then
// C4 and S1 then S2 by the producer, has a locked store on both sides. W2 changes the word that the
// futex compares, under the kernel's lock, before it sleeps: a wake-up between S2 and the sleep
// ends it.
//
// One memory at several addresses. A ring is mapped twice in each process. What is said above of a
// word holds for the memory behind it: the data caches of both architectures behave as if they
// were tagged by physical address. No word is accessed in two sizes at a time: what were payload
// bytes in a former round become a header only after their space was given back.
//
// The compiler keeps what is atomic, and calls, in their place. StoreRel is one of both but on
// amd64, where it is an assignment, inlined: the compiler makes each store depend on the memory
// that the one before it left, and so keeps stores in order.
//
// TestLitmus runs each of these as a small program on two threads. On amd64, and on an arm64 that
// an emulator makes of it, stores become visible in order whatever the instruction: there it finds
// a mistake in the program, and not a release that is missing. That takes a machine that is weak:
//
//	go test -run Litmus -v ./pkg/ipc/internal/ring
package ring
