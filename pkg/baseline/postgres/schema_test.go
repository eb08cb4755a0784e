package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	regress "github.com/descartes/regress"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// texts runs a query of one text column.
func texts(t *testing.T, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// catalog is everything that the schema made, in one text.
func catalog(t *testing.T, conn *pgx.Conn) string {
	return strings.Join(texts(t, conn, `
		select c.oid || ' ' || relname || ' ' || coalesce(obj_description(c.oid), '') || ' ' || coalesce(string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum), '')
		from pg_class c left join pg_attribute a on a.attrelid = c.oid and attnum > 0
		where relnamespace = 'public'::regnamespace group by c.oid, relname, relkind order by 1`), "\n") +
		strings.Join(texts(t, conn, `select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace order by 1`), "\n") +
		strings.Join(texts(t, conn, `select version::text from regress_schema`), " ")
}

func TestSchemaIsIdempotent(t *testing.T) {
	conn := pgtest.Connect(t, pgtest.DSN(t))
	apply := func() string {
		if _, err := conn.PgConn().Exec(t.Context(), regress.Schema).ReadAll(); err != nil {
			t.Fatal(err)
		}
		return catalog(t, conn)
	}
	first := apply()
	if second := apply(); first != second {
		t.Errorf("the second time changed something:\n%s\n%s", first, second)
	}
	if v := texts(t, conn, "select version::text from regress_schema"); len(v) != 1 || v[0] != fmt.Sprint(regress.SchemaVersion) {
		t.Errorf("versions %v, want one, %d", v, regress.SchemaVersion)
	}
}

// What the schema must have to be explained and to distribute over Citus.
func TestSchemaLaws(t *testing.T) {
	dsn := pgtest.DSN(t)
	open(t, dsn).Close()
	conn := pgtest.Connect(t, dsn)
	none := func(what, sql string) {
		t.Helper()
		if found := texts(t, conn, sql); len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
	if n := len(texts(t, conn, "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")); n != 8 {
		t.Fatalf("%d tables, want 8: the laws below look at the wrong place", n)
	}
	none("tables without a comment", `
		select relname::text from pg_class where relkind in ('r', 'v') and relnamespace = 'public'::regnamespace and obj_description(oid, 'pg_class') is null`)
	none("columns without a comment", `
		select relname || '.' || attname from pg_class c join pg_attribute a on a.attrelid = c.oid
		where relkind in ('r', 'v') and relnamespace = 'public'::regnamespace and attnum > 0 and col_description(c.oid, attnum) is null`)
	none("keys without project_id", `
		select conname::text from pg_constraint where contype in ('p', 'u', 'f', 'x') and connamespace = 'public'::regnamespace
		and pg_get_constraintdef(oid) !~ '^[A-Z ]+\(project_id\y'`) // each begins with it, the column of distribution
	none("unique indexes that are no constraint", `
		select indexrelid::regclass::text from pg_index i where indisunique and indrelid::regclass::text in ('project', 'run', 'raw', 'series', 'sample', 'decision', 'verdict')
		and not exists (select from pg_constraint where conindid = indexrelid)`)
	if alter := strings.Contains(strings.ToLower(regress.Schema), "alter table"); alter {
		t.Error("a foreign key added by ALTER TABLE does not distribute")
	}
}

func TestOpenByManyAtOnce(t *testing.T) {
	dsn := pgtest.DSN(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if _, err := s.Put(t.Context(), storetest.Example(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := open(t, dsn)
	defer s.Close()
	infos, err := s.List(t.Context(), baseline.Query{})
	if err != nil || len(infos) != 8 {
		t.Errorf("%d runs, %v; want 8", len(infos), err)
	}
}

func TestNewerSchema(t *testing.T) {
	dsn := pgtest.DSN(t)
	open(t, dsn).Close()
	conn := pgtest.Connect(t, dsn)
	if _, err := conn.Exec(t.Context(), "update regress_schema set version = version + 1"); err != nil {
		t.Fatal(err)
	}
	before := catalog(t, conn)
	_, err := postgres.Open(t.Context(), dsn)
	if !errors.Is(err, baseline.ErrNewerSchema) || !strings.Contains(err.Error(), fmt.Sprintf("version %d, this program knows %d: update regress", regress.SchemaVersion+1, regress.SchemaVersion)) {
		t.Errorf("have %v", err)
	}
	if catalog(t, conn) != before {
		t.Error("a newer schema was touched")
	}
}

func TestTablesOfSomebodyElse(t *testing.T) {
	dsn := pgtest.DSN(t)
	conn := pgtest.Connect(t, dsn)
	if _, err := conn.Exec(t.Context(), "create table run (id int primary key, distance float8); insert into run values (1, 42.195)"); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Open(t.Context(), dsn)
	says(t, err, "not those of regress", "?search_path=NAME")
	if left := texts(t, conn, "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"); len(left) != 1 {
		t.Errorf("tables %v were left behind", left)
	}

	// The remedy works.
	_, err = postgres.Open(t.Context(), dsn+"&search_path=team")
	says(t, err, "create the schema that search_path names")
	if _, err := conn.Exec(t.Context(), "create schema team"); err != nil {
		t.Fatal(err)
	}
	s := open(t, dsn+"&search_path=team")
	defer s.Close()
	if added, err := s.Put(t.Context(), storetest.Example(1)); err != nil || added != 1 {
		t.Errorf("added %d, %v", added, err)
	}
	if n := texts(t, conn, "select count(*)::text from team.run"); n[0] != "1" {
		t.Errorf("team.run has %s rows", n[0])
	}
}
