package postgres

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/descartes/regress/pkg/baseline"
)

// seriesID returns the key of a series in the dictionary: of its names, so that a
// writer need not ask which number it has.
func seriesID(k baseline.Key) pgtype.UUID {
	h := sha256.New()
	for _, part := range []string{k.Package, k.Name, k.Unit} {
		_, _ = io.WriteString(h, part)
		h.Write([]byte{0}) // which no name has
	}
	id := pgtype.UUID{Valid: true}
	copy(id.Bytes[:], h.Sum(nil))
	return id
}

// seriesRow is a row of the dictionary.
type seriesRow struct {
	project string
	id      pgtype.UUID
	baseline.Key
}

// compare orders rows by their primary key.
func (r seriesRow) compare(other seriesRow) int {
	return cmp.Or(cmp.Compare(r.project, other.project), bytes.Compare(r.id.Bytes[:], other.id.Bytes[:]))
}

// dictionary has the series of some runs, so that the key of each is worked out once.
type dictionary map[string]map[baseline.Key]pgtype.UUID // by project

// add adds the series of one run.
func (d dictionary) add(r baseline.Run) {
	if d[r.Project] == nil {
		d[r.Project] = map[baseline.Key]pgtype.UUID{}
	}
	for _, sample := range r.Samples {
		if _, ok := d[r.Project][sample.Key]; !ok {
			d[r.Project][sample.Key] = seriesID(sample.Key)
		}
	}
}

// rows returns all series, each once, in one order for all writers.
func (d dictionary) rows() (rows []seriesRow) {
	for project, series := range d {
		for key, id := range series {
			rows = append(rows, seriesRow{project, id, key})
		}
	}
	return tidy(rows)
}

// samples returns those of some runs in the order of the primary key of their table, and the packed
// points of each run.
func (d dictionary) samples(runs []keyed) (rows []sampleRow, points [][]byte) {
	for _, r := range runs {
		from := len(rows)
		for _, sample := range r.Samples {
			rows = append(rows, newRow(r.Project, r.id, d[r.Project][sample.Key], sample))
		}
		slices.SortFunc(rows[from:], func(a, b sampleRow) int { return a.Key.Compare(b.Key) })
		points = append(points, pack(rows[from:]))
	}
	slices.SortFunc(rows, func(a, b sampleRow) int {
		return cmp.Or(cmp.Compare(a.project, b.project), bytes.Compare(a.id.Bytes[:], b.id.Bytes[:]), cmp.Compare(a.run, b.run))
	})
	return rows, points
}

// tidy sorts rows and drops repeated ones.
func tidy(rows []seriesRow) []seriesRow {
	slices.SortFunc(rows, seriesRow.compare)
	return slices.CompactFunc(rows, func(a, b seriesRow) bool { return a.compare(b) == 0 })
}

// insertSeries adds those that the dictionary does not have. The order of rows
// keeps two writers from waiting for one another.
//
// Note: a condition that leaves out those that are there would be a correlated
// subquery on a function, which Citus does not plan; a conflict costs one look at the
// index as well.
func insertSeries(ctx context.Context, tx pgx.Tx, rows []seriesRow) error {
	if len(rows) == 0 {
		return nil
	}
	var columns struct {
		projects, packages, names, units []string
		ids                              []pgtype.UUID
	}
	for _, r := range rows {
		columns.projects = append(columns.projects, r.project)
		columns.ids = append(columns.ids, r.id)
		columns.packages = append(columns.packages, r.Package)
		columns.names = append(columns.names, r.Name)
		columns.units = append(columns.units, r.Unit)
	}
	_, err := tx.Exec(ctx, `
		insert into series (project_id, series_id, package, name, unit)
		select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[])
		on conflict do nothing`,
		columns.projects, columns.ids, columns.packages, columns.names, columns.units)
	return err
}
