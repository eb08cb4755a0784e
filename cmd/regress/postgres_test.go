package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
)

// TestPostgresScripts runs what needs a server, on a private one.
func TestPostgresScripts(t *testing.T) {
	server := pgtest.Shared(t)
	var stall atomic.Int64
	stall.Store(600) // in the middle of the first answer
	host := server.Stalling(t, &stall)
	runScripts(t, "testdata/script/postgres/*.txtar",
		func(env *testscript.Env) {
			env.Setenv("DSN", server.Database(t))
			env.Setenv("STALLED", "postgres://postgres:hunter2@"+host+"/postgres")
		},
		map[string]script{
			// sql STATEMENT runs in the script's own database.
			"sql": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: sql STATEMENT")
				}
				_, err := pgtest.Connect(t, ts.Getenv("DSN")).Exec(t.Context(), args[0])
				ts.Check(err)
			},
		})
}

// TestPostgresDies kills the server while baseline update writes: one message,
// exit 3, and the same command afterwards stores the run once.
func TestPostgresDies(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts, kills and recovers a server of its own")
	}
	server := pgtest.Start(t)
	dsn := server.Database(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "run.txt")
	text := "regress-log: 1\nproject: p\ncommit: 0123456789012345678901234567890123456789\nbranch: main\nstarted: 2026-11-23T05:30:00Z\n"
	write(t, file, text+"BenchmarkA-2 1000 100 ns/op\n")
	update := func() (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.CommandContext(t.Context(), "regress", "baseline", "update", "--store", dsn, file)
		cmd.Dir = dir
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		return cmd, &out
	}
	list := exec.CommandContext(t.Context(), "regress", "baseline", "list", "--store", dsn)
	if out, err := list.CombinedOutput(); err != nil { // makes the tables
		t.Fatalf("%v: %s", err, out)
	}
	conn := pgtest.Connect(t, dsn)
	for _, statement := range []string{"begin", "lock table sample in access exclusive mode"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	cmd, out := update()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waiting := 0
	watcher := pgtest.Connect(t, dsn)
	for end := time.Now().Add(patience); waiting == 0; time.Sleep(5 * time.Millisecond) {
		row := watcher.QueryRow(t.Context(), "select count(*) from pg_locks where relation = 'sample'::regclass and not granted")
		if err := row.Scan(&waiting); err != nil || time.Now().After(end) {
			t.Fatalf("the update never came to its samples: %v %s", err, out)
		}
	}
	server.Kill(t)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitUndecided {
		t.Errorf("exit code %d, want %d", code, exitUndecided)
	}
	if have := out.String(); !strings.Contains(have, "what was half written is not kept") || strings.Count(have, "\n") != 1 {
		t.Errorf("said %q", have)
	}
	server.Restart(t)
	for _, want := range []string{"1 added, 0 stored already", "0 added, 1 stored already"} {
		cmd, out := update()
		if err := cmd.Run(); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("have %v %s, want %q", err, out, want)
		}
	}
}
