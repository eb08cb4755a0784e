package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/internal/lookup"
)

// errStop ends a transaction whose reader has had enough.
var errStop = errors.New("stop")

// History streams the points of some series, oldest first.
func (s *store) History(ctx context.Context, q baseline.Query, series ...baseline.Key) iter.Seq2[baseline.Point, error] {
	return func(yield func(baseline.Point, error) bool) {
		if err := q.Validate(); err != nil {
			yield(baseline.Point{}, fmt.Errorf("history of store %s: %w", s.where, err))
			return
		}
		var err error
		if len(series) == 0 {
			err = s.everything(ctx, q, yield)
		} else {
			err = s.some(ctx, q, series, yield)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(baseline.Point{}, s.refine(ctx, "read the history of", err))
		}
	}
}

// some yields the points of named series. The dictionary is not asked, and the condition on the
// project leads into the primary key also where q has none.
func (s *store) some(ctx context.Context, q baseline.Query, series []baseline.Key, yield func(baseline.Point, error) bool) error {
	chosen, args := selection("project_id, id, commit_sha, branch, started, fingerprint, side, session", q)
	if q.Limit > 0 {
		chosen, args = newest(chosen, args, q)
	}
	names := map[pgtype.UUID]baseline.Key{}
	var ids []pgtype.UUID
	for _, key := range series {
		id := seriesID(key)
		ids = append(ids, id)
		names[id] = key
	}
	projects := "sample.project_id = any (array(select project_id from project))"
	if q.Project != "" {
		projects = "sample.project_id = $1" // the first that selection adds
	}
	args = append(args, ids)
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`
		with chosen as (%s)
		select chosen.id, commit_sha, branch, started, fingerprint, side, session, center, spread, n, sample.series_id
		from chosen join sample on sample.project_id = chosen.project_id and sample.run_id = chosen.id
		where n > 0 and %s and sample.series_id = any ($%d) order by started nulls first, chosen.id desc`, chosen, projects, len(args)), args...)
	if err != nil {
		return err
	}
	return eachPoint(rows, names, yield)
}

// eachPoint yields what the query of some finds, the series of each run in the order of their keys.
func eachPoint(rows pgx.Rows, names map[pgtype.UUID]baseline.Key, yield func(baseline.Point, error) bool) error {
	defer rows.Close()
	var run []baseline.Point // of one run
	flush := func() bool {
		slices.SortFunc(run, lookup.ByKey)
		for _, p := range run {
			if !yield(p, nil) {
				return false
			}
		}
		run = run[:0]
		return true
	}
	for rows.Next() {
		var p baseline.Point
		var started *time.Time
		var id pgtype.UUID
		if err := rows.Scan(&p.RunID, &p.Commit, &p.Branch, &started, &p.Fingerprint, (*string)(&p.Side), &p.Session, &p.Center, &p.Spread, &p.Rounds, &id); err != nil {
			return err
		}
		p.Key, p.Time = names[id], utc(started)
		if len(run) > 0 && run[0].RunID != p.RunID && !flush() {
			return errStop
		}
		run = append(run, p)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if !flush() {
		return errStop
	}
	return nil
}

// Runs streams runs without their texts, oldest first, as they were at one moment.
func (s *store) Runs(ctx context.Context, q baseline.Query) iter.Seq2[baseline.Run, error] {
	return func(yield func(baseline.Run, error) bool) {
		if err := q.Validate(); err != nil {
			yield(baseline.Run{}, fmt.Errorf("read store %s: %w", s.where, err))
			return
		}
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
			chosen, err := bare(ctx, tx, q)
			if err != nil {
				return err
			}
			for i := len(chosen) - 1; i >= 0; i-- {
				r := chosen[i]
				if r.Samples, err = samples(ctx, tx, r.Project, r.id, r.Side); err != nil {
					return err
				}
				if !yield(r.Run, nil) {
					return errStop
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(baseline.Run{}, s.refine(ctx, "read", err))
		}
	}
}

// bare returns the runs that q selects, newest first, without samples and text.
func bare(ctx context.Context, tx pgx.Tx, q baseline.Query) ([]keyed, error) {
	sql, args := selection("project_id, id, side, commit_sha, branch, dirty, started, environment, "+committed, q)
	sql, args = newest(sql, args, q)
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r keyed, err error) {
		var started *time.Time
		var facts []byte
		of := origin{session: &r.Session, facts: &r.Facts}
		if err := row.Scan(append([]any{&r.Project, &r.id, (*string)(&r.Side), &r.Commit, &r.Branch, &r.Dirty, &started, &facts}, of.into()...)...); err != nil {
			return r, err
		}
		r.Time = utc(started)
		of.done()
		r.Environment, err = decode(facts)
		return r, err
	})
}
