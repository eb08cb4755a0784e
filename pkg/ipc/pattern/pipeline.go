package pattern

import (
	"context"
	"fmt"
	"sync"

	"github.com/descartes/regress/pkg/ipc"
)

// Pipeline sends messages through processes one after the other. Each stage is a child or other
// peer with one connection: it receives, works, and sends what it makes, any number of messages
// for each. This process passes them on from stage to stage, which works over every transport;
// stages that know each other's addresses call Relay between them and spare that hop.
//
// One goroutine at a time may use Send and Flush, and one Recv. A slow stage holds all before it
// back, in the end Send.
type Pipeline struct {
	pump *pump
	once sync.Once

	tx, rx tied // of Send and Flush, and of Recv
	told   bool // Recv has reported the failure
}

// tied makes contexts that end with the caller's or with a failure of the pipeline. It keeps the
// last: a loop with one context makes one.
type tied struct {
	base, wait context.Context
	stop       func()
}

// NewPipeline starts passing messages from each stage to the next. It owns the connections,
// unless it returns an error.
func NewPipeline(stages ...Member) (*Pipeline, error) {
	if len(stages) == 0 {
		return nil, fmt.Errorf("start pipeline: %w", ErrNoMembers)
	}
	g, err := New(Options{}, stages...)
	if err != nil {
		return nil, fmt.Errorf("start pipeline: %w", err)
	}
	return &Pipeline{pump: startPump(g)}, nil
}

// Send gives b to the first stage. When a stage has failed, or does while Send waits, the error
// is its *MemberError.
func (p *Pipeline) Send(ctx context.Context, b []byte) error {
	if err := p.pump.failure(); err != nil {
		return err
	}
	m := p.pump.stages[0]
	if err := m.conn.Send(p.tx.until(ctx, p.pump), b); err != nil {
		return p.unsent(ctx, m, err)
	}
	add(&m.sent)
	return nil
}

// Flush sends the first stage's open batch. Its errors are those of Send.
func (p *Pipeline) Flush(ctx context.Context) error {
	if err := p.pump.failure(); err != nil {
		return err
	}
	m := p.pump.stages[0]
	if err := m.conn.Flush(p.tx.until(ctx, p.pump)); err != nil {
		return p.unsent(ctx, m, err)
	}
	return nil
}

// Recv takes the next message from the last stage, as Conn.Recv does. When a stage has failed,
// it returns that stage's *MemberError as soon as no message is there, once. Later calls return
// what had already passed the failed stage; bound them with ctx.
func (p *Pipeline) Recv(ctx context.Context, buf []byte) ([]byte, error) {
	m := p.pump.stages[len(p.pump.stages)-1]
	if !p.told && !m.conn.Ready() {
		ctx = p.rx.until(ctx, p.pump)
	}
	b, err := m.conn.Recv(ctx, buf)
	if err == nil {
		add(&m.received)
		return b, nil
	}
	if failure := p.pump.failure(); failure != nil && !p.told {
		p.told = true
		return b, failure
	}
	return b, p.failed(ctx, m, err)
}

// until returns a context that ends with ctx or with a failure of u.
func (t *tied) until(ctx context.Context, u *pump) context.Context {
	if t.base == ctx {
		return t.wait
	}
	if t.stop != nil {
		t.stop()
	}
	both, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(u.life, func() { cancel(u.failure()) })
	t.base, t.wait = ctx, both
	t.stop = func() {
		unhook()
		cancel(nil)
	}
	return both
}

// unsent returns the error of Send and Flush: the failure that ended the wait, if there is one.
func (p *Pipeline) unsent(ctx context.Context, m *member, err error) error {
	if failure := p.pump.failure(); failure != nil {
		return failure
	}
	return p.failed(ctx, m, err)
}

// failed returns m's report. An error that ends its connection ends the pipeline.
func (p *Pipeline) failed(ctx context.Context, m *member, err error) error {
	if !fatal(ctx, err) {
		return m.failed(err)
	}
	p.pump.end(m.failed(err))
	return p.pump.failure()
}

// Close closes all stages' connections and ends the passing on. Messages under way are lost:
// receive all before. A second Close does nothing and returns nil.
func (p *Pipeline) Close() (err error) {
	p.once.Do(func() {
		p.pump.end(fmt.Errorf("pipeline: %w", ipc.ErrClosed))
		p.pump.quit()
		err = p.pump.group.Close()
		p.pump.done.Wait()
	})
	return err
}

// failure returns the first failure, nil while all is well.
func (u *pump) failure() error {
	if u.life.Err() == nil {
		return nil
	}
	return context.Cause(u.life)
}
