package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// window is how many messages are in a pipeline at once.
const window = 512

// pipeline sends messages through n stages, one after the other.
func pipeline(b *testing.B, cfg ipc.Config, n int) crowd {
	var stages []pattern.Member
	for i := range n {
		conn, _ := peer(b, "stage", cfg)
		stages = append(stages, pattern.Member{Name: fmt.Sprint(i), Conn: conn})
	}
	p, err := pattern.NewPipeline(stages...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.Error(err)
		}
	})
	message, answer := make([]byte, messageSize), make([]byte, messageSize)
	sent, received := uint64(0), uint64(0)
	take := func(ctx context.Context) error {
		received++
		p, err := p.Recv(ctx, answer)
		if err != nil {
			return err
		}
		return stamped(p, received)
	}
	return crowd{
		weight: n + 1,
		do: func(ctx context.Context) error {
			if sent-received == window {
				if err := take(ctx); err != nil {
					return err
				}
			}
			sent++
			stamp(message, sent)
			return p.Send(ctx, message)
		},
		finish: func(ctx context.Context) (int, error) {
			for received < sent {
				if err := take(ctx); err != nil {
					return 0, err
				}
			}
			return 0, nil
		},
	}
}

// stage passes on what it gets.
func stage(ctx context.Context, conn ipc.Conn) error { return pattern.Relay(ctx, conn, conn, nil) }
