package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// history returns all points, and the error at their end.
func history(t *testing.T, s baseline.Store) (all []baseline.Point, end error) {
	t.Helper()
	for p, err := range s.History(t.Context(), baseline.Query{}) {
		if err != nil {
			return all, err
		}
		all = append(all, p)
	}
	return all, nil
}

func execute(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// What Put packs is what PostgreSQL packs of the samples, and History says the same of both.
func TestPackedPoints(t *testing.T) {
	dsn := pgtest.DSN(t)
	s := open(t, dsn)
	defer s.Close()
	runs := assorted()
	for i := range runs { // not in the order of keys
		slices.Reverse(runs[i].Samples)
	}
	if _, err := s.Put(t.Context(), runs...); err != nil {
		t.Fatal(err)
	}
	conn := pgtest.Connect(t, dsn)
	if n := texts(t, conn, "select count(*)::text from raw where points is null"); n[0] != "0" {
		t.Errorf("%s runs without packed points", n[0])
	}
	if n := texts(t, conn, "select run_id from raw where points <> coalesce("+postgres.Packing+", '')"); len(n) > 0 {
		t.Errorf("runs packed in another way: %v", n)
	}
	want, err := history(t, s)
	if err != nil || len(want) < 6000 {
		t.Fatalf("%d points, %v", len(want), err)
	}
	execute(t, conn, "update raw set points = null where run_id > '8'")
	if have, err := history(t, s); err != nil || !slices.Equal(have, want) {
		t.Errorf("%d points, %v; want %d", len(have), err, len(want))
	}
	execute(t, conn, "update sample set center = 0")
	execute(t, conn, "update raw set points = null")
	if have, err := history(t, s); err != nil || slices.Equal(have, want) {
		t.Errorf("%d points, %v: table sample is not asked", len(have), err)
	}
}

// Points that are damaged are an error that says of which run, and no others.
func TestDamagedPoints(t *testing.T) {
	dsn := pgtest.DSN(t)
	s := open(t, dsn)
	defer s.Close()
	if _, err := s.Put(t.Context(), storetest.Example(1), storetest.Example(2)); err != nil {
		t.Fatal(err)
	}
	conn := pgtest.Connect(t, dsn)
	id := storetest.Example(2).ID()
	for _, c := range []struct{ sql, words string }{
		{"update raw set points = points || '\\x00' where run_id = '" + id + "'", "its points have 73 bytes"},
		{"update raw set points = decode(repeat('ab', 36), 'hex') where run_id = '" + id + "'", "has no name"},
	} {
		execute(t, conn, c.sql)
		have, err := history(t, s)
		says(t, err, "read the history of store", id, c.words, "remove it and put it again")
		if !errors.Is(err, baseline.ErrDamaged) || len(have) != 2 {
			t.Errorf("%d points, %v", len(have), err)
		}
	}
}
