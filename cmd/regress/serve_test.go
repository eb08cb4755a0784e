package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// TestShelf: a server shows all projects of the store, notices a new run, and compares two commits
// as the gate does.
func TestShelf(t *testing.T) {
	root := t.TempDir()
	u := &setup{world: &world{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}, cfg: config.Default(), root: root, from: root}
	u.cfg.Project, u.cfg.Store = "b", "store"
	s := &session{setup: u, archive: archive{setup: u}}
	defer s.close()
	store, err := s.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := func(i int) string { return fmt.Sprintf("%040x", 0xabcdef0+i) }
	put := func(project string, i int, ns float64) {
		t.Helper()
		text := fmt.Sprintf("goos: linux\ngoarch: amd64\npkg: p\ncpu: Xeon\nstarted: %s\n", time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.RFC3339))
		for r := range 8 {
			text += fmt.Sprintf("BenchmarkA-2 100 %g ns/op\n", ns*(1+.001*float64((r+i)%5)))
		}
		log, err := ingest.Read("x", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		run := log.Runs[0]
		run.Project, run.Commit, run.Branch = project, id(i), "main"
		if _, err := store.Put(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		put("b", i, 1000+float64(300*(i/12)))
	}
	put("a", 0, 10)
	shelf := &shelf{s, new(serveFlags)}
	if names, err := shelf.Projects(t.Context()); err != nil || !slices.Equal(names, []string{"b", "a"}) {
		t.Errorf("projects %q, %v: want this one first", names, err)
	}
	before, err := shelf.State(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	page, err := shelf.Load(t.Context(), "b")
	if err != nil || len(page.Page.Causes) != 1 || page.Units["sec/op"] != baseline.Lower {
		t.Fatalf("%+v, %v", page, err)
	}
	put("b", 20, 1300)
	if after, err := shelf.State(t.Context(), "b"); err != nil || after == before {
		t.Errorf("a run was added and the state is the same, %v", err)
	}
	d, err := shelf.Compare(t.Context(), "b", id(2), id(14))
	if err != nil || len(d.Rows) != 1 || d.Rows[0].Change == nil || *d.Rows[0].Change < .29 || *d.Rows[0].Change > .31 {
		t.Errorf("%+v, %v", d.Rows, err)
	}
	if _, err := shelf.Compare(t.Context(), "b", id(2), id(99)); !errors.Is(err, baseline.ErrNotFound) {
		t.Errorf("with a commit that is not there: %v", err)
	}
}
