package postgres_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// A server that stops answering, at whatever byte, ends every operation with one
// message.
func TestServerThatStopsAnswering(t *testing.T) {
	postgres.SetPatience(t, 300*time.Millisecond)
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	direct := open(t, dsn)
	defer direct.Close()
	if _, err := direct.Put(t.Context(), wide(1), wide(2)); err != nil {
		t.Fatal(err)
	}
	var bytes atomic.Int64
	through := fmt.Sprintf("postgres://postgres:hunter2@%s/%s?connect_timeout=1", server.Stalling(t, &bytes), dbName(dsn))
	use := func(do func(context.Context, baseline.Store) error) error {
		s, err := postgres.Open(t.Context(), through)
		if err != nil {
			return err
		}
		defer s.Close()
		return do(t.Context(), s)
	}
	operations := map[string]func(context.Context, baseline.Store) error{
		"list": func(ctx context.Context, s baseline.Store) error {
			_, err := s.List(ctx, baseline.Query{})
			return err
		},
		"get": func(ctx context.Context, s baseline.Store) error {
			_, err := s.Get(ctx, wide(1).ID())
			return err
		},
		"put": func(ctx context.Context, s baseline.Store) error {
			_, err := s.Put(ctx, storetest.Example(7))
			return err
		},
		"put decisions": func(ctx context.Context, s baseline.Store) error {
			_, err := s.PutDecisions(ctx, storetest.ExampleDecision(1))
			return err
		},
		"decisions": func(ctx context.Context, s baseline.Store) error {
			for _, err := range s.Decisions(ctx, baseline.Query{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"one series": func(ctx context.Context, s baseline.Store) error {
			for _, err := range s.History(ctx, baseline.Query{}, wide(1).Samples[0].Key) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"roles":  func(ctx context.Context, s baseline.Store) error { return postgres.MakeRoles(ctx, through) },
		"remove": func(ctx context.Context, s baseline.Store) error { return s.Remove(ctx, storetest.Example(8).ID()) },
		"history": func(ctx context.Context, s baseline.Store) error {
			for _, err := range s.History(ctx, baseline.Query{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"runs": func(ctx context.Context, s baseline.Store) error {
			for _, err := range s.Runs(ctx, baseline.Query{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	var late atomic.Int64
	try := func(name string, n int64) {
		began := time.Now()
		err := use(operations[name])
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s after %d bytes took %v", name, n, took)
		}
		switch {
		case err == nil || strings.Contains(err.Error(), "not found"): // it fitted
		case strings.Contains(err.Error(), "has not answered for") && strings.Contains(err.Error(), "see that the server runs"):
			late.Add(1)
		default:
			t.Errorf("%s after %d bytes: %v", name, n, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s after %d bytes: %v", name, n, err)
		}
	}
	for _, n := range []int64{0, 100, 600, 1200, 2000, 2500, 3500, 6000, 12_000} {
		bytes.Store(n)
		var all sync.WaitGroup
		for name := range operations {
			all.Go(func() { try(name, n) })
		}
		all.Wait()
	}
	if n := late.Load(); n < int64(3*len(operations)) {
		t.Errorf("%d operations were cut off", n)
	}
	bytes.Store(1 << 40)
	err := use(operations["list"])
	for end := time.Now().Add(time.Minute); err != nil && time.Now().Before(end); { // a busy machine is slow to answer
		err = use(operations["list"])
	}
	if err != nil {
		t.Error(err)
	}
}

// What the server sends in time may take as long as it takes.
func TestSlowLineIsNoStall(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes as long as a slow line")
	}
	postgres.SetPatience(t, time.Second)
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	direct := open(t, dsn)
	defer direct.Close()
	r := wide(1)
	r.Raw = []byte(strings.Repeat("x", 100_000))
	if _, err := direct.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", server.Socket())
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(to, client) }()
			go func() {
				defer client.Close()
				piece := make([]byte, 4<<10)
				for {
					n, err := to.Read(piece)
					if err != nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
					_, _ = client.Write(piece[:n])
				}
			}()
		}
	}()
	s := open(t, fmt.Sprintf("postgres://postgres@%s/%s", l.Addr(), dbName(dsn)))
	defer s.Close()
	began := time.Now()
	have, err := s.Get(t.Context(), r.ID())
	if err != nil || storetest.Diff(have, r) != "" {
		t.Errorf("%v %s", err, storetest.Diff(have, r))
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("it took %v: the line was not slow", took)
	}
}
