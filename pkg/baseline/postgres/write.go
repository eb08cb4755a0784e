package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

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
	Counter    string  `json:"counter,omitempty"`
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
		added, err = insert(ctx, tx, ordered)
		return err
	})
	if err != nil {
		return 0, s.explain(ctx, fmt.Sprintf("put %d runs into", len(runs)), err)
	}
	return added, nil
}

// Bounds of what one statement carries; a run of more goes alone. A message of
// PostgreSQL ends at 1 GiB, and what is sent has to be in memory twice.
const (
	pieceBytes   = 16 << 20 // of raw texts
	pieceSamples = 100_000
)

// insert adds runs, which are in the order of their IDs, with all that they need. It
// returns how many were not there. Many runs take few calls: the way to a server is
// long, and what is copied in the order of its keys is faster to index.
func insert(ctx context.Context, tx pgx.Tx, runs []keyed) (added int, err error) {
	var projects []string
	for _, r := range runs {
		projects = append(projects, r.Project)
	}
	if err := insertProjects(ctx, tx, projects); err != nil {
		return 0, err
	}
	series := dictionary{}
	for _, r := range runs {
		series.add(r.Run)
	}
	if err := insertSeries(ctx, tx, series.rows()); err != nil {
		return 0, err
	}
	var guarded bool // COPY does not work where rows are checked
	if err := tx.QueryRow(ctx, "select row_security_active('sample')").Scan(&guarded); err != nil {
		return 0, err
	}
	for len(runs) > 0 {
		n, bytes, samples := 0, 0, 0
		for n < len(runs) && (n == 0 || bytes+len(runs[n].Raw) <= pieceBytes && samples+len(runs[n].Samples) <= pieceSamples) {
			bytes, samples = bytes+len(runs[n].Raw), samples+len(runs[n].Samples)
			n++
		}
		fresh, err := insertRuns(ctx, tx, runs[:n])
		if err != nil {
			return 0, err
		}
		rows, points := series.samples(fresh)
		if err := insertTexts(ctx, tx, fresh, points); err != nil {
			return 0, err
		}
		put := copySamples
		if guarded {
			put = insertSamples
		}
		if err := put(ctx, tx, rows); err != nil {
			return 0, err
		}
		added, runs = added+len(fresh), runs[n:]
	}
	return added, nil
}

// insertProjects adds the projects that are new, in one order for all writers.
func insertProjects(ctx context.Context, tx pgx.Tx, names []string) error {
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

// insertRuns adds those that are not there, and returns them.
func insertRuns(ctx context.Context, tx pgx.Tx, runs []keyed) (fresh []keyed, err error) {
	var c struct {
		projects, ids, sides, commits, branches, prints, facts []string
		sessions, authors, subjects                            []string

		dirty                 []bool
		started, committed    []*time.Time
		series, places, pulls []int
	}
	for _, r := range runs {
		facts, err := json.Marshal(environment(r.Environment))
		if err != nil {
			return nil, err
		}
		c.projects, c.ids, c.sides = append(c.projects, r.Project), append(c.ids, r.id), append(c.sides, string(r.Side))
		c.commits, c.branches, c.dirty = append(c.commits, r.Commit), append(c.branches, r.Branch), append(c.dirty, r.Dirty)
		c.started, c.prints = append(c.started, orNull(r.Time)), append(c.prints, r.Environment.Fingerprint())
		c.facts, c.series = append(c.facts, string(facts)), append(c.series, len(r.Samples))
		c.sessions, c.committed, c.places = append(c.sessions, r.Session), append(c.committed, orNull(r.Facts.Time)), append(c.places, r.Facts.Place)
		c.authors, c.subjects, c.pulls = append(c.authors, r.Facts.Author), append(c.subjects, r.Facts.Subject), append(c.pulls, r.Facts.Pull)
	}
	rows, err := tx.Query(ctx, `
		insert into run (project_id, id, side, commit_sha, branch, dirty, started, fingerprint, environment, series,
			session, committed, place, author, subject, pull)
		select project, id, side, sha, branch, dirty, started, fingerprint, facts::jsonb, series, session, committed, place, author, subject, pull
		from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[], $8::text[], $9::text[], $10::int[],
				$11::text[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::int[])
			as these (project, id, side, sha, branch, dirty, started, fingerprint, facts, series, session, committed, place, author, subject, pull)
		on conflict (project_id, id) do nothing returning project_id, id`,
		c.projects, c.ids, c.sides, c.commits, c.branches, c.dirty, c.started, c.prints, c.facts, c.series,
		c.sessions, c.committed, c.places, c.authors, c.subjects, c.pulls)
	if err != nil {
		return nil, err
	}
	type name struct{ project, id string }
	new := map[name]bool{}
	var n name
	if _, err := pgx.ForEachRow(rows, []any{&n.project, &n.id}, func() error { new[n] = true; return nil }); err != nil {
		return nil, err
	}
	for _, r := range runs {
		if n := (name{r.Project, r.id}); new[n] {
			fresh = append(fresh, r)
			delete(new, n) // the same run may have been given twice
		}
	}
	return fresh, nil
}

// orNull returns a time as the database keeps it, and nil for none.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

// insertTexts adds the raw texts of runs, with their packed points.
func insertTexts(ctx context.Context, tx pgx.Tx, runs []keyed, points [][]byte) error {
	if len(runs) == 0 {
		return nil
	}
	var projects, ids []string
	var texts [][]byte
	for _, r := range runs {
		projects, ids = append(projects, r.Project), append(ids, r.id)
		texts = append(texts, append([]byte{}, r.Raw...)) // not nil, which would be null
	}
	_, err := tx.Exec(ctx, "insert into raw (project_id, run_id, raw, points) select * from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[])", projects, ids, texts, points)
	return err
}

// sampleRow is a sample, and whose it is.
type sampleRow struct {
	project, run string
	id           pgtype.UUID // of the series
	baseline.Sample

	center, spread float64 // as Sample.Summary
	n              int
}

// newRow returns the row of a sample.
func newRow(project, run string, id pgtype.UUID, sample baseline.Sample) sampleRow {
	r := sampleRow{project: project, run: run, id: id, Sample: sample}
	r.center, r.spread, r.n = sample.Summary()
	return r
}

// copySamples adds samples, with what History is asked for.
func copySamples(ctx context.Context, tx pgx.Tx, rows []sampleRow) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"sample"},
		[]string{"project_id", "series_id", "run_id", "center", "spread", "n", "values", "rounds"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := rows[i]
			// Not nil, which would be null.
			return []any{r.project, r.id, r.run, r.center, r.spread, r.n, append([]float64{}, r.Values...), append([]int{}, r.Rounds...)}, nil
		}))
	return err
}

// insertSamples does the same where rows are checked. The values of all rows stand behind each
// other in one array, of which each row has a slice: an array of arrays would have to be a
// rectangle.
func insertSamples(ctx context.Context, tx pgx.Tx, rows []sampleRow) error {
	for piece := range slices.Chunk(rows, 1000) {
		var c struct {
			projects, runs      []string
			ids                 []pgtype.UUID
			centers, spreads    []float64
			n, from, to, rounds []int
			values              []float64
		}
		for _, r := range piece {
			c.projects, c.ids, c.runs = append(c.projects, r.project), append(c.ids, r.id), append(c.runs, r.run)
			c.centers, c.spreads, c.n = append(c.centers, r.center), append(c.spreads, r.spread), append(c.n, r.n)
			c.from = append(c.from, len(c.values)+1) // arrays of SQL count from 1
			c.values, c.rounds = append(c.values, r.Values...), append(c.rounds, r.Rounds...)
			c.to = append(c.to, len(c.values))
		}
		_, err := tx.Exec(ctx, `
			insert into sample (project_id, series_id, run_id, center, spread, n, "values", rounds)
			select project, id, run, center, spread, n, ($9::float8[])[first:last], ($10::int[])[first:last]
			from unnest($1::text[], $2::uuid[], $3::text[], $4::float8[], $5::float8[], $6::int[], $7::int[], $8::int[])
				as these (project, id, run, center, spread, n, first, last)`,
			c.projects, c.ids, c.runs, c.centers, c.spreads, c.n, c.from, c.to, append([]float64{}, c.values...), append([]int{}, c.rounds...))
		if err != nil {
			return err
		}
	}
	return nil
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
