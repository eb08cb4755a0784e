package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/descartes/regress/pkg/baseline"
)

// environment gives the facts their names in the database: the keys of the raw
// log. A field that baseline.Environment gains stops this from compiling.
type environment struct {
	OS         string  `json:"goos,omitempty"`
	Arch       string  `json:"goarch,omitempty"`
	CPU        string  `json:"cpu,omitempty"`
	Cores      int     `json:"cores,omitempty"`
	Quota      float64 `json:"quota,omitempty"`
	Procs      int     `json:"gomaxprocs,omitempty"`
	MemoryMiB  int     `json:"memory-mib,omitempty"`
	Kernel     string  `json:"kernel,omitempty"`
	Virtual    string  `json:"virtual,omitempty"`
	Governor   string  `json:"governor,omitempty"`
	GoVersion  string  `json:"go-version,omitempty"`
	SuiteFlags string  `json:"suite-flags,omitempty"`
}

// keyed is a run with its ID, which is a sum over its whole text.
type keyed struct {
	id string
	baseline.Run
}

// Put keeps runs in one transaction; see the package's promise.
func (s *store) Put(ctx context.Context, runs ...baseline.Run) (added int, err error) {
	ordered := make([]keyed, len(runs))
	for i, r := range runs {
		if err := r.Validate(); err != nil {
			return 0, fmt.Errorf("put %d runs into store %s: %w", len(runs), s.where, err)
		}
		ordered[i] = keyed{r.ID(), r}
	}
	slices.SortFunc(ordered, func(a, b keyed) int { return cmp.Compare(a.id, b.id) })
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := insertProjects(ctx, tx, runs); err != nil {
			return err
		}
		if err := insertSeries(ctx, tx, seriesOf(runs)); err != nil {
			return err
		}
		for _, r := range ordered {
			fresh, err := insertRun(ctx, tx, r)
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
		return 0, s.explain(ctx, fmt.Sprintf("put %d runs into", len(runs)), err)
	}
	return added, nil
}

// insertProjects adds the projects that are new, in one order for all writers.
func insertProjects(ctx context.Context, tx pgx.Tx, runs []baseline.Run) error {
	var names []string
	for _, r := range runs {
		names = append(names, r.Project)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		var there bool
		err := tx.QueryRow(ctx, "select exists (select from project where project_id = $1)", name).Scan(&there)
		if err == nil && !there {
			_, err = tx.Exec(ctx, "insert into project (project_id) values ($1) on conflict do nothing", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insertRun adds a run with its samples unless it is there.
func insertRun(ctx context.Context, tx pgx.Tx, r keyed) (fresh bool, err error) {
	facts, err := json.Marshal(environment(r.Environment))
	if err != nil {
		return false, err
	}
	var started *time.Time
	if !r.Time.IsZero() {
		utc := r.Time.UTC().Truncate(time.Microsecond)
		started = &utc
	}
	raw := r.Raw
	if raw == nil {
		raw = []byte{} // nil would be null
	}
	tag, err := tx.Exec(ctx, `
		insert into run (project_id, id, side, commit_sha, branch, dirty, started, fingerprint, environment, series)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (project_id, id) do nothing`,
		r.Project, r.id, string(r.Side), r.Commit, r.Branch, r.Dirty, started, r.Environment.Fingerprint(), string(facts), len(r.Samples))
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	if _, err := tx.Exec(ctx, "insert into raw (project_id, run_id, raw) values ($1, $2, $3)", r.Project, r.id, raw); err != nil {
		return false, err
	}
	rows := make([]sampleRow, len(r.Samples))
	for i, sample := range r.Samples {
		rows[i] = sampleRow{r.Project, r.id, sample}
	}
	return true, copySamples(ctx, tx, rows)
}

// sampleRow is a sample and whose it is.
type sampleRow struct {
	project, run string
	baseline.Sample
}

// copySamples adds samples, with what History is asked for.
func copySamples(ctx context.Context, tx pgx.Tx, rows []sampleRow) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"sample"},
		[]string{"project_id", "series_id", "run_id", "center", "spread", "n", "values", "rounds"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := rows[i]
			center, spread, n := r.Summary()
			// Not nil, which would be null.
			return []any{r.project, seriesID(r.Key), r.run, center, spread, n, append([]float64{}, r.Values...), append([]int{}, r.Rounds...)}, nil
		}))
	return err
}

// Remove forgets one run with its samples.
func (s *store) Remove(ctx context.Context, id string) error {
	project, id, err := s.find(ctx, s.pool, id)
	if err != nil {
		return s.refine(ctx, "remove run from", err)
	}
	tag, err := s.pool.Exec(ctx, "delete from run where project_id = $1 and id = $2", project, id)
	if err != nil {
		return s.explain(ctx, "remove run from", err)
	}
	if tag.RowsAffected() == 0 { // another process was faster
		return s.refine(ctx, "remove run from", plain{fmt.Errorf("run %s: %w", id, baseline.ErrNotFound)})
	}
	return nil
}
