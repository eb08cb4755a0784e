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

// sendHalf is the state of the sending half.
type sendHalf struct {
	turn int // whose turn it is in SendAny
	late []*member
}

// Send sends p to one member. The error is a *MemberError but for ErrUnknown.
func (g *Group) Send(ctx context.Context, to string, p []byte) error {
	m := g.set.Load().byName[to]
	if m == nil {
		return fmt.Errorf("send to %s: %w", to, g.nobody(ErrUnknown))
	}
	if m.gone != nil {
		return m.failed(m.gone)
	}
	var err error
	if g.noWait {
		err = g.try(m, p)
	} else {
		err = g.put(ctx, m, p)
	}
	if err != nil {
		return m.failed(err)
	}
	return nil
}

// put sends p to m and waits if it must.
func (g *Group) put(ctx context.Context, m *member, p []byte) error {
	return m.sentOr(ctx, m.conn.Send(ctx, p))
}

// try sends p to m without waiting.
func (g *Group) try(m *member, p []byte) error {
	if g.noWait { // the connection's own configuration says the same
		return g.put(context.Background(), m, p)
	}
	return m.sentOr(context.Background(), m.try(p))
}

// sentOr counts a message sent, or gives up a member that cannot be sent to any more.
func (m *member) sentOr(ctx context.Context, err error) error {
	if err == nil {
		add(&m.sent)
	} else if fatal(ctx, err) {
		m.gone = err
	}
	return err
}

// nobody returns err, unless the group is closed.
func (g *Group) nobody(err error) error {
	if g.closed.Load() {
		return ipc.ErrClosed
	}
	return err
}

// SendAny sends p to one member: the next in turn that has room. It returns its name. Members
// that turn out to be dead lose their turn, and Recv reports them. When all are full it waits
// for any, or returns ErrFull with Options.NoWait. A message too large to be sent without waiting
// waits for the member in turn.
func (g *Group) SendAny(ctx context.Context, p []byte) (to string, err error) {
	if err := wait.Error(ctx, "send", "group"); err != nil {
		return "", err
	}
	m, err := g.offer(p)
	if errors.Is(err, ipc.ErrFull) && !g.noWait {
		m, err = g.await(ctx, p)
	}
	if errors.Is(err, ipc.ErrTooLarge) && !g.noWait {
		if err = g.put(ctx, m, p); fatal(ctx, err) {
			return g.SendAny(ctx, p) // with one member fewer
		}
	}
	switch {
	case err == nil:
		return m.name, nil
	case m != nil:
		return "", m.failed(err)
	}
	return "", fmt.Errorf("send to any: %w", err)
}

// offer tries everyone once, beginning with whose turn it is. ErrFull: all are. ErrTooLarge
// comes with the member.
func (g *Group) offer(p []byte) (*member, error) {
	list := g.set.Load().list
	err := g.nobody(ErrNoMembers)
	for range list {
		g.tx.turn++
		if g.tx.turn >= len(list) {
			g.tx.turn = 0
		}
		m := list[g.tx.turn]
		if m.gone != nil {
			continue
		}
		switch e := g.try(m, p); {
		case e == nil:
			return m, nil
		case errors.Is(e, ipc.ErrTooLarge):
			return m, e
		case errors.Is(e, ipc.ErrFull):
			err = ipc.ErrFull
		}
	}
	return nil, err
}

// How long a sender that every member holds back waits between two looks. No connection can wake
// it, for it waits for any of them: it gives its core away some times, then sleeps for a time
// that doubles.
const (
	sendYields = 50
	napMin     = 50 * time.Microsecond
	napMax     = time.Millisecond
)

// await offers p until somebody takes it.
func (g *Group) await(ctx context.Context, p []byte) (*member, error) {
	for range sendYields {
		cores.Yield(g.cores == 1)
		if m, err := g.offer(p); !errors.Is(err, ipc.ErrFull) {
			return m, err
		}
	}
	if g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.timeout)
		defer cancel()
	}
	t := time.NewTimer(napMin)
	defer t.Stop()
	for nap := napMin; ; nap = min(2*nap, napMax) {
		t.Reset(nap)
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, wait.Error(ctx, "wait for room", "every member")
		}
		if m, err := g.offer(p); !errors.Is(err, ipc.ErrFull) {
			return m, err
		}
	}
}

// SendAll sends p to every member. Those with room have it before it waits for the slow ones,
// for Options.Timeout in all. The error is Undelivered, naming who did not get it, or
// ErrNoMembers. What went to the others stays sent: repeat with Send.
func (g *Group) SendAll(ctx context.Context, p []byte) error {
	if err := wait.Error(ctx, "send", "group"); err != nil {
		return err
	}
	var failed Undelivered
	late, any := g.tx.late[:0], false
	for _, m := range g.set.Load().list {
		if m.gone != nil {
			continue
		}
		any = true
		err := g.try(m, p)
		switch {
		case err == nil:
		case !g.noWait && (errors.Is(err, ipc.ErrFull) || errors.Is(err, ipc.ErrTooLarge)):
			late = append(late, m)
		default:
			failed = append(failed, m.failed(err))
		}
	}
	if len(late) > 0 {
		failed = g.sendLate(ctx, late, p, failed)
		clear(late)
	}
	g.tx.late = late[:0]
	switch {
	case len(failed) > 0:
		return failed
	case !any:
		return fmt.Errorf("send to all: %w", g.nobody(ErrNoMembers))
	}
	return nil
}

// How long one of several late members is waited for before the next has a turn. It doubles, so
// that a message that takes long to receive is done with at some time, and the first turns of
// all take half the time there is.
const (
	lateMin = time.Millisecond
	lateMax = 20 * time.Millisecond // at first: a healthy member needs less, and repeating a large message costs
)

// sendLate sends to those that had no room at first, in turns: one that takes nothing must not
// use up the time of the others, who are late only because the message is too large to be tried.
func (g *Group) sendLate(ctx context.Context, late []*member, p []byte, failed Undelivered) Undelivered {
	if g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.timeout)
		defer cancel()
	}
	for most := lateMax; len(late) > 0; most *= 2 {
		slice := most
		if end, ok := ctx.Deadline(); ok {
			slice = max(lateMin, min(most, time.Until(end)/time.Duration(2*len(late))))
		}
		again := late[:0]
		for _, m := range late {
			more, err := g.sendSlice(ctx, m, p, slice, len(late) > 1)
			if more {
				again = append(again, m)
			} else if err != nil {
				failed = append(failed, m.failed(err))
			}
		}
		late = again
	}
	return failed
}

// sendSlice sends p to m, for a slice of the time if others wait as well: more says that this
// was not enough.
func (g *Group) sendSlice(ctx context.Context, m *member, p []byte, slice time.Duration, others bool) (more bool, err error) {
	err = g.try(m, p) // while another was waited for, it may have made room
	if !errors.Is(err, ipc.ErrFull) && !errors.Is(err, ipc.ErrTooLarge) {
		return false, err
	}
	if !others {
		return false, g.put(ctx, m, p)
	}
	short, cancel := context.WithTimeout(ctx, slice)
	defer cancel()
	err = g.put(short, m, p)
	return errors.Is(err, ipc.ErrTimeout) && short.Err() != nil && ctx.Err() == nil, err
}

// Flush sends the open batches of all members, first of those that need not be waited for. It waits
// for the others for Options.Timeout in all. The error is Undelivered.
func (g *Group) Flush(ctx context.Context) error {
	var failed Undelivered
	note := func(m *member, err error) {
		if fatal(ctx, err) {
			m.gone = err
		}
		if err != nil {
			failed = append(failed, m.failed(err))
		}
	}
	late := g.tx.late[:0]
	for _, m := range g.set.Load().list {
		if m.gone != nil {
			continue
		}
		if err := m.flush(ctx); errors.Is(err, ipc.ErrFull) {
			late = append(late, m)
		} else {
			note(m, err)
		}
	}
	if len(late) > 0 && g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.timeout)
		defer cancel()
	}
	for _, m := range late {
		note(m, m.conn.Flush(ctx))
	}
	clear(late)
	g.tx.late = late[:0]
	if len(failed) > 0 {
		return failed
	}
	return nil
}
