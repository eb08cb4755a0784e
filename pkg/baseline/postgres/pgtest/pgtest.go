// Package pgtest gives tests a private, real PostgreSQL: one server a test
// binary, started when first asked for, and one fresh database a test.
//
//	dsn := pgtest.DSN(t) // postgres://postgres@/t1_…?host=/tmp/regress-pg-…
//
// The binaries are found (REGRESS_PG_BIN, PATH, pg_config, the places of
// Debian, Red Hat and Homebrew) or brought: by apt-get for root on Debian and
// Ubuntu, else by npm. Where neither is possible the test fails with the command
// that helps. It is never skipped.
//
// A server listens on a Unix socket alone, trusts every role but "locked" (which
// a test may create with a password), and does not wait for the disk. It ends,
// and its directory goes, when the test process ends in whatever way.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var shared = sync.OnceValues(func() (*Server, error) { return start(quick) })

var databases atomic.Int64

// DSN makes a fresh database on the shared server, dropped when the test ends.
func DSN(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Shared returns the server of this test binary.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("start a private PostgreSQL: %v", err)
	}
	return s
}

// Start starts a server for this test alone, which may kill it.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start(quick)
	if err != nil {
		t.Fatalf("start a private PostgreSQL: %v", err)
	}
	t.Cleanup(s.remove)
	return s
}

// Private starts a server for a program that is no test, with settings such as
// "shared_buffers=1GB"; it waits for the disk as one of a team does. stop ends it and takes
// its data away, at the latest when the process ends.
func Private(settings ...string) (s *Server, stop func(), err error) {
	if s, err = start(settings); err != nil {
		return nil, nil, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	return s, s.remove, nil
}

// Database makes a fresh database, dropped when the test ends.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d", databases.Add(1))
	s.Exec(t, "create database "+name)
	t.Cleanup(func() {
		// A server that the test has killed has no databases to drop.
		_ = s.exec("drop database if exists " + name + " with (force)")
	})
	return s.URL("postgres", name)
}

// URL returns the address of a database for a role.
func (s *Server) URL(role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// Exec runs SQL as superuser in the database postgres.
func (s *Server) Exec(t testing.TB, sql string) {
	t.Helper()
	if err := s.exec(sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (s *Server) exec(sql string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres", "postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// processes are the server's own, the postmaster aside.
func (s *Server) processes() (pids []int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres", "postgres"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, "select pid from pg_stat_activity where pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int])
}

// Connect opens a plain connection to dsn, closed when the test ends.
func Connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = conn.Close(ctx) // a test may have broken it
	})
	return conn
}
