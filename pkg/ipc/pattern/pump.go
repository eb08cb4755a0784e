package pattern

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// pump passes messages on between stages. It is one goroutine for all of them, which looks at
// them as a group does: as many that wait by themselves would keep each other from the cores.
type pump struct {
	stages []*member
	edges  []edge // edges[i] is from stage i to i+1
	first  int    // the first edge in use: one before is broken
	group  *Group

	life context.Context // ends with the first failure
	end  context.CancelCauseFunc
	run  context.Context // ends with Close
	quit context.CancelFunc
	done sync.WaitGroup
}

// edge is the way from one stage to the next.
type edge struct {
	unsent bool       // perhaps there is an open batch
	large  chan error // a message is sent that had to be waited for: its result; nil when there is none
}

// startPump starts passing messages on between the members of g, which are the stages in order.
func startPump(g *Group) *pump {
	u := &pump{stages: g.set.Load().list, group: g}
	u.edges = make([]edge, len(u.stages)-1)
	u.life, u.end = context.WithCancelCause(context.Background())
	u.run, u.quit = context.WithCancel(context.Background())
	if len(u.edges) > 0 {
		u.done.Go(u.loop)
	}
	return u
}

// loop passes messages on until Close, or until no edge is left.
func (u *pump) loop() {
	g := u.group
	nap := napMin
	for looks := 0; u.run.Err() == nil && u.first < len(u.edges); {
		moved, held := false, false
		for i := len(u.edges) - 1; i >= u.first; i-- { // from the end: that makes room for those before
			m, h := u.pass(i)
			moved, held = moved || m, held || h
		}
		if moved {
			looks, nap = 0, napMin
			continue
		}
		switch looks++; {
		case looks < pollsMax/2:
			cores.Yield(g.cores == 1)
		case held: // nothing tells when a full stage has room
			time.Sleep(nap)
			nap = min(2*nap, napMax)
		default:
			looks = 0
			_ = g.park(u.run, u.watchable(), time.Time{})
		}
	}
}

// watchable returns the stages whose messages are waited for.
func (u *pump) watchable() []*member {
	var list []*member
	for i := u.first; i < len(u.edges); i++ {
		if u.edges[i].large == nil {
			list = append(list, u.stages[i])
		}
	}
	return list
}

// pass passes some messages on from stage i. It returns whether it did, and whether one is held up.
func (u *pump) pass(i int) (moved, held bool) {
	in, out, e := u.stages[i], u.stages[i+1], &u.edges[i]
	if in.watched.Load() {
		return false, false
	}
	if e.large != nil {
		select {
		case err := <-e.large:
			e.large = nil
			u.passed(i, err)
			return true, false
		default:
			return false, false
		}
	}
	for range turn {
		if !in.conn.Ready() {
			if e.unsent {
				e.unsent = false
				if err := out.flush(u.run); fatal(u.run, err) { // no wait: the stage may itself wait until this goroutine takes what it made
					u.broken(i, out, err)
				}
			}
			return moved, false
		}
		p, err := in.conn.Peek(u.run)
		if err != nil {
			u.broken(i, in, err) // also when it closed in order: a stage has no business to leave
			return true, false
		}
		switch err = out.try(p); {
		case errors.Is(err, ipc.ErrFull):
			return moved, true
		case errors.Is(err, ipc.ErrTooLarge):
			e.large = make(chan error, 1)
			go func() { // not here: the stage may have to be relieved of its own messages first
				e.large <- send(u.run, out.conn, p)
				u.group.ring()
			}()
			return true, false
		}
		if u.passed(i, err); err != nil {
			return true, false
		}
		moved, e.unsent = true, true
	}
	return moved, false
}

// passed takes the message that was passed on from stage i, if err is nil.
func (u *pump) passed(i int, err error) {
	in, out := u.stages[i], u.stages[i+1]
	in.conn.Release()
	add(&in.received)
	if err != nil {
		u.broken(i, out, err)
		return
	}
	add(&out.sent)
}

// broken reports m, at one of the ends of edge i, unless the pipeline is closed. What is behind
// that edge goes on, messages included that a dead stage had sent.
func (u *pump) broken(i int, m *member, err error) {
	if u.run.Err() == nil {
		u.end(m.failed(err))
		u.first = max(u.first, i+1)
	}
}
