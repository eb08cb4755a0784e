package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/descartes/regress/pkg/baseline"
)

// The points of a run stand packed beside its text too. A history of everything is read from there:
// one row a run in place of one a series, which is 30 times as fast. Each point is the key of its
// series, center, spread and the number of rounds, big-endian, as PostgreSQL sends them; they are
// in the order of their keys.
const packedPoint = 16 + 8 + 8 + 4

// packing is what pack does, in SQL, for a row of raw that was written by a program of version 2
// or 1.
const packing = `(select string_agg(uuid_send(sample.series_id) || float8send(center) || float8send(spread) || int4send(n), ''::bytea order by package, name, unit)
	from sample join series on series.project_id = sample.project_id and series.series_id = sample.series_id
	where sample.project_id = raw.project_id and sample.run_id = raw.run_id and n > 0)`

// pack returns the points of samples, which are of one run and in the order of their keys.
func pack(rows []sampleRow) []byte {
	data := make([]byte, 0, packedPoint*len(rows))
	for _, r := range rows {
		if r.n == 0 {
			continue
		}
		data = append(data, r.id.Bytes[:]...)
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(r.center))
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(r.spread))
		data = binary.BigEndian.AppendUint32(data, uint32(r.n))
	}
	return data
}

// packOlder packs the points of all runs that have none packed, some runs at a time so that each
// call is short.
func packOlder(ctx context.Context, tx pgx.Tx) error {
	runs, err := listed(ctx, tx, baseline.Query{Anchors: true})
	if err != nil {
		return err
	}
	for len(runs) > 0 {
		n := some(runs, piece)
		projects, ids := named(runs[:n])
		_, err := tx.Exec(ctx, "update raw set points = coalesce("+packing+", '') where project_id = any ($1) and run_id = any ($2) and points is null", projects, ids)
		if err != nil {
			return err
		}
		runs = runs[n:]
	}
	return nil
}

// listedRun is a run as far as its points need it.
type listedRun struct {
	project string
	series  int
	baseline.Point
}

// listed returns the runs that q selects, oldest first.
func listed(ctx context.Context, tx pgx.Tx, q baseline.Query) ([]listedRun, error) {
	sql, args := selection("project_id, series, id, commit_sha, branch, started, fingerprint, side, session", q)
	sql, args = newest(sql, args, q)
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	runs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r listedRun, err error) {
		var started *time.Time
		err = row.Scan(&r.project, &r.series, &r.RunID, &r.Commit, &r.Branch, &started, &r.Fingerprint, (*string)(&r.Side), &r.Session)
		r.Time = utc(started)
		return r, err
	})
	slices.Reverse(runs)
	return runs, err
}

// some returns how many of runs have most series together; at least one.
func some(runs []listedRun, most int) int {
	n, series := 0, 0
	for n < len(runs) && (n == 0 || series+runs[n].series <= most) {
		series += runs[n].series + 1 // a run without samples has a row too
		n++
	}
	return n
}

// named returns the projects of runs, each once, and their IDs.
func named(runs []listedRun) (projects, ids []string) {
	for _, r := range runs {
		projects, ids = append(projects, r.project), append(ids, r.RunID)
	}
	slices.Sort(projects)
	return slices.Compact(projects), ids
}

// everything yields the points of all series in the runs that q selects, as they were at one
// moment.
func (s *store) everything(ctx context.Context, q baseline.Query, yield func(baseline.Point, error) bool) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		runs, err := listed(ctx, tx, q)
		if err != nil || len(runs) == 0 {
			return err
		}
		names, err := keys(ctx, tx, q.Project)
		if err != nil {
			return err
		}
		u := unpacker{names: names}
		for len(runs) > 0 {
			n := some(runs, pieceSamples)
			data, err := packed(ctx, tx, runs[:n])
			if err != nil {
				return err
			}
			for _, r := range runs[:n] {
				if err := u.each(r.Point, data[r.RunID], yield); err != nil {
					return err
				}
			}
			runs = runs[n:]
		}
		return nil
	})
}

// packed returns the packed points of runs by their IDs.
func packed(ctx context.Context, tx pgx.Tx, runs []listedRun) (map[string][]byte, error) {
	projects, ids := named(runs)
	rows, err := tx.Query(ctx, "select run_id, coalesce(points, "+packing+", '') from raw where project_id = any ($1) and run_id = any ($2)", projects, ids)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	var id string
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &data}, func() error {
		out[id] = slices.Clone(data)
		return nil
	})
	return out, err
}

// keys returns what the series of a project are called, or those of all.
func keys(ctx context.Context, tx pgx.Tx, project string) (map[[16]byte]baseline.Key, error) {
	sql, args := "select series_id, package, name, unit from series", []any{}
	if project != "" {
		sql, args = sql+" where project_id = $1", append(args, project)
	}
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	names := map[[16]byte]baseline.Key{}
	var id pgtype.UUID
	var key baseline.Key
	_, err = pgx.ForEachRow(rows, []any{&id, &key.Package, &key.Name, &key.Unit}, func() error {
		names[id.Bytes] = key
		return nil
	})
	return names, err
}

// unpacker reads packed points. One run mostly has the series of the one before, in its order.
type unpacker struct {
	names map[[16]byte]baseline.Key
	last  []entry
}

type entry struct {
	id  [16]byte
	key baseline.Key
}

// each yields the points of one run, which p names.
func (u *unpacker) each(p baseline.Point, data []byte, yield func(baseline.Point, error) bool) error {
	damaged := func(what string) error {
		return plain{fmt.Errorf("run %s: %w: %s: remove it and put it again", p.RunID, baseline.ErrDamaged, what)}
	}
	if len(data)%packedPoint != 0 {
		return damaged(fmt.Sprintf("its points have %d bytes", len(data)))
	}
	for i := 0; len(data) > 0; i++ {
		id := [16]byte(data)
		if i == len(u.last) || u.last[i].id != id {
			key, ok := u.names[id]
			if !ok {
				return damaged(fmt.Sprintf("it has a point of series %x, which has no name", id))
			}
			u.last = append(u.last[:i], entry{id, key}) // what follows is another's order
		}
		p.Key = u.last[i].key
		p.Center = math.Float64frombits(binary.BigEndian.Uint64(data[16:]))
		p.Spread = math.Float64frombits(binary.BigEndian.Uint64(data[24:]))
		p.Rounds = int(binary.BigEndian.Uint32(data[32:]))
		if !yield(p, nil) {
			return errStop
		}
		data = data[packedPoint:]
	}
	return nil
}
