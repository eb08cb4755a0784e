package pattern

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// recvHalf is the state of the receiving half.
type recvHalf struct {
	at    int     // whose turn it is
	taken int     // messages it had in this turn
	held  *member // whose message Peek has handed out
	polls int     // how many looks at everyone have lately paid
}

// How a group waits.
const (
	turn     = 64 // messages in a row from one member
	pollsMin = 2  // keeps noticing when polling begins to pay
	pollsMax = 64 // looks at all members, with a yield in each: tens of microseconds
	quick    = 32 // looks before the first yield: less than a microsecond in shared memory
	// missesMax is after how many looks in vain a member is watched though the group is busy: a
	// look at a socket is a system call.
	missesMax = 256
)

// Recv takes the next message of any member, in order for each, and returns it in buf's array if
// it fits there. A *MemberError reports a member that is gone, once, after its last message; the
// group is usable after it. ErrNoMembers: all are reported.
func (g *Group) Recv(ctx context.Context, buf []byte) (from string, p []byte, err error) {
	from, p, err = g.Peek(ctx)
	if err != nil {
		return "", buf[:0], err
	}
	if len(p) <= copyMax {
		buf = append(buf[:0], p...)
		g.Release()
		return from, buf, nil
	}
	m := g.rx.held
	g.rx.held = nil
	if buf, err = m.conn.Recv(ctx, buf); err != nil { // the context has just ended, or Close came
		return "", buf, m.failed(err)
	}
	add(&m.received)
	return from, buf, nil
}

// copyMax is up to how many bytes Recv copies what it has looked at. The connection may be able
// to hand a larger one over.
const copyMax = 4 << 10

// Peek returns the next message of any member in its connection's memory without taking it: a
// second Peek returns the same. It is valid until Release. Errors are those of Recv.
func (g *Group) Peek(ctx context.Context) (from string, p []byte, err error) {
	r := &g.rx
	for {
		if wait.Ended(ctx) {
			return "", nil, wait.Error(ctx, "recv", "group")
		}
		m := r.held
		if m != nil {
			p, err = m.conn.Peek(context.Background()) // it is there
		} else if m, p, err = g.next(ctx); m == nil {
			return "", nil, err
		}
		if err == nil {
			r.held = m
			return m.name, p, nil
		}
		r.held = nil
		if err := g.lost(m, err); err != nil {
			return "", nil, err
		}
	}
}

// Release takes the message Peek returned. Without one it does nothing.
func (g *Group) Release() {
	if m := g.rx.held; m != nil {
		g.rx.held = nil
		m.conn.Release()
		add(&m.received)
	}
}

// lost drops a member that can receive no more, and returns its report, nil when it was dropped
// already.
func (g *Group) lost(m *member, err error) error {
	if !fatal(context.Background(), err) {
		return m.failed(err)
	}
	if !g.remove(m) {
		return nil
	}
	if e := m.conn.Close(); e != nil && !errors.Is(e, ipc.ErrPeerGone) {
		err = fmt.Errorf("%w; then %w", err, e)
	}
	return m.failed(err)
}

// next returns the member whose message is next and the message, or what its connection ended with.
func (g *Group) next(ctx context.Context) (*member, []byte, error) {
	r := &g.rx
	list := g.set.Load().list
	if r.taken < turn && r.at < len(list) {
		if m := list[r.at]; !m.watched.Load() {
			if p, ok, err := m.peek(); ok || err != nil {
				r.taken++
				return m, p, err
			}
		}
	}
	return g.search(ctx)
}

// search looks at all members until one is ready.
func (g *Group) search(ctx context.Context) (*member, []byte, error) {
	r := &g.rx
	end := time.Time{} // of Options.Timeout, which begins with the first wait and goes on through the others
	for looks := 0; ; {
		if err := wait.Error(ctx, "recv", "group"); err != nil {
			return nil, nil, err
		}
		list := g.set.Load().list
		if len(list) == 0 {
			return nil, nil, fmt.Errorf("recv: %w", g.nobody(ErrNoMembers))
		}
		if m, p, err := g.scan(list); m != nil {
			if looks > 0 {
				r.polls = min(2*r.polls, pollsMax)
			}
			return m, p, err
		}
		switch looks++; {
		case len(list) < g.cores && looks < quick && r.polls > pollsMin: // somebody may be making the answer on another core
		case looks < r.polls:
			cores.Yield(g.cores == 1)
		default:
			r.polls = max(r.polls/2, pollsMin)
			if end.IsZero() && g.timeout > 0 {
				end = time.Now().Add(g.timeout)
			}
			if err := g.park(ctx, list, end); err != nil {
				return nil, nil, err
			}
			looks = 0
		}
	}
}

// scan looks at each member once, beginning behind the one that had its turn.
func (g *Group) scan(list []*member) (*member, []byte, error) {
	r := &g.rx
	for range list {
		if r.at++; r.at >= len(list) {
			r.at = 0
		}
		m := list[r.at]
		if m.watched.Load() {
			continue
		}
		if p, ok, err := m.peek(); ok || err != nil {
			m.misses, r.taken = 0, 1
			return m, p, err
		}
		if m.misses++; m.misses >= missesMax {
			g.watch(m)
		}
	}
	r.taken = turn
	return nil, nil, nil
}

// park waits until a member may be ready, each in its own transport's way, or until end, if it
// is not zero.
func (g *Group) park(ctx context.Context, list []*member, end time.Time) error {
	for _, m := range list {
		if !m.watched.Load() {
			g.watch(m)
		}
	}
	var late <-chan time.Time
	if !end.IsZero() {
		t := time.NewTimer(time.Until(end))
		defer t.Stop()
		late = t.C
	}
	select {
	case <-g.bell:
		return nil
	case <-ctx.Done():
		return wait.Error(ctx, "recv", "group")
	case <-late:
		return fmt.Errorf("recv on group: %w", ipc.ErrTimeout)
	}
}

// watch gives the receiving half of m's connection to a goroutine until it is ready.
func (g *Group) watch(m *member) {
	m.misses = 0
	m.watched.Store(true)
	if m.look == nil {
		m.look = make(chan struct{}, 1)
		go g.watcher(m)
	}
	m.look <- struct{}{}
}

// watcher waits for m as often as it is told to, and takes nothing.
func (g *Group) watcher(m *member) {
	for {
		select {
		case <-m.look:
		case <-m.left:
			return
		}
		for errors.Is(m.watch(context.Background()), ipc.ErrTimeout) {
		}
		m.watched.Store(false)
		g.ring()
	}
}
