package main

import (
	"context"
	"encoding/binary"
	"errors"
)

// far returns the other process: it connects and serves until the near one ends.
func far(args []string) error {
	if len(args) < 1 {
		return errors.New("far wants a path and a job")
	}
	j, err := parseJob(args[1:])
	if err != nil {
		return err
	}
	c, err := find(j.name)
	if err != nil {
		return err
	}
	return c.far(context.Background(), j, args[0])
}

// serve answers the near side: it returns every message, or checks and counts
// them. It ends with an error; when the near side is done, this process is killed.
func serve(ctx context.Context, l link, j job) error {
	buf := make([]byte, j.size)
	if j.kind == trip {
		for {
			p, err := l.Recv(ctx, buf)
			if err != nil {
				return err
			}
			if err := l.Send(ctx, p); err != nil {
				return err
			}
		}
	}
	_, most, err := j.limits()
	if err != nil {
		return err
	}
	if j.kind == spout {
		return pourForever(ctx, l, j, most > 0)
	}
	answer := make([]byte, answerSize)
	for count := uint64(0); ; {
		p, err := l.Recv(ctx, buf)
		if err != nil {
			return err
		}
		if len(p) >= 8 && binary.LittleEndian.Uint64(p) == question {
			binary.LittleEndian.PutUint64(answer, count)
			if err := errors.Join(l.Send(ctx, answer), l.Flush(ctx)); err != nil {
				return err
			}
			continue
		}
		count++
		if err := check(p, j.size, count, most > 0); err != nil {
			return err
		}
	}
}
