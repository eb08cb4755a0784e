package pattern

import (
	"context"
	"errors"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Relay receives from in, applies step to each message and sends what it returns to out, until
// in's peer closes: then it returns nil. A nil step passes messages on as they are; one that
// returns nil (and not an empty slice) swallows the message. The slice given to step is valid
// during the call and may be changed and returned. A batch of out is sent whenever in has
// nothing more. A slow out holds the relay back, whatever the Timeout and NoWait of the
// connections.
//
// An error is one of step's, or a *MemberError named "in" or "out" with the messages taken so
// far. The message in hand at that moment is lost. Relay closes neither connection.
func Relay(ctx context.Context, in, out ipc.Conn, step func(p []byte) ([]byte, error)) error {
	return relay(ctx, &member{name: "in", conn: in}, &member{name: "out", conn: out}, step)
}

// relay does what Relay does, and counts in in and out.
func relay(ctx context.Context, in, out *member, step func(p []byte) ([]byte, error)) error {
	for {
		if !in.conn.Ready() {
			if err := flush(ctx, out.conn); err != nil {
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
			if err = send(ctx, out.conn, p); err != nil {
				err = out.failed(err)
			} else {
				add(&out.sent)
			}
		}
		in.conn.Release()
		if err != nil {
			return err
		}
	}
}

// send sends p, for as long as ctx lets it: a slow receiver holds a relay back, whatever the
// connection's own limits are.
func send(ctx context.Context, conn ipc.Conn, p []byte) error {
	for {
		err := conn.Send(ctx, p)
		if err == nil || ctx.Err() != nil || fatal(ctx, err) || errors.Is(err, ipc.ErrTooLarge) {
			return err
		}
		if errors.Is(err, ipc.ErrFull) {
			time.Sleep(napMin)
		}
	}
}

// flush does what send does for an open batch.
func flush(ctx context.Context, conn ipc.Conn) error {
	for {
		if err := conn.Flush(ctx); !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil {
			return err
		}
	}
}
