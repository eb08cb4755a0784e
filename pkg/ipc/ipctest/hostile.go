package ipctest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// scribbles is how many things a hostile peer does, over all its connections.
const scribbles = 2000

// The Timeout of who has a hostile peer, and what each call may take.
const (
	hostileTimeout = 4 * time.Millisecond
	hostileLimit   = 10 * hostileTimeout
)

// harmless are the errors that a hostile peer may cause.
var harmless = []error{
	ipc.ErrTimeout, ipc.ErrFull, ipc.ErrTooLarge, ipc.ErrCorrupt, ipc.ErrVersion, ipc.ErrPeerGone, ipc.ErrClosed,
}

// hostile has peers that write whatever they like, in a process of their own: over the memory that
// both map, or into the stream. Whatever they write, every call ends within ten times its Timeout,
// with a message or one of the errors of package ipc.
func (tr Transport) hostile(t *testing.T) {
	y, path := tallyOf(t)
	p := pace("IPC_TEST_SCRIBBLES", scribbles)
	v := victimised{t: t, late: watchStalls(t)}
	lives := 0
	for ; p.more(int(y.sent.Load())) && !t.Failed(); lives++ {
		cmd := command(tr, "hostile", path)
		configure(cmd, ipc.Config{Buffer: 4 << 10, MaxBuffer: 64 << 10, NoWait: true})
		c, err := tr.Spawn(cmd, ipc.Config{Buffer: 4 << 10, MaxBuffer: 64 << 10, Timeout: hostileTimeout})
		if err != nil {
			t.Fatal(err)
		}
		v.meet(c, rand.New(rand.NewPCG(uint64(lives), 3)), cmd)
	}
	t.Logf("%d scribbles on %d connections, %d calls, the longest took %v", y.sent.Load(), lives, v.calls.Load(), time.Duration(v.longest.Load()))
}

// victimised is who has hostile peers.
type victimised struct {
	t       *testing.T
	late    *stalls
	calls   atomic.Int64
	longest atomic.Int64 // ns of a call, without what the machine kept this process waiting
}

// meet uses the connection, both halves at once, until it has ended or nothing comes for a while,
// and closes it, now and then beside the calls. The peer is dead when it returns.
func (v *victimised) meet(c ipc.Conn, rnd *rand.Rand, cmd *exec.Cmd) {
	var halves sync.WaitGroup
	for _, half := range []func(ipc.Conn, *rand.Rand) (string, error){v.send, v.receive} {
		rnd := rand.New(rand.NewPCG(rnd.Uint64(), 4))
		halves.Go(func() {
			for late := 0; late < 10; {
				what, err := half(c, rnd)
				switch {
				case err == nil:
				case errors.Is(err, ipc.ErrTimeout), errors.Is(err, ipc.ErrFull), errors.Is(err, ipc.ErrTooLarge):
					late++
				default:
					if !isAny(err, harmless) {
						v.t.Errorf("%s: %v", what, err)
					}
					return
				}
			}
		})
	}
	if rnd.IntN(4) == 0 {
		time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond)
	} else {
		halves.Wait()
	}
	v.timed("Close", func() { _ = c.Close() })
	halves.Wait()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// isAny reports whether err is one of all.
func isAny(err error, all []error) bool {
	for _, a := range all {
		if errors.Is(err, a) {
			return true
		}
	}
	return false
}

// send makes one call of the sending half.
func (v *victimised) send(c ipc.Conn, rnd *rand.Rand) (what string, err error) {
	ctx := context.Background()
	switch rnd.IntN(5) {
	case 0:
		what = "TrySend"
		v.timed(what, func() { err = c.(ipc.Prober).TrySend(make([]byte, rnd.IntN(2000))) })
	case 1:
		what = "Reserve"
		v.timed(what, func() { _, err = c.Reserve(ctx, 1+rnd.IntN(20<<10)) })
		if err == nil {
			what = "Commit"
			v.timed(what, func() { err = c.Commit(1) })
		}
	case 2:
		what = "Flush"
		v.timed(what, func() { err = c.Flush(ctx) })
	default:
		n := rnd.IntN(3000)
		if rnd.IntN(4) == 0 {
			n = rnd.IntN(100 << 10)
		}
		what = fmt.Sprintf("Send of %d bytes", n)
		v.timed(what, func() { err = c.Send(ctx, make([]byte, n)) })
	}
	return what, err
}

// receive makes one call of the receiving half.
func (v *victimised) receive(c ipc.Conn, rnd *rand.Rand) (what string, err error) {
	ctx := context.Background()
	switch rnd.IntN(8) {
	case 0:
		what = "Peek"
		v.timed(what, func() { _, err = c.Peek(ctx); c.Release() })
	case 1, 2, 3:
		what = "TryPeek"
		v.timed(what, func() { _, _, err = c.(ipc.Prober).TryPeek(); c.Release() })
		time.Sleep(time.Duration(rnd.IntN(100)) * time.Microsecond)
	case 4:
		what = "Watch"
		short, cancel := context.WithTimeout(ctx, hostileTimeout)
		defer cancel()
		v.timed(what, func() { err = c.(ipc.Prober).Watch(short) })
	case 5:
		what = "Recv into a buffer"
		v.timed(what, func() { _, err = c.Recv(ctx, make([]byte, 1<<20)) })
	default:
		what = "Recv"
		v.timed(what, func() { _, err = c.Recv(ctx, nil) })
	}
	return what, err
}

// timed makes a call and fails the test if it takes longer than hostileLimit, not counting what
// the machine kept this process from running.
func (v *victimised) timed(what string, call func()) {
	idle, waited, start := v.late.sum(), queued(), time.Now()
	call()
	took := time.Since(start)
	v.calls.Add(1)
	all := took
	if took > hostileLimit {
		time.Sleep(2 * pulse) // a stall that has only just ended is added too
	}
	if took -= max(v.late.sum()-idle, queued()-waited); took > hostileLimit {
		v.t.Errorf("%s took %v, %v of which this machine ran, with a Timeout of %v", what, all, took, hostileTimeout)
	}
	for longest := v.longest.Load(); int64(took) > longest && !v.longest.CompareAndSwap(longest, int64(took)); {
		longest = v.longest.Load()
	}
}
