package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/descartes/regress/pkg/baseline"
)

// fill puts the history. What making it up takes is not counted.
func (s *scale) fill(ctx context.Context) error {
	s.history = newHistory(s.series, s.rounds)
	var took time.Duration
	for done := 0; done < s.runs; {
		var some []baseline.Run
		for range min(s.batch, s.runs-done) {
			some = append(some, s.history.run())
		}
		start := time.Now()
		added, err := s.store.Put(ctx, some...)
		took += time.Since(start)
		if err != nil || added != len(some) {
			return fmt.Errorf("put %d runs: added %d, %w", len(some), added, err)
		}
		done += len(some)
	}
	rows := float64(s.series) * float64(s.runs) / took.Seconds()
	say("ingested through the store, texts included", fmt.Sprintf("%.0f values/s, %.0f rows/s", rows*float64(s.rounds), rows), "bar 150,000 a second")
	return nil
}

// put puts some more runs.
func (s *scale) put(ctx context.Context, more int) error {
	for range more {
		if _, err := s.store.Put(ctx, s.history.run()); err != nil {
			return err
		}
	}
	return nil
}

// plainCopy copies what some runs have into a table that has neither key nor index.
func (s *scale) plainCopy(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "create table plain (like sample)"); err != nil {
		return err
	}
	runs := min(s.runs, 20)
	h := newHistory(s.series, s.rounds)
	var rows [][]any
	for range runs {
		r := h.run()
		for i, sample := range r.Samples {
			id := [16]byte{byte(i), byte(i >> 8)}
			rows = append(rows, []any{project, id, r.Commit[16:], sample.Values[0], .01, s.rounds, sample.Values, sample.Rounds})
		}
	}
	start := time.Now()
	columns := []string{"project_id", "series_id", "run_id", "center", "spread", "n", "values", "rounds"}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"plain"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	rate := float64(len(rows)) / time.Since(start).Seconds()
	say(fmt.Sprintf("plain COPY of %d runs, no index, no text", runs), fmt.Sprintf("%.0f values/s, %.0f rows/s", rate*float64(s.rounds), rate), "")
	_, err = conn.Exec(ctx, "drop table plain")
	return err
}

// settle does what autovacuum does by itself within a minute, and says how big the store is.
func (s *scale) settle(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "vacuum analyze"); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, "select relname || ' ' || pg_size_pretty(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_total_relation_size(oid) > 1e6 order by pg_total_relation_size(oid) desc")
	if err != nil {
		return err
	}
	sizes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	say("on disk, indexes and texts included", strings.Join(sizes, ", "), "")
	return nil
}

// one reads single series over all runs, as a page of one shows them.
func (s *scale) one(ctx context.Context) error {
	h := newHistory(s.series, s.rounds)
	random := rand.New(rand.NewPCG(1, 2))
	times, err := timed(300, func() error {
		key := h.keys[random.IntN(len(h.keys))]
		n, err := s.points(ctx, key)
		if err == nil && n != s.runs {
			err = fmt.Errorf("%d points of %v, want %d", n, key, s.runs)
		}
		return err
	})
	say(fmt.Sprintf("one series of %d runs, of the store", s.runs), times, "bar p95 50 ms")
	return err
}

// timed does something so many times and returns how long it took, in words.
func timed(times int, do func() error) (words string, err error) {
	var took []time.Duration
	for range times {
		start := time.Now()
		if err := do(); err != nil {
			return "", err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[int(share*float64(len(took)-1))].Seconds() * 1e3 }
	return fmt.Sprintf("median %.1f ms, p95 %.1f ms, worst %.1f ms", at(.5), at(.95), at(1)), nil
}

// panel asks the view for one series, as Grafana does.
func (s *scale) panel(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	h, random := newHistory(s.series, s.rounds), rand.New(rand.NewPCG(5, 6))
	times, err := timed(100, func() error {
		key := h.keys[random.IntN(len(h.keys))]
		rows, err := conn.Query(ctx, `
			select time, center from regress_points
			where project = $1 and branch = 'main' and side in ('', 'head') and package = $2 and benchmark = $3 and unit = $4 order by time`,
			project, key.Package, key.Name, key.Unit)
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		if n := rows.CommandTag().RowsAffected(); n != int64(s.runs) {
			return fmt.Errorf("%d points of %v, want %d: %w", n, key, s.runs, rows.Err())
		}
		return rows.Err()
	})
	say(fmt.Sprintf("one series of %d runs, of the view", s.runs), times, "")
	return err
}

// points counts those of some series, or of all.
func (s *scale) points(ctx context.Context, keys ...baseline.Key) (n int, err error) {
	for _, err := range s.store.History(ctx, baseline.Query{Project: project, Branch: "main"}, keys...) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// all reads every point, which is what an overview is made of.
func (s *scale) all(ctx context.Context) error {
	for _, what := range []string{"every point, first", "every point, again"} {
		start := time.Now()
		n, err := s.points(ctx)
		if err != nil {
			say(what, err.Error(), "")
			return nil
		}
		took := time.Since(start).Seconds()
		say(what, fmt.Sprintf("%.2f s, %.1f million points/s", took, float64(n)/took/1e6), "")
	}
	return nil
}
