package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// wide is a run of some weight: 200 series.
func wide(i int) baseline.Run {
	r := storetest.Example(i)
	for j := range 200 {
		r.Samples = append(r.Samples, baseline.Sample{Key: baseline.Key{Package: "z", Name: fmt.Sprintf("S%03d", j), Unit: "sec/op"}, Values: []float64{1, 2, 3}, Rounds: []int{1, 2, 3}})
	}
	return r
}

// block holds the table of samples, so that a Put stops after its rows of run
// and before its samples; the test goes on once it waits.
func block(t *testing.T, dsn string) (release func(), waits func()) {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "lock table sample in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	watcher := pgtest.Connect(t, dsn)
	waits = func() {
		t.Helper()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			var n int
			err := watcher.QueryRow(t.Context(), "select count(*) from pg_locks where relation = 'sample'::regclass and not granted").Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				return
			}
		}
		t.Fatal("the writer never came to its samples")
	}
	return func() { _ = tx.Rollback(context.Background()) }, waits
}

// survived checks runs 0..n-1 after a crash and puts all of them again.
func survived(t *testing.T, s baseline.Store, n int, confirmed map[int]bool) {
	t.Helper()
	var all []baseline.Run
	there := 0
	for i := range n {
		want := wide(i)
		all = append(all, want)
		have, err := s.Get(t.Context(), want.ID())
		switch {
		case err == nil && storetest.Diff(have, want) == "":
			there++
		case errors.Is(err, baseline.ErrNotFound) && !confirmed[i]:
		default:
			t.Errorf("run %d (confirmed %v): %v %s", i, confirmed[i], err, storetest.Diff(have, want))
		}
		confirmed[i] = true
	}
	if added, err := s.Put(t.Context(), all...); err != nil || added != n-there {
		t.Errorf("%d of %d were there; putting all added %d, %v", there, n, added, err)
	}
}

// decisionsSurvived checks decisions after a crash: those that were confirmed, whole.
func decisionsSurvived(t *testing.T, s baseline.Store, decided map[int]bool) {
	t.Helper()
	have := map[string]bool{}
	for d, err := range s.Decisions(t.Context(), baseline.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		have[d.ID()] = true
	}
	for i, confirmed := range decided {
		if confirmed && !have[storetest.ExampleDecision(i).ID()] {
			t.Errorf("decision %d was confirmed and is not there", i)
		}
	}
}

// The server is killed with kill -9 in mid-write: what Put confirmed is there,
// what it did not is there whole or not at all, and doing it again adds the rest.
func TestServerDiesInMidWrite(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts, kills and recovers a server of its own")
	}
	server := pgtest.Start(t)
	dsn := server.Database(t)
	s := open(t, dsn)
	defer s.Close()
	confirmed := map[int]bool{}

	// Once exactly between a run and its samples.
	if _, err := s.Put(t.Context(), wide(0)); err != nil {
		t.Fatal(err)
	}
	confirmed[0] = true
	release, waits := block(t, dsn)
	failed := make(chan error, 1)
	go func() {
		_, err := s.Put(t.Context(), wide(1), wide(2))
		failed <- err
	}()
	waits()
	server.Kill(t)
	err := <-failed
	says(t, err, "put 2 runs into store", "run this again")
	release()
	_, err = s.List(t.Context(), baseline.Query{})
	says(t, err, "list store", "see that the server runs")
	_, err = postgres.Open(t.Context(), dsn)
	says(t, err, "open store", "see that the server runs")
	server.Restart(t)
	survived(t, s, 3, confirmed)

	// And at random moments.
	random := rand.New(rand.NewPCG(1, 2))
	next := 3
	for range 2 {
		kill := time.After(time.Duration(random.IntN(300)) * time.Millisecond)
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			<-kill
			server.Kill(t)
		}()
		decided := map[int]bool{}
		for err = nil; err == nil; next++ {
			if _, err = s.Put(t.Context(), wide(next)); err == nil {
				confirmed[next] = true
				_, err = s.PutDecisions(t.Context(), storetest.ExampleDecision(next))
				decided[next] = err == nil
			}
		}
		<-killed
		says(t, err, "put 1 ", " into store", "again")
		server.Restart(t)
		survived(t, s, next, confirmed)
		decisionsSurvived(t, s, decided)
	}
	t.Logf("%d runs survived 3 kills", next)
}

func TestCancelledInMidWrite(t *testing.T) {
	dsn := pgtest.DSN(t)
	s := open(t, dsn)
	defer s.Close()
	release, waits := block(t, dsn)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := s.Put(ctx, wide(1), wide(2))
		failed <- err
	}()
	waits()
	cancel()
	select {
	case err := <-failed:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("have %v, want context.Canceled", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Put does not hear its context")
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.Put(short, wide(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("have %v, want context.DeadlineExceeded", err)
	}
	release()
	if infos, err := s.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 0 {
		t.Errorf("%d runs, %v; want none", len(infos), err)
	}
	if added, err := s.Put(t.Context(), wide(1), wide(2)); err != nil || added != 2 {
		t.Errorf("added %d, %v", added, err)
	}
}

// A connection that the server ends between two operations costs one error at
// most, not the store.
func TestConnectionEndedByServer(t *testing.T) {
	dsn := pgtest.DSN(t)
	s := open(t, dsn)
	defer s.Close()
	admin := pgtest.Connect(t, dsn)
	_, err := admin.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), wide(1)); err != nil {
		says(t, err, "again")
	}
	if added, err := s.Put(t.Context(), wide(1), wide(2)); err != nil || added == 0 {
		t.Errorf("added %d, %v", added, err)
	}
}
