package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
)

// changeLab is a store of eight series that is asked what changed.
type changeLab struct {
	*testing.T
	root string
	runs int
	rand *rand.Rand
}

// put puts a run, an hour behind the last one; a step of half of the series is at run 40.
func (l *changeLab) put(store baseline.Store, at time.Duration) baseline.Run {
	l.Helper()
	r := baseline.Run{Project: "p", Side: baseline.Head, Commit: fmt.Sprintf("%040x", l.runs+1), Branch: "main", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(at)}
	r.Environment.CPU = fmt.Sprint("Xeon ", l.runs/50)
	for s := range 8 {
		v := 1e-6 * (1 + .01*l.rand.Float64())
		if l.runs >= 40 && s%2 == 0 {
			v *= 1.3
		}
		r.Samples = append(r.Samples, baseline.Sample{Key: baseline.Key{Package: "p", Name: fmt.Sprint("S", s), Unit: "sec/op"}, Values: []float64{v}, Rounds: []int{1}})
	}
	r.Raw = fmt.Appendf(nil, "run %d\n", l.runs)
	l.runs++
	if n, err := store.Put(l.Context(), r); n != 1 || err != nil {
		l.Fatal(n, err)
	}
	return r
}

// session returns one, and what it has told.
func (l *changeLab) session() (*session, *bytes.Buffer) {
	told := new(bytes.Buffer)
	u := &setup{world: &world{stdout: io.Discard, stderr: told, getenv: func(string) string { return "" }}, cfg: config.Default(), root: l.root, from: l.root}
	u.cfg.Project, u.cfg.Store = "p", "store"
	return &session{setup: u, archive: archive{setup: u}}, told
}

// same checks that what changed is what a page of everything says, and returns how many runs were
// kept before it was asked.
func (l *changeLab) same(kept int) {
	l.Helper()
	s, told := l.session()
	defer s.close()
	query, any := baseline.Query{Project: "p"}, func(baseline.Key) bool { return true }
	want, _, err := s.page(l.Context(), query, []string{"main"}, any, time.Time{})
	if err != nil {
		l.Fatal(err)
	}
	infos, err := s.opened.List(l.Context(), baseline.Query{Project: "p", Branch: "main", Anchors: true})
	if err != nil {
		l.Fatal(err)
	}
	oldest := make([]baseline.RunInfo, 0, len(infos))
	for i := len(infos) - 1; i >= 0; i-- {
		oldest = append(oldest, infos[i])
	}
	if have := len(readColumns(s.columnsFile(baseline.Query{Project: "p", Branch: "main", Anchors: true}), oldest).Runs); have != kept {
		l.Errorf("%d of %d runs are kept, want %d", have, len(infos), kept)
	}
	have, branch, err := s.changesPage(l.Context(), query, []string{"none", "main"}, any, true, course.Changes)
	if err != nil || branch != "main" || told.Len() > 0 {
		l.Fatalf("%q: %v, %s", branch, err, told)
	}
	if !reflect.DeepEqual(have.Causes, want.Causes) || !reflect.DeepEqual(have.Commits, want.Commits) || !reflect.DeepEqual(have.Machines, want.Machines) || len(have.Series) != len(want.Series) {
		l.Errorf("of %d runs: %+v\nwant %+v", len(infos), have, want)
	}
	var text, all bytes.Buffer
	if err := course.Text(&text, have, course.Options{Changes: true}); err != nil {
		l.Fatal(err)
	}
	if err := course.Text(&all, want, course.Options{Changes: true}); err != nil || text.String() != all.String() {
		l.Errorf("it says %v\n%s\nand is to say\n%s", err, &text, &all)
	}
}

// TestKeptChanges: what is kept of a store never changes what trend --changes says, whatever
// became of the store and of the file meanwhile.
func TestKeptChanges(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	defer func(n int) { leastKept = n }(leastKept)
	leastKept = 100
	l := &changeLab{T: t, root: t.TempDir(), rand: rand.New(rand.NewPCG(1, 2))}
	s, _ := l.session()
	defer s.close()
	store, err := s.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		l.put(store, time.Duration(l.runs)*time.Hour)
	}
	l.same(0) // 80 points are not worth it
	l.same(0)
	for range 50 {
		l.put(store, time.Duration(l.runs)*time.Hour)
	}
	l.same(0)
	l.same(60)
	for range mostBehind {
		l.put(store, time.Duration(l.runs)*time.Hour)
	}
	l.same(60) // and that is good enough
	l.put(store, time.Duration(l.runs)*time.Hour)
	l.same(60)
	l.same(69)
	gone := l.put(store, time.Hour/2) // an old run
	l.same(0)
	l.same(70)
	if err := store.Remove(t.Context(), gone.ID()); err != nil {
		t.Fatal(err)
	}
	l.same(0)
	l.same(69)
	l.put(store, 68*time.Hour) // at the time of the last one
	l.same(0)
	file := s.columnsFile(baseline.Query{Project: "p", Branch: "main", Anchors: true})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(filepath.Dir(file), "old")
	if err := errors.Join(os.WriteFile(old, nil, 0o600), os.Chtimes(old, time.Unix(0, 0), time.Unix(0, 0))); err != nil {
		t.Fatal(err)
	}
	l.same(0)
	l.same(70)
	if _, err := os.Stat(old); err == nil {
		t.Error("a file that nobody has used for long is there still")
	}
}
