package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/internal/lookup"
)

// plain marks an error of this package, which needs no translation.
type plain struct{ error }

func (p plain) Unwrap() error { return p.error }

// refine is explain for operations that also return errors of their own.
func (s *store) refine(ctx context.Context, doing string, err error) error {
	if own := (plain{}); errors.As(err, &own) {
		return fmt.Errorf("%s store %s: %w", doing, s.where, own.error)
	}
	return s.explain(ctx, doing, err)
}

// List returns what q selects, newest first.
func (s *store) List(ctx context.Context, q baseline.Query) ([]baseline.RunInfo, error) {
	if err := q.Validate(); err != nil {
		return nil, fmt.Errorf("list store %s: %w", s.where, err)
	}
	sql, args := selection("project_id, id, commit_sha, branch, started, fingerprint, environment, series, side, "+committed, q)
	sql, args = newest(sql, args, q)
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, s.explain(ctx, "list", err)
	}
	infos, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (baseline.RunInfo, error) {
		var info baseline.RunInfo
		var started *time.Time
		var facts []byte
		of := origin{session: &info.Session, facts: &info.Facts}
		err := row.Scan(append([]any{&info.Project, &info.ID, &info.Commit, &info.Branch, &started, &info.Fingerprint, &facts, &info.Series, (*string)(&info.Side)}, of.into()...)...)
		if err != nil {
			return info, err
		}
		info.Time = utc(started)
		of.done()
		info.Environment, err = decode(facts)
		return info, err
	})
	if err != nil {
		return nil, s.refine(ctx, "list", err)
	}
	return infos, nil
}

// committed are the columns of a run that origin reads.
const committed = "session, committed, place, author, subject, pull"

// origin reads the session and the facts of a commit from a row.
type origin struct {
	session *string
	facts   *baseline.Facts
	at      *time.Time
}

// into returns where the columns of committed go.
func (o *origin) into() []any {
	return []any{o.session, &o.at, &o.facts.Place, &o.facts.Author, &o.facts.Subject, &o.facts.Pull}
}

// done completes the facts once the row is read.
func (o *origin) done() { o.facts.Time = utc(o.at) }

// selection returns q in SQL. A zero field adds no condition, rather than one
// that is true, so that the planner sees what can use an index or goes to one shard.
func selection(columns string, q baseline.Query) (sql string, args []any) {
	var conditions []string
	add := func(condition, value string) {
		if value != "" {
			args = append(args, value)
			conditions = append(conditions, fmt.Sprintf(condition, len(args)))
		}
	}
	add("project_id = $%d", q.Project)
	add("branch = $%d", q.Branch)
	add("fingerprint = $%d", q.Fingerprint)
	add("starts_with(commit_sha, $%d)", q.Commit)
	if !q.Since.IsZero() {
		args = append(args, q.Since.UTC())
		conditions = append(conditions, fmt.Sprintf("started >= $%d", len(args)))
	}
	if !q.Anchors {
		conditions = append(conditions, "side <> 'anchor'")
	}
	sql = "select " + columns + " from run"
	if len(conditions) > 0 {
		sql += " where " + strings.Join(conditions, " and ")
	}
	return sql, args
}

// newest adds to a selection the order of a list and the limit of q.
func newest(sql string, args []any, q baseline.Query) (string, []any) {
	sql += " order by started desc nulls last, id"
	if q.Limit > 0 {
		args = append(args, q.Limit)
		sql += fmt.Sprintf(" limit $%d", len(args))
	}
	return sql, args
}

// utc returns the zero time for null.
func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// decode reads the environment of a run.
func decode(facts []byte) (baseline.Environment, error) {
	var e environment
	if err := json.Unmarshal(facts, &e); err != nil {
		return baseline.Environment{}, plain{fmt.Errorf("environment %s: %w: correct it by hand or remove the run", facts, baseline.ErrDamaged)}
	}
	return baseline.Environment(e), nil
}

// Get returns one run as it was at one moment.
func (s *store) Get(ctx context.Context, id string) (r baseline.Run, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		project, id, err := s.find(ctx, tx, id)
		if err != nil {
			return err
		}
		r, err = get(ctx, tx, project, id)
		return err
	})
	if err != nil {
		return baseline.Run{}, s.refine(ctx, "get run from", err)
	}
	return r, nil
}

// get reads one run, whole.
func get(ctx context.Context, tx pgx.Tx, project, id string) (baseline.Run, error) {
	r := baseline.Run{Project: project}
	var started *time.Time
	var facts []byte
	of := origin{session: &r.Session, facts: &r.Facts}
	err := tx.QueryRow(ctx, `
		select side, commit_sha, branch, dirty, started, environment, raw.raw, `+committed+`
		from run join raw on raw.project_id = run.project_id and raw.run_id = run.id
		where run.project_id = $1 and run.id = $2`, project, id).
		Scan(append([]any{(*string)(&r.Side), &r.Commit, &r.Branch, &r.Dirty, &started, &facts, &r.Raw}, of.into()...)...)
	if err != nil {
		return r, err
	}
	r.Time = utc(started)
	of.done()
	if r.Environment, err = decode(facts); err != nil {
		return r, err
	}
	r.Samples, err = samples(ctx, tx, project, id, r.Side)
	return r, err
}

// samples returns those of one run, sorted by key. A center that was not their median is an
// anchor's.
func samples(ctx context.Context, tx pgx.Tx, project, id string, side baseline.Side) ([]baseline.Sample, error) {
	rows, err := tx.Query(ctx, `
		select package, name, unit, "values", rounds, center
		from sample join series on series.project_id = sample.project_id and series.series_id = sample.series_id
		where sample.project_id = $1 and run_id = $2
		order by package, name, unit`, project, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s baseline.Sample, err error) {
		var kept float64
		err = row.Scan(&s.Package, &s.Name, &s.Unit, &s.Values, &s.Rounds, &kept)
		if err == nil && side == baseline.Anchor {
			if center, _, _ := s.Summary(); center != kept {
				s.Center = kept
			}
		}
		return s, err
	})
}

type rows interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// find returns the one run whose ID begins with prefix.
func (s *store) find(ctx context.Context, db rows, prefix string) (project, id string, err error) {
	prefix, err = lookup.ParseID(prefix)
	if err != nil {
		return "", "", plain{err}
	}
	// "g" sorts after every hexadecimal digit.
	found, err := db.Query(ctx, "select project_id, id from run where id >= $1 and id < $2 order by id limit 3", prefix, prefix+"g")
	if err != nil {
		return "", "", err
	}
	var ids []string
	if _, err = pgx.ForEachRow(found, []any{&project, &id}, func() error {
		ids = append(ids, id)
		return nil
	}); err != nil {
		return "", "", err
	}
	switch len(ids) {
	case 0:
		return "", "", plain{fmt.Errorf("run %s: %w", prefix, baseline.ErrNotFound)}
	case 1:
		return project, id, nil
	case 2:
		return "", "", plain{fmt.Errorf("run %s: 2 runs begin so (%s, %s): give more digits", prefix, ids[0], ids[1])}
	}
	return "", "", plain{fmt.Errorf("run %s: more than 2 runs begin so (%s, %s, …): give more digits", prefix, ids[0], ids[1])}
}
