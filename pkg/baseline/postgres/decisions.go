package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/descartes/regress/pkg/baseline"
)

// keyedDecision is a decision with its ID, which is a sum over all its verdicts.
type keyedDecision struct {
	id string
	baseline.Decision
}

// PutDecisions keeps decisions in one transaction, in the order of their IDs as Put does runs.
func (s *store) PutDecisions(ctx context.Context, decisions ...baseline.Decision) (added int, err error) {
	ordered := make([]keyedDecision, len(decisions))
	var projects []string
	var series []seriesRow
	for i, d := range decisions {
		if err := d.Validate(); err != nil {
			return 0, fmt.Errorf("put %d decisions into store %s: %w", len(decisions), s.where, err)
		}
		d = d.Normal()
		ordered[i] = keyedDecision{d.ID(), d}
		projects = append(projects, d.Project)
		for _, j := range d.Verdicts {
			series = append(series, seriesRow{d.Project, seriesID(j.Key), j.Key})
		}
	}
	slices.SortFunc(ordered, func(a, b keyedDecision) int { return cmp.Compare(a.id, b.id) })
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := insertProjects(ctx, tx, projects); err != nil {
			return err
		}
		if err := insertSeries(ctx, tx, tidy(series)); err != nil {
			return err
		}
		for _, d := range ordered {
			fresh, err := insertDecision(ctx, tx, d)
			if err != nil {
				return err
			}
			if fresh {
				added++
			}
		}
		return nil
	})
	if err != nil {
		return 0, s.explain(ctx, fmt.Sprintf("put %d decisions into", len(decisions)), err)
	}
	return added, nil
}

// RemoveDecisions removes decisions with their verdicts in one transaction.
func (s *store) RemoveDecisions(ctx context.Context, decisions ...baseline.Decision) (removed int, err error) {
	var projects, ids []string
	for _, d := range decisions {
		projects, ids = append(projects, d.Project), append(ids, d.ID())
	}
	slices.Sort(projects)
	tag, err := s.pool.Exec(ctx, "delete from decision where project_id = any ($1) and id = any ($2)", slices.Compact(projects), ids)
	if err != nil {
		return 0, s.explain(ctx, fmt.Sprintf("remove %d decisions from", len(decisions)), err)
	}
	return int(tag.RowsAffected()), nil
}

// insertDecision adds a decision with its verdicts unless it is there.
func insertDecision(ctx context.Context, tx pgx.Tx, d keyedDecision) (fresh bool, err error) {
	tag, err := tx.Exec(ctx, `
		insert into decision (project_id, id, commit_sha, base_sha, branch, against, pull, started, outcome, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (project_id, id) do nothing`,
		d.Project, d.id, d.Commit, d.Base, d.Branch, d.Against, d.Pull, d.Time, d.Outcome, d.Version)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	return true, insertVerdicts(ctx, tx, d)
}

// insertVerdicts adds those of one decision.
//
// Note: COPY does not work where rows are checked, and there are few verdicts beside samples.
func insertVerdicts(ctx context.Context, tx pgx.Tx, d keyedDecision) error {
	var c struct {
		ids                       []pgtype.UUID
		prints, verdicts, waivers []string
		changes, los, his         []*float64
	}
	for _, j := range d.Verdicts {
		c.ids, c.prints, c.verdicts = append(c.ids, seriesID(j.Key)), append(c.prints, j.Fingerprint), append(c.verdicts, j.Verdict)
		c.changes, c.los, c.his, c.waivers = append(c.changes, j.Change), append(c.los, j.Lo), append(c.his, j.Hi), append(c.waivers, j.Waiver)
	}
	_, err := tx.Exec(ctx, `
		insert into verdict (project_id, decision_id, series_id, fingerprint, verdict, change, lo, hi, waiver)
		select $1, $2, * from unnest($3::uuid[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::text[])`,
		d.Project, d.id, c.ids, c.prints, c.verdicts, c.changes, c.los, c.his, c.waivers)
	return err
}

// Decisions streams decisions as they were at one moment, oldest first.
func (s *store) Decisions(ctx context.Context, q baseline.Query) iter.Seq2[baseline.Decision, error] {
	return func(yield func(baseline.Decision, error) bool) {
		if err := q.Validate(); err != nil {
			yield(baseline.Decision{}, fmt.Errorf("read the decisions of store %s: %w", s.where, err))
			return
		}
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
			chosen, err := chooseDecisions(ctx, tx, q)
			if err != nil {
				return err
			}
			for _, d := range slices.Backward(chosen) {
				if d.Verdicts, err = verdicts(ctx, tx, d); err != nil {
					return err
				}
				if !yield(d.Decision, nil) {
					return errStop
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(baseline.Decision{}, s.explain(ctx, "read the decisions of", err))
		}
	}
}

// chooseDecisions returns what q selects, newest first, without verdicts.
func chooseDecisions(ctx context.Context, tx pgx.Tx, q baseline.Query) ([]keyedDecision, error) {
	var conditions []string
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	if q.Project != "" {
		add("project_id = $%d", q.Project)
	}
	if q.Branch != "" {
		add("branch = $%d", q.Branch)
	}
	if q.Commit != "" {
		add("starts_with(commit_sha, $%d)", q.Commit)
	}
	if !q.Since.IsZero() {
		add("started >= $%d", q.Since.UTC())
	}
	sql := "select project_id, id, commit_sha, base_sha, branch, against, pull, started, outcome, version from decision"
	if len(conditions) > 0 {
		sql += " where " + strings.Join(conditions, " and ")
	}
	sql += " order by started desc, id desc"
	if q.Limit > 0 {
		args = append(args, q.Limit)
		sql += fmt.Sprintf(" limit $%d", len(args))
	}
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d keyedDecision, err error) {
		var started time.Time
		err = row.Scan(&d.Project, &d.id, &d.Commit, &d.Base, &d.Branch, &d.Against, &d.Pull, &started, &d.Outcome, &d.Version)
		d.Time = started.UTC()
		return d, err
	})
}

// verdicts returns those of a decision, sorted.
func verdicts(ctx context.Context, tx pgx.Tx, d keyedDecision) ([]baseline.Judged, error) {
	rows, err := tx.Query(ctx, `
		select package, name, unit, fingerprint, verdict, change, lo, hi, waiver
		from verdict join series on series.project_id = verdict.project_id and series.series_id = verdict.series_id
		where verdict.project_id = $1 and decision_id = $2
		order by package, name, unit, fingerprint collate "C"`, d.Project, d.id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (j baseline.Judged, err error) {
		err = row.Scan(&j.Package, &j.Name, &j.Unit, &j.Fingerprint, &j.Verdict, &j.Change, &j.Lo, &j.Hi, &j.Waiver)
		return j, err
	})
}
