package shm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// pair is both ends of a connection in one process.
func pair(t testing.TB, cfg ipc.Config) (a, b *conn) {
	t.Helper()
	x, y, err := family.Pair()
	if err != nil {
		t.Fatal(err)
	}
	if cfg, err = cfg.WithDefaults(); err != nil {
		t.Fatal(err)
	}
	end := func(f *os.File) *conn {
		s, err := family.Conn(f)
		if err != nil {
			t.Fatal(err)
		}
		c, err := open(s, cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	a, b = end(x), end(y)
	<-a.opened
	<-b.opened
	return a, b
}

// attack lets a peer write data over its ring and over the words that both sides write, and
// looks how the victim fares: it may fail its connection, late messages may be nonsense, and
// that is all.
func attack(t testing.TB, data []byte) {
	mine, peer := pair(t, ipc.Config{Buffer: 4 << 10, MaxBuffer: 16 << 10, MaxMessage: 32 << 10, Timeout: hostileTimeout})
	defer func() { _ = mine.Close() }()
	defer func() { _ = peer.Close() }()
	ring0 := unsafe.Slice((*byte)(peer.tx.seg.rings[0]), 4<<10)
	words := func(c *ring.Control) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(c)), unsafe.Sizeof(*c)) }
	copy(ring0, data)
	if len(data) > 0 && data[0]&1 == 1 { // also the words of both directions
		copy(words(peer.tx.seg.control()), data[len(data)/2:])
		copy(words(peer.rx.seg.control()), data[len(data)/3:])
	}
	ctx := context.Background()
	for n, late := 0, 0; n < 20 && late < 3; n++ { // what is written does not change any more
		var b []byte
		var err error
		if long := timed("Recv", func() { b, err = mine.Recv(ctx, nil) }); long != nil {
			t.Fatal(long)
		}
		if err != nil {
			late++
		}
		if len(b) > 32<<10 {
			t.Fatalf("a message of %d bytes, above MaxMessage", len(b))
		}
		if err != nil && !errors.Is(err, ipc.ErrTimeout) && !errors.Is(err, ipc.ErrCorrupt) && !errors.Is(err, ipc.ErrPeerGone) {
			t.Fatalf("Recv: %v", err)
		}
		err = mine.Send(ctx, data[:min(len(data), 2000)])
		if err != nil && !errors.Is(err, ipc.ErrTimeout) && !errors.Is(err, ipc.ErrCorrupt) {
			t.Fatalf("Send: %v", err)
		}
		if err != nil {
			return
		}
	}
}

func FuzzHostile(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{17, 0, 0, 0x40, 0, 0, 0, 0, 5, 0, 0, 0})                               // a change of level, and a record there
	f.Add([]byte{30, 0, 0, 0x80, 255, 255, 255, 255, 255, 255, 255, 255})               // a first fragment of a huge message
	f.Add([]byte{30, 0, 0, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}) // a first fragment and nothing
	f.Add(bytes.Repeat([]byte{1, 0, 0, 0, 0, 0, 0, 0}, 512))                            // empty messages all around
	f.Add(bytes.Repeat([]byte{2, 0, 0, 0x40, 0, 0, 0, 0}, 512))                         // withdrawals all around
	f.Fuzz(func(t *testing.T, data []byte) { attack(t, data) })
}

// TestLiesEndTheConnection: each thing that no peer writes ends the connection with ErrCorrupt.
func TestLiesEndTheConnection(t *testing.T) {
	cfg := ipc.Config{Buffer: 4 << 10, MaxBuffer: 16 << 10, MaxMessage: 2 << 10, Timeout: 5 * time.Second}
	recv := func(name string, words ...uint32) {
		t.Helper()
		mine, peer := pair(t, cfg)
		for i := len(words) - 1; i >= 0; i-- { // the header last
			atomic.StoreUint32((*uint32)(unsafe.Add(peer.tx.seg.rings[0], 4*i)), words[i])
		}
		if b, err := mine.Recv(t.Context(), nil); !errors.Is(err, ipc.ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v, want ErrCorrupt", name, len(b), err)
		}
		if err := mine.Send(t.Context(), nil); !errors.Is(err, ipc.ErrCorrupt) {
			t.Errorf("%s: Send afterwards: %v, want ErrCorrupt", name, err)
		}
	}
	recv("a record above MaxMessage", 2<<10+2)
	recv("a record of the whole ring", 4<<10)
	recv("a record of many rings", 1<<29)
	recv("a fragment of many rings", ring.More|1<<29, 100, 0)
	recv("a first fragment too short for its total", ring.More|9, 100, 0)
	recv("fragments of nothing", ring.More|17, 0, 0)
	recv("fragments above MaxMessage", ring.More|17, 2<<10+1, 0)
	recv("fragments of 2^40 bytes", ring.More|17, 1, 1<<8)
	recv("a first fragment with all that there is", ring.More|17, 8, 0)
	recv("more fragments than the total", ring.More|17, 20, 0, 1, 1, 0, 17)
	recv("fewer fragments than the total", ring.More|17, 20, 0, 1, 1, 0, 5)
	recv("an unknown control record", ring.Ctrl|7)
	recv("a level that there is not", ring.Ctrl|(ring.Switch+3))
	recv("the level that it is", ring.Ctrl|ring.Switch)
	cfg.MaxMessage = 64 << 20
	recv("a record beyond the ring and below MaxMessage", 32<<20)
	recv("a record just beyond the ring", 4<<10-10)

	send := func(name string, tails ...uint64) {
		t.Helper()
		mine, peer := pair(t, cfg)
		var err error
		for _, tail := range tails {
			for range 3 { // of 504 bytes each in a ring of 4,096
				if err == nil {
					atomic.StoreUint64(&peer.rx.seg.control().Tail, tail)
					err = mine.Send(t.Context(), make([]byte, 500))
				}
			}
			for range 7 {
				if err == nil {
					err = mine.Send(t.Context(), make([]byte, 500))
				}
			}
		}
		if !errors.Is(err, ipc.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
	}
	send("more taken than sent", 1<<20)
	send("taken, and taken back", 2000, 8)
}

// TestScribblingPeerHarmsNothing scribbles while the victim is at work. A round ends in
// ErrCorrupt, or in nothing but timeouts when what was written over says that there is nothing
// to receive or no room; there must be some of the first kind.
func TestScribblingPeerHarmsNothing(t *testing.T) {
	corrupt, received := 0, 0
	for round := 0; round < 10 || corrupt < 3; round++ {
		if round == 200 {
			t.Fatalf("%d of %d rounds ended in ErrCorrupt, want 3 and more", corrupt, round)
		}
		mine, peer := pair(t, ipc.Config{Buffer: 4 << 10, MaxBuffer: 8 << 10, Timeout: 5 * time.Millisecond})
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			scribble(peer, stop, rand.New(rand.NewPCG(uint64(round), 1)))
		}()
		var err error
		for i, late := 0, 0; i < 500 && late < 10; i++ {
			if _, err = mine.Recv(context.Background(), nil); err == nil {
				received++
				err = mine.Send(context.Background(), make([]byte, i*10))
			}
			switch {
			case err == nil:
				late = 0
			case errors.Is(err, ipc.ErrTimeout):
				late++
			default:
				i = 500
			}
		}
		close(stop)
		<-done
		switch {
		case errors.Is(err, ipc.ErrCorrupt):
			corrupt++
		case err != nil && !errors.Is(err, ipc.ErrTimeout) && !errors.Is(err, ipc.ErrPeerClosed):
			t.Fatalf("round %d: %v", round, err)
		}
		_, _ = mine.Close(), peer.Close()
	}
	if received == 0 {
		t.Error("no message arrived: the victim was not at work")
	}
}

// scribble sends messages of c, and writes words over the memory of both directions in between,
// a third of them over the control pages.
func scribble(c *conn, stop <-chan struct{}, rnd *rand.Rand) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		seg := c.tx.seg
		if rnd.IntN(4) == 0 {
			seg = c.rx.seg
		}
		word := (*uint32)(unsafe.Add(seg.window, rnd.IntN(seg.total/4)*4))
		if rnd.IntN(3) == 0 {
			word = (*uint32)(unsafe.Add(seg.window, rnd.IntN(1024)*4))
		}
		atomic.StoreUint32(word, rnd.Uint32()>>rnd.IntN(32))
		_ = c.Send(context.Background(), make([]byte, rnd.IntN(9000)))
	}
}

// TestRecordIsSeenAfterItsBytes looks for a record that is seen before its bytes are, which a
// compiler that moves stores would make.
func TestRecordIsSeenAfterItsBytes(t *testing.T) {
	a, b := pair(t, ipc.Config{})
	ctx := t.Context()
	const n = 200_000
	sent := make(chan error, 1)
	go func() {
		p := make([]byte, 56)
		for i := range n {
			for k := range p {
				p[k] = byte(i)
			}
			if err := a.Send(ctx, p); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	var buf []byte
	for i := range n {
		var err error
		if buf, err = b.Recv(ctx, buf); err != nil {
			t.Fatal(err)
		}
		if want := bytes.Repeat([]byte{byte(i)}, 56); !bytes.Equal(buf, want) {
			t.Fatalf("message %d is %v", i, buf)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// TestRingGrowsAndShrinks: large messages move the sender to a larger ring, a quiet while moves
// it back, and the pages go.
func TestRingGrowsAndShrinks(t *testing.T) {
	a, b := pair(t, ipc.Config{})
	ctx := t.Context()
	trip := func(n int) {
		t.Helper()
		sent := make(chan error, 1)
		go func() { sent <- a.Send(ctx, make([]byte, n)) }()
		p, err := b.Recv(ctx, nil)
		if err := errors.Join(err, <-sent); err != nil || len(p) != n {
			t.Fatalf("%d of %d bytes, %v", len(p), n, err)
		}
	}
	pages := func() int { // of the segment, by mincore(2)
		vec := make([]byte, a.tx.seg.total/page()+1)
		_, _, e := unix.Syscall(unix.SYS_MINCORE, uintptr(a.tx.seg.window), uintptr(a.tx.seg.total), uintptr(unsafe.Pointer(&vec[0])))
		if e != 0 {
			t.Fatal(e)
		}
		return bytes.Count(vec, []byte{1})
	}
	size := func() int { // the shrinking timer may be at work
		a.tx.mu.Lock()
		defer a.tx.mu.Unlock()
		return a.tx.p.Cap()
	}
	trip(100)
	if c := size(); c != 64<<10 {
		t.Fatalf("the ring has %d bytes at first", c)
	}
	for range 20 {
		trip(1 << 20)
	}
	if c := size(); c != 4<<20 {
		t.Fatalf("the ring has %d bytes with messages of 1 MiB, want 4 MiB", c)
	}
	if n := pages(); n < 256 {
		t.Fatalf("%d pages in use after 1 MiB messages", n)
	}
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		b.Ready() // the receiver obeys the change when it looks
		if n := pages(); n <= 1+2*16 || !takesPages(t) && size() == 64<<10 {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("%d pages in use long after the last large message", pages())
		}
	}
	trip(100)
	trip(1 << 20)
	trip(100)
}

// TestRingShrinksUnderLightTraffic: a receiver that finds each message at once never finds the ring
// empty, and gives back only an eighth of a large one at a time. The sender shrinks all the same.
func TestRingShrinksUnderLightTraffic(t *testing.T) {
	a, b := pair(t, ipc.Config{})
	ctx := t.Context()
	trip := func(n, number int) {
		t.Helper()
		sent := make(chan error, 1)
		go func() { sent <- a.Send(ctx, bytes.Repeat([]byte{byte(number)}, n)) }()
		if n <= 64<<10 {
			if err := <-sent; err != nil { // it is there before it is looked for
				t.Fatal(err)
			}
			sent <- nil
		}
		p, err := b.Recv(ctx, nil)
		if err := errors.Join(err, <-sent); err != nil || !bytes.Equal(p, bytes.Repeat([]byte{byte(number)}, n)) {
			t.Fatalf("%d of %d bytes, %v, or others than were sent", len(p), n, err)
		}
	}
	for i := range 4 {
		trip(1<<20, i)
	}
	small := func() bool {
		a.tx.mu.Lock()
		defer a.tx.mu.Unlock()
		return a.tx.level == 0
	}
	if small() {
		t.Fatal("the ring has not grown")
	}
	trip(60<<10, 0) // more than half of the smallest ring, not given back
	for i := 0; !small(); i++ {
		if i == 6000 { // of 64 bytes with their headers: 1,200 more and an eighth would go back by itself
			t.Fatal("the ring does not shrink")
		}
		trip(60, i)
		time.Sleep(time.Millisecond)
	}
	for i := range 3000 { // more than the smallest ring holds
		trip(100, i)
	}
	trip(1<<20, 7)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerClosed) {
		t.Errorf("after the peer has closed: %v", err)
	}
}

// takesPages reports whether this system takes pages back that nobody needs, as an emulator does
// not.
func takesPages(t *testing.T) bool {
	t.Helper()
	g, fd, err := newSegment(shape{base: page(), levels: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer g.unmap()
	defer func() { _ = unix.Close(fd) }()
	first := (*byte)(g.rings[0])
	*first = 1
	g.whole = true // it stays mapped
	g.drop(0, true)
	return *first == 0
}

// TestRingIsNotReusedBeforeReceiverLeft: a ring that the receiver has not left yet is not
// written to again, for it frees the pages when it leaves.
func TestRingIsNotReusedBeforeReceiverLeft(t *testing.T) {
	a, b := pair(t, ipc.Config{})
	ctx := t.Context()
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	recv := func() {
		t.Helper()
		p, err := b.Recv(ctx, nil)
		if err != nil || !bytes.Equal(p, large) {
			t.Fatalf("%d bytes of %d, %v, or others than were sent", len(p), len(large), err)
		}
	}
	for range 3 {
		sent := make(chan error, 1)
		go func() { sent <- a.Send(ctx, large) }()
		recv()
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		b.Ready() // gives the space back
		for start := time.Now(); a.tx.p.Cap() > 64<<10; a.shrink() {
			if time.Since(start) > 20*time.Second {
				t.Fatal("the ring does not shrink")
			}
		}
		// The receiver does not look, so that it is in the large ring still.
		go func() { sent <- a.Send(ctx, large) }()
		time.Sleep(time.Millisecond)
		recv()
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
}

// TestRingGrowsForReceiverBehind: a receiver that is behind lets the ring grow before the sender
// waits, unless the size is fixed.
func TestRingGrowsForReceiverBehind(t *testing.T) {
	ctx := t.Context()
	fill := func(cfg ipc.Config, among, want int) {
		t.Helper()
		cfg.NoWait = true
		a, b := pair(t, cfg)
		for _, n := range []int{among + 1, among} { // once before the receiver has looked, once after
			b.Among(n)
			if b.Ready() {
				t.Fatal("ready before anything was sent")
			}
		}
		p, n := make([]byte, 1020), uint64(0)
		for {
			binary.LittleEndian.PutUint64(p, n)
			err := a.Send(ctx, p)
			if errors.Is(err, ipc.ErrFull) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		// Records have 1,024 bytes: the last ring is full but for one and some control records.
		if least := uint64(want/1024 - 2); n < least || n > uint64(want/1024) {
			t.Errorf("%d messages of 1 KiB fitted into rings of up to %d, want at least %d", n, want, least)
		}
		for i := range n {
			p, err := b.Recv(ctx, p)
			if err != nil || binary.LittleEndian.Uint64(p) != i {
				t.Fatalf("message %d of %d is %x, %v", i, n, p, err)
			}
		}
	}
	fill(ipc.Config{}, 0, 4<<20)
	fill(ipc.Config{}, 1, 4<<20)
	fill(ipc.Config{}, 4, 256<<10)
	fill(ipc.Config{}, 1000, 64<<10)
	fill(ipc.Config{MaxBuffer: 256 << 10}, 0, 256<<10)
	fill(ipc.Config{Fixed: true}, 0, 64<<10)
	fill(ipc.Config{Batch: ipc.Batch{Count: 8, Delay: -1}}, 0, 4<<20)
}

// TestTrySendGrowsRingForReadingReceiver: a receiver that is behind and reads on lets the ring
// grow for TrySend; one that does not is passed over.
func TestTrySendGrowsRingForReadingReceiver(t *testing.T) {
	a, b := pair(t, ipc.Config{MaxBuffer: 1 << 20})
	p, sent, taken := make([]byte, 1020), uint64(0), uint64(0) // records of 1,024 bytes
	try := func() bool {
		t.Helper()
		binary.LittleEndian.PutUint64(p, sent)
		err := a.TrySend(p)
		if err == nil {
			sent++
		} else if !errors.Is(err, ipc.ErrFull) {
			t.Fatalf("message %d: %v", sent, err)
		}
		return err == nil
	}
	fill := func(want int) {
		t.Helper()
		for try() {
		}
		if c := a.tx.p.Cap(); c != want {
			t.Fatalf("the ring has %d bytes when TrySend is refused after %d messages sent and %d taken, want %d", c, sent, taken, want)
		}
	}
	take := func(n int) {
		t.Helper()
		for range n {
			p, err := b.Recv(t.Context(), nil)
			if err != nil || binary.LittleEndian.Uint64(p) != taken {
				t.Fatalf("message %d of %d is %x, %v", taken, sent, p, err)
			}
			taken++
		}
	}
	fill(64 << 10) // deaf from the start
	fill(64 << 10)
	take(10)        // an eighth is given back, which is 8
	fill(128 << 10) // once for what was taken
	fill(128 << 10)
	for a.tx.p.Cap() < 1<<20 { // behind, and reading: one taken for three sent
		for range 3 {
			try()
		}
		take(1)
		if sent > 20_000 {
			t.Fatalf("the ring has %d bytes after %d messages sent and %d taken, want it to grow to 1 MiB", a.tx.p.Cap(), sent, taken)
		}
	}
	take(int(sent - taken))
	if !try() {
		t.Fatal("refused with nothing in the ring")
	}
	take(1)
	if err := a.TrySend(make([]byte, 300<<10)); !errors.Is(err, ipc.ErrTooLarge) {
		t.Fatalf("a message in parts: %v, want ErrTooLarge", err)
	}
}

// TestPeekGetsLargeMessagesInOnePiece: to a receiver that reads in place large messages soon
// come in one piece.
func TestPeekGetsLargeMessagesInOnePiece(t *testing.T) {
	a, b := pair(t, ipc.Config{})
	ctx := t.Context()
	const n = 1 << 20
	inRing := 0
	sent := make(chan error, 1)
	for i := range byte(10) {
		go func() { sent <- a.Send(ctx, bytes.Repeat([]byte{i}, n)) }()
		p, err := b.Peek(ctx)
		if err := errors.Join(err, <-sent); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p, bytes.Repeat([]byte{i}, n)) {
			t.Fatalf("message %d of %d bytes is not what was sent", i, len(p))
		}
		at, from := uintptr(unsafe.Pointer(&p[0])), uintptr(b.rx.seg.rings[b.rx.level])
		if at >= from && at < from+uintptr(2*b.rx.c.Cap()) {
			inRing++
		}
		b.Release()
	}
	if inRing < 9 { // the first one made the wish
		t.Errorf("%d of 10 messages were read in the ring, want 9", inRing)
	}
}

// TestIdleConnectionHoldsNoThread: who waits for long holds no thread and is woken all the same.
func TestIdleConnectionHoldsNoThread(t *testing.T) {
	const conns = 100
	ctx := t.Context()
	got := make(chan error, conns)
	var ends []*conn
	threads := func() int {
		l, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		return len(l)
	}
	before := threads()
	for range conns { // one after the other: in the first millisecond each does have a thread
		a, b := pair(t, ipc.Config{})
		ends = append(ends, a)
		go func() {
			_, err := b.Recv(ctx, nil)
			got <- err
		}()
		for start := time.Now(); atomic.LoadUint32(&a.tx.sleeper.Flag) != ring.OnSocket; time.Sleep(100 * time.Microsecond) {
			if time.Since(start) > 20*time.Second {
				t.Fatalf("receiver %d does not park", len(ends))
			}
		}
	}
	// The scheduler starts a thread when one is away in a system call, and keeps it: a few,
	// where each of 100 would be held.
	if n := threads(); n > before+conns/2 {
		t.Errorf("%d threads with %d idle connections, %d before", n, conns, before)
	} else {
		t.Logf("%d threads with %d idle connections, %d before, GOMAXPROCS %d", n, conns, before, runtime.GOMAXPROCS(0))
	}
	for _, a := range ends {
		if err := a.Send(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range conns {
		if err := <-got; err != nil {
			t.Fatal(err)
		}
	}
}

// TestCloseKeepsSlices: what Peek and Reserve handed out stays readable after Close, if not
// meaningful.
func TestCloseKeepsSlices(t *testing.T) {
	for range 20 {
		a, b := pair(t, ipc.Config{})
		ctx := t.Context()
		if err := a.Send(ctx, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		p, err := b.Peek(ctx)
		if err != nil {
			t.Fatal(err)
		}
		q, err := b.Reserve(ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(b.Close(), a.Close()); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for i := range p {
			sum += int(p[i])
		}
		for i := range q {
			q[i] = byte(sum)
		}
		b.Release()
		if err := b.Commit(100); !errors.Is(err, ipc.ErrClosed) {
			t.Fatalf("Commit after Close: %v", err)
		}
	}
	runtime.GC() // unmaps what was kept
}

// TestClosedConnectionLeavesNothing: the memory has no name, and is gone with the connection.
func TestClosedConnectionLeavesNothing(t *testing.T) {
	a, b := pair(t, ipc.Config{})
	maps := func() int {
		m, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(m), "memfd:ipc")
	}
	if maps() == 0 {
		t.Fatal("no memory is mapped while the connection is open")
	}
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	if n := maps(); n != 0 {
		t.Errorf("%d mappings after both closed", n)
	}
}

// TestShortWayMixesWithLongWay mixes what goes the short way through Send and Recv, 32 to 64
// bytes like the message before, with what must keep calls off it.
func TestShortWayMixesWithLongWay(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, cfg := range []ipc.Config{
		{},
		{Buffer: 4 << 10, Fixed: true},
		{Batch: ipc.Batch{Count: 5, Delay: -1}},
		{Batch: ipc.Batch{Bytes: 700, Delay: -1}},
	} {
		a, b := pair(t, cfg)
		rnd := rand.New(rand.NewPCG(3, 4))
		var buf []byte
		for round := range 1000 {
			short := context.Background()
			if round%2 > 0 {
				short = ctx // which can end
			}
			var want [][]byte
			send := func(n int) {
				t.Helper()
				p := bytes.Repeat([]byte{byte(round), byte(len(want)), byte(n)}, n/3+1)[:n]
				want = append(want, p)
				if err := a.Send(short, p); err != nil {
					t.Fatal(err)
				}
			}
			n := rnd.IntN(80)
			for range rnd.IntN(10) {
				send(n)
			}
			switch rnd.IntN(8) {
			case 0: // a reservation that a Send discards
				p, err := a.Reserve(ctx, 64)
				if err != nil {
					t.Fatal(err)
				}
				copy(p, "never sent")
				send(n)
				if err := a.Commit(8); err == nil {
					t.Fatal("Commit of what Send discarded returned nil")
				}
			case 1: // one that is committed
				p, err := a.Reserve(short, n+1)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, bytes.Clone(p))
				if err := a.Commit(n + 1); err != nil {
					t.Fatal(err)
				}
			case 2: // another ring
				if !cfg.Fixed && !cfg.Batch.Enabled() {
					send(100 << 10)
				}
			}
			if n := cfg.Batch.Count; short != ctx || n == 0 || len(want)%n != 0 { // else it has left by itself
				if err := a.Flush(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for i, w := range want {
				if rnd.IntN(8) == 0 {
					if _, err := b.Peek(short); err != nil {
						t.Fatal(err)
					}
				}
				got, err := b.Recv(short, buf)
				if err != nil || !bytes.Equal(got, w) {
					t.Fatalf("round %d: message %d of %d: %d bytes, want %d, %v", round, i, len(want), len(got), len(w), err)
				}
				if rnd.IntN(3) > 0 {
					buf = got
				} else {
					buf = make([]byte, rnd.IntN(70))
				}
			}
		}
	}
}

// TestShortWayWakes: what goes the short way wakes a receiver that sleeps for long.
func TestShortWayWakes(t *testing.T) {
	can, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for name, ctx := range map[string]context.Context{"endless": context.Background(), "can end": can} {
		a, b := pair(t, ipc.Config{})
		for range 3 { // like the one before
			if err := a.Send(ctx, make([]byte, 40)); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Recv(ctx, nil); err != nil {
				t.Fatal(err)
			}
		}
		got := make(chan error, 1)
		go func() { _, err := b.Recv(can, nil); got <- err }()
		time.Sleep(20 * time.Millisecond) // past its naps
		if err := errors.Join(a.Send(ctx, make([]byte, 40)), <-got); err != nil {
			t.Errorf("a message with a context that is %s: %v", name, err)
		}
	}
}

// TestShortWayKeepsLimits is about bounds below what goes the short way.
func TestShortWayKeepsLimits(t *testing.T) {
	a, b := pair(t, ipc.Config{MaxMessage: 40})
	ctx := context.Background()
	for range 100 {
		if err := a.Send(ctx, make([]byte, 40)); err != nil {
			t.Fatal(err)
		}
		if err := a.Send(ctx, make([]byte, 41)); !errors.Is(err, ipc.ErrTooLarge) {
			t.Fatalf("41 bytes, MaxMessage is 40: %v", err)
		}
		if p, err := b.Recv(ctx, nil); err != nil || len(p) != 40 {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
}

// TestContextEndsShortSleep: a call that sleeps on the futex does not sleep on when its context
// ends. A server of net/http, which ends a Read of its own after each request, waited for it.
func TestContextEndsShortSleep(t *testing.T) {
	mine, peer := pair(t, ipc.Config{Buffer: 4 << 10, Fixed: true})
	mine.nap = time.Hour
	if err := peer.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Recv(t.Context(), nil); err != nil { // it has met the peer
		t.Fatal(err)
	}
	var err error
	for err == nil { // until the ring is full
		err = mine.TrySend(make([]byte, 100))
	}
	for what, call := range map[string]struct {
		sleeper *ring.Sleeper
		f       func(context.Context) error
	}{
		"Recv": {&mine.rx.seg.control().Recv, func(ctx context.Context) error { _, err := mine.Recv(ctx, nil); return err }},
		"Send": {&mine.tx.seg.control().Send, func(ctx context.Context) error { return mine.Send(ctx, make([]byte, 500)) }},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- call.f(ctx) }()
		for start := time.Now(); atomic.LoadUint32(&call.sleeper.Flag) != ring.OnFutex; time.Sleep(time.Millisecond) {
			if time.Since(start) > patience {
				t.Fatalf("%s does not sleep", what)
			}
		}
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want that its context was cancelled", what, err)
			}
		case <-time.After(patience):
			t.Fatalf("%s sleeps on", what)
		}
	}
}

// TestRingsMappedFromTheDescriptor: where memory cannot be mapped again without its descriptor, all
// rings are mapped at once, each twice in a row, and a ring that was left can be used again.
func TestRingsMappedFromTheDescriptor(t *testing.T) {
	shape := shape{base: page(), levels: 3}
	first, fd, err := newSegment(shape)
	if err != nil {
		t.Fatal(err)
	}
	defer first.unmap()
	defer func() { _ = unix.Close(fd) }()
	window, err := unix.MmapPtr(fd, 0, nil, uintptr(shape.total()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	g := &segment{window: window, total: shape.total(), shape: shape}
	defer g.unmap()
	if err := g.mapRings(fd); err != nil {
		t.Fatal(err)
	}
	for level := range shape.levels {
		for _, free := range []bool{false, true} {
			mine, err := g.ring(level)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := first.ring(level)
			if err != nil {
				t.Fatal(err)
			}
			size := shape.size(level)
			*(*byte)(unsafe.Add(mine, size+7)) = byte(level + 1) // in the second
			if have := *(*byte)(unsafe.Add(theirs, 7)); have != byte(level+1) {
				t.Errorf("level %d: the other side reads %d, want %d", level, have, level+1)
			}
			g.drop(level, free)
		}
	}
}
