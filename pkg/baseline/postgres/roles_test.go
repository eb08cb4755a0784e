package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	regress "github.com/descartes/regress"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// team makes a store with roles, and login roles of those names in group, each with access to the
// projects that it is given. It returns the URL of the owner.
func team(t *testing.T, group string, access map[string][]string) (dsn string) {
	t.Helper()
	server := pgtest.Shared(t)
	dsn = server.Database(t)
	if err := postgres.MakeRoles(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn := pgtest.Connect(t, dsn)
	for role, projects := range access {
		server.Exec(t, fmt.Sprintf("create role %s login in role %s", role, group))
		t.Cleanup(func() { server.Exec(t, "drop role "+role) })
		for _, project := range projects {
			if _, err := conn.Exec(t.Context(), "insert into project_access values ($1, $2)", project, role); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dsn
}

// as returns the URL for a role.
func as(role, dsn string) string { return strings.Replace(dsn, "postgres@", role+"@", 1) }

// of returns run i of a project.
func of(project string, i int) baseline.Run {
	r := storetest.Example(i)
	r.Project = project
	return r
}

// counted are how many rows each table of the store shows to a connection.
func counted(t *testing.T, conn *pgx.Conn) (n []int) {
	t.Helper()
	for _, table := range guarded {
		var rows int
		if err := conn.QueryRow(t.Context(), "select count(*) from "+table).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		n = append(n, rows)
	}
	return n
}

// guarded are the tables with rows of projects.
var guarded = []string{"project", "run", "raw", "series", "sample", "decision", "verdict"}

// A writer of one project puts, reads and removes there, and for it there is no other.
func TestWriterHasItsProjectsAlone(t *testing.T) {
	dsn := team(t, "regress_writer", map[string][]string{"writer_a": {"a", "new"}, "writer_none": nil})
	owner := open(t, dsn)
	defer owner.Close()
	if _, err := owner.Put(t.Context(), of("a", 1), of("b", 2)); err != nil {
		t.Fatal(err)
	}
	s := open(t, as("writer_a", dsn))
	defer s.Close()
	for _, project := range []string{"", "a", "b"} {
		infos, err := s.List(t.Context(), baseline.Query{Project: project})
		if want := map[string]int{"": 1, "a": 1, "b": 0}[project]; err != nil || len(infos) != want {
			t.Errorf("list of %q: %d, %v; want %d", project, len(infos), err, want)
		}
	}
	_, err := s.Get(t.Context(), of("b", 2).ID())
	says(t, err, "not found")
	says(t, s.Remove(t.Context(), of("b", 2).ID()), "not found")
	if added, err := s.Put(t.Context(), of("a", 1), of("a", 3), of("new", 4)); err != nil || added != 2 {
		t.Errorf("added %d, %v", added, err)
	}
	_, err = s.Put(t.Context(), of("a", 5), of("b", 6))
	says(t, err, "row-level security", "project_access")
	var own []baseline.Decision
	for i, project := range []string{"a", "b"} {
		d := storetest.ExampleDecision(i)
		d.Project = project
		own = append(own, d)
	}
	if added, err := owner.PutDecisions(t.Context(), own[1]); err != nil || added != 1 {
		t.Errorf("added %d decisions, %v", added, err)
	}
	if added, err := s.PutDecisions(t.Context(), own[0]); err != nil || added != 1 {
		t.Errorf("added %d decisions, %v", added, err)
	}
	_, err = s.PutDecisions(t.Context(), own[1])
	says(t, err, "row-level security", "project_access")
	for d, err := range s.Decisions(t.Context(), baseline.Query{}) {
		if err != nil || d.ID() != own[0].ID() {
			t.Errorf("it sees a decision of %q, %v", d.Project, err)
		}
	}
	if err := s.Remove(t.Context(), of("a", 1).ID()); err != nil {
		t.Error(err)
	}

	conn := pgtest.Connect(t, as("writer_a", dsn))
	if have := counted(t, conn); !slices.Equal(have, []int{2, 2, 2, 8, 4, 1, 3}) {
		t.Errorf("rows of %v: %v", guarded, have)
	}
	refused(t, conn,
		"update run set branch = 'x'", "update sample set center = 0", "delete from project", "delete from sample", "truncate raw",
		"insert into project values ('b2')", "insert into series select 'b', series_id, package, name, unit from series",
		"insert into raw values ('b', '"+of("b", 2).ID()+"', '')",
		"insert into project_access values ('b', 'writer_a')", "update regress_schema set version = 1",
		"alter table run disable row level security", "set role postgres")
	none := pgtest.Connect(t, as("writer_none", dsn))
	if have := counted(t, none); slices.Max(have) > 0 {
		t.Errorf("one without a project sees %v of %v", have, guarded)
	}
	if infos, err := owner.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 3 {
		t.Errorf("the owner has %d, %v", len(infos), err)
	}
}

// refused fails unless each statement is.
func refused(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "SQLSTATE 42501") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestReaderWritesNothing(t *testing.T) {
	dsn := team(t, "regress_reader", map[string][]string{"reader_a": {"a"}})
	owner := open(t, dsn)
	defer owner.Close()
	if _, err := owner.Put(t.Context(), of("a", 1), of("b", 2)); err != nil {
		t.Fatal(err)
	}
	s := open(t, as("reader_a", dsn))
	defer s.Close()
	have, err := s.Get(t.Context(), of("a", 1).ID())
	if err != nil || storetest.Diff(have, of("a", 1)) != "" {
		t.Errorf("%v %s", err, storetest.Diff(have, of("a", 1)))
	}
	var points int
	for _, err := range s.History(t.Context(), baseline.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		points++
	}
	if points != 2 {
		t.Errorf("%d points, want those of one run, 2", points)
	}
	_, err = s.Put(t.Context(), of("a", 3))
	says(t, err, "permission denied", "use a role that may")
	says(t, s.Remove(t.Context(), of("a", 1).ID()), "permission denied")
	conn := pgtest.Connect(t, as("reader_a", dsn))
	var all []string
	for _, table := range append([]string{"regress_schema", "project_access"}, guarded...) {
		all = append(all, "delete from "+table, "truncate "+table, "insert into "+table+" select * from "+table)
	}
	refused(t, conn, all...)
}

// A role of a row may be a group, and one that is gone harms nobody.
func TestAccessOfGroups(t *testing.T) {
	dsn := team(t, "regress_reader", map[string][]string{"reader_g": nil})
	server, conn := pgtest.Shared(t), pgtest.Connect(t, dsn)
	server.Exec(t, "create role parsers role reader_g")
	t.Cleanup(func() { server.Exec(t, "drop role parsers") })
	if _, err := conn.Exec(t.Context(), "insert into project_access values ('a', 'parsers'), ('a', 'gone'), ('b', 'gone')"); err != nil {
		t.Fatal(err)
	}
	owner := open(t, dsn)
	defer owner.Close()
	if _, err := owner.Put(t.Context(), of("a", 1), of("b", 2)); err != nil {
		t.Fatal(err)
	}
	s := open(t, as("reader_g", dsn))
	defer s.Close()
	if infos, err := s.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 1 || infos[0].Project != "a" {
		t.Errorf("%v, %v", infos, err)
	}
}

// Who had rights of its own keeps them, and what was there stays as it was.
func TestRolesLeaveOthersAlone(t *testing.T) {
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	owner := open(t, dsn)
	defer owner.Close()
	if _, err := owner.Put(t.Context(), of("a", 1), of("b", 2)); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "create role granted login")
	t.Cleanup(func() { server.Exec(t, "drop role granted") })
	conn := pgtest.Connect(t, dsn)
	t.Cleanup(func() { _, _ = conn.Exec(context.Background(), "drop owned by granted") })
	if _, err := conn.Exec(t.Context(), "grant select, insert, delete on all tables in schema public to granted"); err != nil {
		t.Fatal(err)
	}
	if err := postgres.MakeRoles(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	s := open(t, as("granted", dsn))
	defer s.Close()
	if infos, err := s.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 2 {
		t.Errorf("%d runs, %v", len(infos), err)
	}
	if added, err := s.Put(t.Context(), of("c", 3), of("a", 4)); err != nil || added != 2 {
		t.Errorf("added %d, %v", added, err)
	}
	if err := s.Remove(t.Context(), of("b", 2).ID()); err != nil {
		t.Error(err)
	}
}

// granting is a store whose owner gives a writer each project that it puts runs of.
type granting struct {
	baseline.Store
	owner *pgxpool.Pool
}

func (g granting) Put(ctx context.Context, runs ...baseline.Run) (int, error) {
	for _, r := range runs {
		// What Validate refuses may be no text either.
		_, _ = g.owner.Exec(ctx, "insert into project_access values ($1, 'writer_all') on conflict do nothing", r.Project)
	}
	return g.Store.Put(ctx, runs...)
}

func (g granting) PutDecisions(ctx context.Context, decisions ...baseline.Decision) (int, error) {
	for _, d := range decisions {
		_, _ = g.owner.Exec(ctx, "insert into project_access values ($1, 'writer_all') on conflict do nothing", d.Project)
	}
	return g.Store.PutDecisions(ctx, decisions...)
}

// The contract holds for a writer too, to whom COPY is closed.
func TestConformanceOfWriters(t *testing.T) {
	team(t, "regress_writer", map[string][]string{"writer_all": nil})
	storetest.Run(t, func(t *testing.T) func() baseline.Store {
		dsn := pgtest.DSN(t)
		if err := postgres.MakeRoles(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
		owner, err := pgxpool.New(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(owner.Close)
		return func() baseline.Store { return granting{open(t, as("writer_all", dsn)), owner} }
	})
}

// What every table with rows of projects must have once there are roles.
func TestRolesLaws(t *testing.T) {
	dsn := team(t, "regress_reader", nil)
	conn := pgtest.Connect(t, dsn)
	none := func(what, sql string) {
		t.Helper()
		if found := texts(t, conn, sql); len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
	const ours = `from pg_class c join pg_attribute a on a.attrelid = c.oid and attname = 'project_id'
		where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`
	have := texts(t, conn, "select relname::text "+ours+" and relname <> 'project_access' order by 1")
	if want := slices.Sorted(slices.Values(guarded)); !slices.Equal(have, want) {
		t.Errorf("tables with rows of projects: %v, the tests know %v", have, want)
	}
	none("tables without row security", "select relname::text "+ours+" and not relrowsecurity")
	none("tables without both policies", "select relname::text "+ours+` and relname <> 'project_access'
		and (select count(*) from pg_policy where polrelid = c.oid and polname in ('regress_own', 'regress_other')) <> 2`)
	none("tables that a reader cannot read", "select relname::text "+ours+" and not has_table_privilege('regress_reader', c.oid, 'select')")
	none("tables that a reader can write", "select relname::text "+ours+" and has_table_privilege('regress_reader', c.oid, 'insert, update, delete, truncate')")
	none("tables that a writer cannot write", "select relname::text "+ours+" and relname <> 'project_access' and not has_table_privilege('regress_writer', c.oid, 'insert')")
	none("roles that log in", "select rolname::text from pg_roles where rolname in ('regress_reader', 'regress_writer') and (rolcanlogin or rolsuper or rolbypassrls)")

	before := policies(t, conn)
	if _, err := conn.PgConn().Exec(t.Context(), regress.Roles).ReadAll(); err != nil {
		t.Fatal(err)
	}
	if after := policies(t, conn); after != before {
		t.Errorf("the second time changed something:\n%s\n%s", before, after)
	}
}

// policies is what roles.sql made, in one text.
func policies(t *testing.T, conn *pgx.Conn) string {
	return shape(t, conn) + strings.Join(texts(t, conn, "select tablename || ' ' || policyname || ' ' || roles::text || ' ' || cmd || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '') from pg_policies order by 1"), "\n") +
		strings.Join(texts(t, conn, "select relname || ' ' || coalesce(relacl::text, '') from pg_class where relnamespace = 'public'::regnamespace order by 1"), "\n")
}

// Tables that a migration makes have the rights of those that were there before.
func TestMigrationRenewsRoles(t *testing.T) {
	each(t, renewsRoles)
}

func renewsRoles(t *testing.T, o older) {
	dsn := o.database(t)
	conn := pgtest.Connect(t, dsn)
	if err := o.put(t.Context(), conn, bare(of("a", 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "create table project_access (project_id text not null, role name not null, primary key (project_id, role)); insert into project_access values ('a', 'reader_old')"); err != nil {
		t.Fatal(err)
	}
	team(t, "regress_reader", map[string][]string{"reader_old": nil}) // makes the roles
	open(t, dsn).Close()
	s := open(t, as("reader_old", dsn))
	defer s.Close()
	have, err := s.Get(t.Context(), of("a", 1).ID())
	if err != nil || storetest.Diff(have, bare(of("a", 1))) != "" {
		t.Errorf("%v %s", err, storetest.Diff(have, bare(of("a", 1))))
	}
	for _, err := range s.Decisions(t.Context(), baseline.Query{}) {
		t.Errorf("a reader of decisions: %v", err)
	}
}
