package postgres_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

func says(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("have error %v, want one that says %q", err, w)
		}
	}
}

func dbName(dsn string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(dsn, "postgres://postgres@/"), "?")
	return name
}

// No error shows a password, or a piece of one, however the URL mangles it.
func TestPasswordStaysSecret(t *testing.T) {
	server := pgtest.Shared(t)
	server.Exec(t, `create role locked login password 'hunter2-right'`)
	t.Cleanup(func() { server.Exec(t, `drop role locked`) })
	t.Setenv("PGPASSFILE", "/nonexistent")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := closed.Addr().String()
	closed.Close()

	const form = "percent-encoded"
	socket := "?host=" + server.Dir()
	for _, c := range []struct {
		name, dsn string
		words     []string
	}{
		{"wrong password", "postgres://locked:hunter2-wrong@/postgres" + socket, []string{"open store postgres of locked at", "password authentication failed", "correct user and password"}},
		{"wrong password, escaped", "postgres://locked:hunter2%2F%40%20x@/postgres" + socket, []string{"password authentication failed"}},
		{"password in the query", "postgres:///postgres" + socket + "&user=locked&password=hunter2", []string{"password authentication failed"}},
		{"no password", "postgres://locked@/postgres" + socket, []string{"correct user and password"}},
		{"no such role", "postgres://nobody-here:hunter2@/postgres" + socket, []string{"does not exist", "correct user and password"}},
		{"no such database", "postgres://postgres:hunter2@/nothere" + socket, []string{`database "nothere" does not exist`, "createdb"}},
		{"server down", "postgres://u:hunter2@" + addr + "/db", []string{"connection refused", "see that the server runs"}},
		{"no such socket", "postgres://u:hunter2@/db?host=/nonexistent", []string{"no such file", "see that the server runs"}},
		{"no such host", "postgres://u:hunter2@regress.invalid/db", []string{"regress.invalid", "see that the server runs"}},
		{"unknown setting", "postgres://postgres:hunter2@/postgres" + socket + "&colour=hunter2", []string{"colour"}},
		{"bad sslmode", "postgres://u:hunter2@h/db?sslmode=hunter2", []string{"sslmode", form}},
		{"bad port", "postgres://u:p@h:hunter2/db", []string{form}},
		{"bad escape", "postgres://u:hunter2%zz@h/db", []string{form}},
		{"slash in the password", "postgres://u:hunter2/x@h/db", []string{form}},
		{"slash after digits", "postgres://u:123/hunter2@h/db", []string{form}},
		{"hash in the password", "postgres://u:1#hunter2@h/db", []string{form}},
		{"question mark in the password", "postgres://u:1?hunter2@h/db", []string{form}},
		{"at and slash", "postgres://u:hunter2@1/hunter2@h/db", []string{form}},
		{"keywords", "host=h user=u password=hunter2", []string{form}},
		{"no scheme", "u:hunter2@h/db", []string{form}},
		{"another scheme", "mysql://u:hunter2@h/db", []string{form}},
		{"line feed", "postgres://u:hunter2\n@h/db", []string{form}},
		{"nothing", "", []string{form}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			s, err := postgres.Open(ctx, c.dsn)
			if err == nil {
				s.Close()
			}
			says(t, err, c.words...)
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "hunter2") {
					t.Errorf("the password shows: %v", e)
				}
			}
		})
	}

	dsn := server.Database(t)
	server.Exec(t, "alter database "+dbName(dsn)+" owner to locked")
	s := open(t, strings.Replace(dsn, "postgres@", "locked:hunter2-right@", 1))
	s.Close()
}

func TestRoleThatMayOnlyRead(t *testing.T) {
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	server.Exec(t, "create role reader login")
	t.Cleanup(func() { server.Exec(t, "drop role reader") })
	reader := strings.Replace(dsn, "postgres@", "reader@", 1)
	admin := pgtest.Connect(t, dsn)
	t.Cleanup(func() { _, _ = admin.Exec(context.Background(), "drop owned by reader") })
	if _, err := admin.Exec(t.Context(), "revoke create on schema public from public"); err != nil {
		t.Fatal(err)
	}

	_, err := postgres.Open(t.Context(), reader)
	says(t, err, "create tables in store", "permission denied for schema public", "use a role that may")

	owner := open(t, dsn)
	defer owner.Close()
	if _, err := owner.Put(t.Context(), storetest.Example(1)); err != nil {
		t.Fatal(err)
	}
	_, err = postgres.Open(t.Context(), reader)
	says(t, err, "permission denied for table regress_schema", "select")
	if _, err := admin.Exec(t.Context(), "grant select on all tables in schema public to reader"); err != nil {
		t.Fatal(err)
	}

	s := open(t, reader)
	defer s.Close()
	if infos, err := s.List(t.Context(), baseline.Query{}); err != nil || len(infos) != 1 {
		t.Errorf("list: %d, %v", len(infos), err)
	}
	run, err := s.Get(t.Context(), storetest.Example(1).ID())
	if err != nil || storetest.Diff(run, storetest.Example(1)) != "" {
		t.Errorf("get: %v %s", err, storetest.Diff(run, storetest.Example(1)))
	}
	_, err = s.Put(t.Context(), storetest.Example(2))
	says(t, err, "put 1 runs into store", "permission denied for table", "use a role that may")
	says(t, s.Remove(t.Context(), storetest.Example(1).ID()), "remove run from store", "permission denied for table run")

	standby := open(t, dsn+"&default_transaction_read_only=on")
	defer standby.Close()
	_, err = standby.Put(t.Context(), storetest.Example(2))
	says(t, err, "read-only transaction", "use a role that may")
}
