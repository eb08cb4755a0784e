package measure

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// A session goes on to other commits, with what it has made, and says which do not build. Where
// the newest benchmark sources build they are measured everywhere.
func TestRevise(t *testing.T) {
	t.Parallel()
	long(t)
	r := newRepo(t, map[string]string{"x.go": "package t\n\nvar number = 1\n", "x_test.go": module("A", loop)})
	commits := []string{r.git("rev-parse", "HEAD")}
	for _, files := range []map[string]string{
		{"x.go": "package t\n\nvar number = 2\n"},
		{"x.go": "package t\n\nvar number = undefined\n"},
		{"README.md": "x", "x.go": "package t\n\nvar number = 2\n"},
		{"x.go": "package t\n\nvar number = 4\n", "x_test.go": module("A", "x := number\n\tfor b.Loop() { x++ }\n\t_ = x")},
	} {
		r.write(files)
		commits = append(commits, r.commit("next"))
	}
	var log bytes.Buffer
	o := r.options()
	o.Base, o.Rounds, o.Log, o.Transplant, o.All = "", 1, &log, true, true
	side := func(side baseline.Side, at int) Revision {
		return Revision{Side: side, Commit: commits[at], Ref: "r", Optional: side == baseline.Anchor}
	}
	o.Revisions = []Revision{side(baseline.Base, 0), side(baseline.Head, 4)}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	measured := func(mid int) (Result, string) {
		t.Helper()
		turn := Turn{Revisions: []Revision{side(baseline.Base, 0), side(baseline.Anchor, mid), side(baseline.Head, 4)}, Bench: "A"}
		if err := s.Revise(context.Background(), turn); err != nil {
			t.Fatal(err)
		}
		res, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return res, string(res.Text)
	}
	res, text := measured(1)
	if res.AnchorCommit != commits[1] || res.BaseCommit != commits[0] || res.HeadCommit != commits[4] {
		t.Errorf("facts %+v", res.Facts)
	}
	has(t, text, "side: anchor", "anchor-commit: "+commits[1])
	lacks(t, text, "# edited")
	if err := s.Ready(baseline.Anchor); err != nil {
		t.Error(err)
	}
	_, text = measured(2)
	lacks(t, text, "side: anchor")
	if err := s.Ready(baseline.Anchor); err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
		t.Errorf("what does not build: %v", err)
	}
	measured(3)
	for pair, want := range map[[2]int]bool{{1, 3}: true, {0, 1}: false, {1, 2}: false} {
		if same, err := s.Same(context.Background(), commits[pair[0]], commits[pair[1]], "example.com/t"); same != want || err != nil {
			t.Errorf("commits %v have the same program: %v, want %v (%v)", pair, same, want, err)
		}
	}
	if n := strings.Count(log.String(), "regress-log: 1\n"); n != 3 {
		t.Errorf("the log has %d logs, want 3", n)
	}
	clean(t, r)
}
