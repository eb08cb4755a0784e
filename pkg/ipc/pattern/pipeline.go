package pattern

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Relay receives from in, applies step to each message and sends what it returns to out, until in's peer closes: then it returns
// nil. A nil step passes messages on as they are; one that returns nil (and not an empty slice) swallows the message. The slice given to step
// is valid during the call and may be changed and returned. A batch of out is sent whenever in has nothing more. A slow out holds the relay
// back, whatever the Timeout and NoWait of the connections.
//
// An error is one of step's, or a *MemberError named "in" or "out" with the messages taken so far. The message
// in hand at that moment is lost. Relay closes neither connection.
func Relay(ctx context.Context, in, out ipc.Conn, step func(p []byte) ([]byte, error)) error {
	return relay(ctx, &member{name: "in", conn: in}, &member{name: "out", conn: out}, step)
}

func relay(ctx context.Context, in, out *member, step func(p []byte) ([]byte, error)) error {
	for {
		if !in.conn.Ready() {
			if err := out.conn.Flush(ctx); err != nil {
				return out.failed(err)
			}
		}
		p, err := in.conn.Peek(ctx)
		if errors.Is(err, ipc.ErrTimeout) && ctx.Err() == nil {
			continue // nothing to pass on within Config.Timeout is no fault of a relay
		}
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return in.failed(err)
		}
		add(&in.received)
		if step != nil {
			p, err = step(p)
		}
		if err == nil && (p != nil || step == nil) {
			err = pass(ctx, out, p)
		}
		in.conn.Release()
		if err != nil {
			return err
		}
	}
}

// pass sends p, for as long as ctx lets it: a slow out holds a relay back, whatever the connection's own limits are.
func pass(ctx context.Context, out *member, p []byte) error {
	for {
		err := out.conn.Send(ctx, p)
		switch {
		case err == nil:
			add(&out.sent)
			return nil
		case ctx.Err() != nil || fatal(ctx, err) || errors.Is(err, ipc.ErrTooLarge):
			return out.failed(err)
		case errors.Is(err, ipc.ErrFull):
			time.Sleep(napMin)
		}
	}
}

// Pipeline sends messages through processes one after the other. Each stage is a child or other peer with one connection: it
// receives, works, and sends what it makes, any number of messages for each. This process passes them on from stage to stage, which
// works over every transport; stages that know each other's addresses call Relay between them and spare that hop.
//
// One goroutine at a time may use Send, and one Recv. A slow stage holds all before it back, in the end Send.
type Pipeline struct {
	stages []*member
	life   context.Context
	end    context.CancelCauseFunc
	relays sync.WaitGroup
	closed sync.Once

	told bool            // Recv has reported the failure
	base context.Context // the context of the last Recv that waited,
	wait context.Context // and one that ends with it or with life
	stop func()
}

// NewPipeline starts passing messages from each stage to the next. It owns the connections, unless it returns an error.
func NewPipeline(stages ...Member) (*Pipeline, error) {
	if len(stages) == 0 {
		return nil, fmt.Errorf("start pipeline: %w", ErrNoMembers)
	}
	p := &Pipeline{stop: func() {}}
	p.life, p.end = context.WithCancelCause(context.Background())
	for _, s := range stages {
		if s.Conn == nil {
			return nil, fmt.Errorf("start pipeline: stage %s has no connection", s.Name)
		}
		p.stages = append(p.stages, &member{name: s.Name, conn: s.Conn})
	}
	for i, in := range p.stages[:len(p.stages)-1] {
		p.relays.Go(func() {
			err := relay(p.life, in, p.stages[i+1], nil)
			if err == nil { // it left in order, which a stage has no business to do
				err = in.failed(ipc.ErrPeerClosed)
			}
			p.end(err)
		})
	}
	return p, nil
}

// Send gives b to the first stage. When a stage has failed, the error is its *MemberError.
func (p *Pipeline) Send(ctx context.Context, b []byte) error {
	if p.life.Err() != nil {
		return context.Cause(p.life)
	}
	m := p.stages[0]
	if err := m.conn.Send(ctx, b); err != nil {
		return p.failed(ctx, m, err)
	}
	add(&m.sent)
	return nil
}

// Flush sends the first stage's open batch.
func (p *Pipeline) Flush(ctx context.Context) error {
	m := p.stages[0]
	if err := m.conn.Flush(ctx); err != nil {
		return p.failed(ctx, m, err)
	}
	return nil
}

// Recv takes the next message from the last stage, as Conn.Recv does. When a stage has failed it reports that as a
// *MemberError as soon as no message is there, once: from then on Recv waits for what was behind that stage already, as
// long as the caller, who knows what is missing, gives it a context for.
func (p *Pipeline) Recv(ctx context.Context, buf []byte) ([]byte, error) {
	m := p.stages[len(p.stages)-1]
	if !p.told && !m.conn.Ready() {
		ctx = p.waiting(ctx)
	}
	b, err := m.conn.Recv(ctx, buf)
	switch {
	case err == nil:
		add(&m.received)
		return b, nil
	case p.life.Err() != nil && !p.told:
		p.told = true
		return b, context.Cause(p.life)
	}
	return b, p.failed(ctx, m, err)
}

// waiting is a context that ends with ctx or with the pipeline. It is kept: a loop with one context makes one.
func (p *Pipeline) waiting(ctx context.Context) context.Context {
	if p.base == ctx {
		return p.wait
	}
	p.stop()
	wait, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(p.life, func() { cancel(context.Cause(p.life)) })
	p.base, p.wait = ctx, wait
	p.stop = func() {
		unhook()
		cancel(nil)
	}
	return wait
}

// failed is m's report. An error that ends its connection ends the pipeline.
func (p *Pipeline) failed(ctx context.Context, m *member, err error) error {
	if !fatal(ctx, err) {
		return m.failed(err)
	}
	if p.life.Err() == nil {
		p.end(m.failed(err))
	}
	return context.Cause(p.life)
}

// Close closes all stages' connections and ends the passing on. Messages under way are lost: receive all before. A second Close does
// nothing and returns nil.
func (p *Pipeline) Close() (err error) {
	p.closed.Do(func() {
		p.end(fmt.Errorf("pipeline: %w", ipc.ErrClosed))
		var errs []error
		for _, m := range p.stages {
			if e := m.conn.Close(); e != nil {
				errs = append(errs, m.failed(e))
			}
		}
		p.relays.Wait()
		err = errors.Join(errs...)
	})
	return err
}
