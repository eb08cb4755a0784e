package postgres_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// schema1 is schema.sql as it was in version 1.
//
//go:embed testdata/schema1.sql
var schema1 string

// schema2 is schema.sql as it was in version 2.
//
//go:embed testdata/schema2.sql
var schema2 string

// older is an older version: its tables, and how a program of its time puts a run.
type older struct {
	version int
	schema  string
	put     func(context.Context, *pgx.Conn, baseline.Run) error
}

// olders are the versions that are brought to this one.
var olders = []older{{1, schema1, put1}, {2, schema2, put2}}

// each runs a test for each older version.
func each(t *testing.T, test func(*testing.T, older)) {
	for _, o := range olders {
		t.Run(fmt.Sprintf("version %d", o.version), func(t *testing.T) { test(t, o) })
	}
}

// database makes the tables of the version in a fresh database.
func (o older) database(t *testing.T) (dsn string) {
	t.Helper()
	dsn = pgtest.DSN(t)
	if _, err := pgtest.Connect(t, dsn).PgConn().Exec(t.Context(), o.schema).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// put1 puts a run with the statements of the program of version 1.
func put1(ctx context.Context, conn *pgx.Conn, r baseline.Run) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into project (project_id) values ($1) on conflict do nothing", r.Project); err != nil {
			return err
		}
		var started *time.Time
		if !r.Time.IsZero() {
			started = &r.Time
		}
		e := r.Environment
		facts := map[string]any{
			"goos": e.OS, "goarch": e.Arch, "cpu": e.CPU, "cores": e.Cores, "quota": e.Quota, "gomaxprocs": e.Procs, "memory-mib": e.MemoryMiB,
			"kernel": e.Kernel, "virtual": e.Virtual, "governor": e.Governor, "go-version": e.GoVersion, "suite-flags": e.SuiteFlags,
		}
		tag, err := tx.Exec(ctx, `
			insert into run (project_id, id, side, commit_sha, branch, dirty, started, fingerprint, environment, series, raw)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			on conflict (project_id, id) do nothing`,
			r.Project, r.ID(), string(r.Side), r.Commit, r.Branch, r.Dirty, started, r.Environment.Fingerprint(), facts, len(r.Samples), append([]byte{}, r.Raw...))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"sample"},
			[]string{"project_id", "run_id", "ordinal", "package", "name", "unit", "values", "rounds"},
			pgx.CopyFromSlice(len(r.Samples), func(i int) ([]any, error) {
				s := r.Samples[i]
				return []any{r.Project, r.ID(), i + 1, s.Package, s.Name, s.Unit, append([]float64{}, s.Values...), append([]int{}, s.Rounds...)}, nil
			}))
		return err
	})
}

// put2 puts a run with the statements of the program of version 2.
func put2(ctx context.Context, conn *pgx.Conn, r baseline.Run) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into project (project_id) values ($1) on conflict do nothing", r.Project); err != nil {
			return err
		}
		var started *time.Time
		if !r.Time.IsZero() {
			started = &r.Time
		}
		for _, s := range r.Samples {
			if _, err := tx.Exec(ctx, "insert into series (project_id, series_id, package, name, unit) values ($1, $2, $3, $4, $5) on conflict do nothing", r.Project, postgres.SeriesID(s.Key), s.Package, s.Name, s.Unit); err != nil {
				return err
			}
		}
		e := r.Environment
		facts := map[string]any{
			"goos": e.OS, "goarch": e.Arch, "cpu": e.CPU, "cores": e.Cores, "quota": e.Quota, "gomaxprocs": e.Procs, "memory-mib": e.MemoryMiB,
			"kernel": e.Kernel, "virtual": e.Virtual, "governor": e.Governor, "go-version": e.GoVersion, "suite-flags": e.SuiteFlags,
		}
		tag, err := tx.Exec(ctx, `
			insert into run (project_id, id, side, commit_sha, branch, dirty, started, fingerprint, environment, series)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			on conflict (project_id, id) do nothing`,
			r.Project, r.ID(), string(r.Side), r.Commit, r.Branch, r.Dirty, started, r.Environment.Fingerprint(), facts, len(r.Samples))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into raw (project_id, run_id, raw) values ($1, $2, $3)", r.Project, r.ID(), append([]byte{}, r.Raw...)); err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"sample"},
			[]string{"project_id", "series_id", "run_id", "center", "spread", "n", "values", "rounds"},
			pgx.CopyFromSlice(len(r.Samples), func(i int) ([]any, error) {
				s := r.Samples[i]
				center, spread, n := s.Summary()
				return []any{r.Project, postgres.SeriesID(s.Key), r.ID(), center, spread, n, append([]float64{}, s.Values...), append([]int{}, s.Rounds...)}, nil
			}))
		return err
	})
}

// bare returns a run of which no session and no facts of the commit are known, as in older ones.
func bare(r baseline.Run) baseline.Run {
	r.Session, r.Facts, r.Environment.Counter = "", baseline.Facts{}, ""
	return r
}

// assorted are runs of two projects, with the edges of what is kept.
func assorted() []baseline.Run {
	var runs []baseline.Run
	for i := range 30 {
		r := bare(wide(i))
		r.Project = []string{"a", "b"}[i%2]
		runs = append(runs, r)
	}
	runs = append(runs, baseline.Run{})
	empty := bare(storetest.Example(100))
	empty.Samples = []baseline.Sample{{Key: baseline.Key{Package: "none"}}}
	empty.Raw = []byte("\x00\xff")
	long := bare(storetest.Example(101))
	series := 30_000 // more than is moved at a time
	if testing.Short() {
		series = 300
	}
	for i := range series {
		long.Samples = append(long.Samples, baseline.Sample{Key: baseline.Key{Package: "z", Name: fmt.Sprintf("L%05d", i)}, Values: []float64{float64(i), .1, .3}, Rounds: []int{1, 2, 3}})
	}
	return append(runs, empty, long)
}

// same fails unless the store has these runs, whole, and their history is that
// of a store which got them from Put.
func same(t *testing.T, s baseline.Store, runs []baseline.Run) {
	t.Helper()
	infos, err := s.List(t.Context(), baseline.Query{})
	if err != nil || len(infos) != len(runs) {
		t.Fatalf("%d runs, %v; want %d", len(infos), err, len(runs))
	}
	for _, r := range runs {
		have, err := s.Get(t.Context(), r.ID())
		if err != nil || storetest.Diff(have, r) != "" {
			t.Fatalf("%v %s", err, storetest.Diff(have, r))
		}
	}
	fresh := open(t, pgtest.DSN(t))
	defer fresh.Close()
	if _, err := fresh.Put(t.Context(), runs...); err != nil {
		t.Fatal(err)
	}
	history := func(s baseline.Store) (all []baseline.Point) {
		for p, err := range s.History(t.Context(), baseline.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
		return all
	}
	if have, want := history(s), history(fresh); !slices.Equal(have, want) || len(want) == 0 {
		t.Errorf("the histories differ: %d points, want %d", len(have), len(want))
	}
}

// shape is a catalogue without what differs from database to database.
func shape(t *testing.T, conn *pgx.Conn) string {
	return strings.Join(texts(t, conn, `
		select relname || ' ' || relkind::text || ' ' || coalesce(obj_description(c.oid), '') || ' ' || coalesce(string_agg(
			attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || attcollation::regcollation || ' ' || coalesce(col_description(c.oid, attnum), ''), ', ' order by attnum), '')
		from pg_class c left join pg_attribute a on a.attrelid = c.oid and attnum > 0
		where relnamespace = 'public'::regnamespace group by c.oid, relname, relkind order by 1`), "\n") +
		strings.Join(texts(t, conn, `select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where contype <> 'n' and connamespace = 'public'::regnamespace order by 1`), "\n") +
		strings.Join(texts(t, conn, `select indexdef from pg_indexes where schemaname = 'public' order by 1`), "\n") +
		strings.Join(texts(t, conn, `select version::text from regress_schema`), " ")
}

func TestMigrationKeepsEverything(t *testing.T) { each(t, keepsEverything) }

func keepsEverything(t *testing.T, o older) {
	dsn := o.database(t)
	conn := pgtest.Connect(t, dsn)
	runs := assorted()
	for _, r := range runs {
		if err := o.put(t.Context(), conn, r); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dsn)
	defer s.Close()
	same(t, s, runs)
	if added, err := s.PutDecisions(t.Context(), storetest.ExampleDecision(1)); err != nil || added != 1 {
		t.Errorf("added %d decisions, %v", added, err)
	}

	other := pgtest.DSN(t)
	open(t, other).Close()
	if have, want := shape(t, conn), shape(t, pgtest.Connect(t, other)); have != want {
		t.Errorf("a migrated database has\n%s\na new one\n%s", have, want)
	}
	again := open(t, dsn)
	defer again.Close()
	if added, err := again.Put(t.Context(), runs...); err != nil || added != 0 {
		t.Errorf("added %d, %v", added, err)
	}
	if err := again.Remove(t.Context(), runs[0].ID()); err != nil {
		t.Fatal(err)
	}
	same(t, s, runs[1:])
}

// Programs of version 1 write while several of this version open the store: what
// they were told is kept is there, the others are told what to do, and nothing is half.
func TestMigrationBesideOldWriters(t *testing.T) {
	dsn := olders[0].database(t)
	const writers = 4
	kept := make([][]baseline.Run, writers)
	var writing sync.WaitGroup
	begun := make(chan struct{}, writers)
	for w := range writers {
		conn := pgtest.Connect(t, dsn)
		writing.Go(func() {
			for i := range 100_000 {
				r := bare(wide(100_000*w + i))
				err := put1(t.Context(), conn, r)
				if err != nil {
					says(t, err, "update_regress_this_store_has_schema_version_2")
					if i < 3 {
						t.Errorf("writer %d had %d runs when it ended: too few to have been in the way", w, i)
					}
					return
				}
				kept[w] = append(kept[w], r)
				if i == 3 {
					begun <- struct{}{}
				}
			}
		})
	}
	for range writers {
		<-begun
	}
	var opening sync.WaitGroup
	for range 3 {
		opening.Go(func() {
			s, err := postgres.Open(t.Context(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	opening.Wait()
	writing.Wait()
	s := open(t, dsn)
	defer s.Close()
	same(t, s, slices.Concat(kept...))

	// One that reads gets an error rather than a run without its text.
	conn := pgtest.Connect(t, dsn)
	_, err := conn.Exec(t.Context(), `select package, name, unit, "values", rounds from sample`)
	says(t, err, "does not exist")
}

// Programs of version 2 write while several of this version open the store: whatever they were
// told is kept is there, before and after.
func TestMigrationBesideWritersOfVersion2(t *testing.T) {
	dsn := olders[1].database(t)
	const writers, before, after = 4, 4, 4
	kept := make([][]baseline.Run, writers)
	var writing, opening sync.WaitGroup
	begun, moved := make(chan struct{}, writers), make(chan struct{})
	for w := range writers {
		conn := pgtest.Connect(t, dsn)
		writing.Go(func() {
			for i, left := 0, after; left > 0; i++ {
				r := bare(storetest.Example(100_000*w + i))
				if err := put2(t.Context(), conn, r); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				kept[w] = append(kept[w], r)
				if i == before {
					begun <- struct{}{}
				}
				select {
				case <-moved:
					left--
				default:
				}
			}
		})
	}
	for range writers {
		<-begun
	}
	for range 3 {
		opening.Go(func() { open(t, dsn).Close() })
	}
	opening.Wait()
	close(moved)
	writing.Wait()
	s := open(t, dsn)
	defer s.Close()
	same(t, s, slices.Concat(kept...))
}

// A migration that is cut off anywhere leaves the older tables as they were.
func TestMigrationIsAllOrNone(t *testing.T) { each(t, allOrNone) }

func allOrNone(t *testing.T, o older) {
	dsn := o.database(t)
	conn := pgtest.Connect(t, dsn)
	runs := assorted()
	for _, r := range runs {
		if err := o.put(t.Context(), conn, r); err != nil {
			t.Fatal(err)
		}
	}
	before := shape(t, conn)
	cut := 0
	for limit := 5 * time.Millisecond; cut < 5; limit += 20 * time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		s, err := postgres.Open(ctx, dsn)
		cancel()
		if err == nil {
			s.Close()
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("have %v", err)
		}
		if after := shape(t, conn); after != before {
			t.Fatalf("after %v:\n%s\nbefore:\n%s", limit, after, before)
		}
		cut++
	}
	if cut == 0 {
		t.Error("no migration was cut off")
	}
	s := open(t, dsn)
	defer s.Close()
	same(t, s, runs)
}

// Who could read and write the old tables can read and write the new, and they
// have their owner still.
func TestMigrationKeepsRights(t *testing.T) { each(t, keepsRights) }

func keepsRights(t *testing.T, o older) {
	server := pgtest.Shared(t)
	dsn := o.database(t)
	conn := pgtest.Connect(t, dsn)
	if err := o.put(t.Context(), conn, bare(storetest.Example(1))); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "create role watcher login")
	server.Exec(t, "create role landlord login")
	t.Cleanup(func() {
		server.Exec(t, "drop role watcher")
		server.Exec(t, "drop role landlord")
	})
	t.Cleanup(func() { _, _ = conn.Exec(context.Background(), "drop owned by watcher, landlord cascade") })
	_, err := conn.Exec(t.Context(), `
		grant select on all tables in schema public to watcher;
		alter table run owner to landlord;
		alter table sample owner to landlord`+map[int]string{2: "; alter table raw owner to landlord; alter table series owner to landlord"}[o.version])
	if err != nil {
		t.Fatal(err)
	}
	open(t, dsn).Close()
	if owners := texts(t, conn, "select distinct tableowner::text from pg_tables where tablename in ('run', 'raw', 'series', 'sample', 'decision', 'verdict')"); !slices.Equal(owners, []string{"landlord"}) {
		t.Errorf("owned by %v", owners)
	}
	s := open(t, strings.Replace(dsn, "postgres@", "watcher@", 1))
	defer s.Close()
	have, err := s.Get(t.Context(), storetest.Example(1).ID())
	if err != nil || storetest.Diff(have, bare(storetest.Example(1))) != "" {
		t.Errorf("%v %s", err, storetest.Diff(have, bare(storetest.Example(1))))
	}
	for _, err := range s.Decisions(t.Context(), baseline.Query{}) {
		t.Errorf("a reader of decisions: %v", err)
	}
	_, err = s.Put(t.Context(), storetest.Example(2))
	says(t, err, "permission denied")
}
