package measure

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// released is a repository with a release, a merge base after it, and a change.
func released(t *testing.T) project {
	t.Helper()
	body := "x := %d\n\tfor b.Loop() { x++ }\n\t_ = x"
	r := newRepo(t, map[string]string{
		"a/a_test.go": module("A", fmt.Sprintf(body, 1), "Gone", loop), "b/b_test.go": module("B", fmt.Sprintf(body, 1)), "c/c_test.go": module("C", fmt.Sprintf(body, 1)),
	})
	r.git("tag", "v1.2.0")
	r.git("tag", "v1.3.0-rc.1")
	r.git("tag", "-a", "-m", "annotated", "v1.1.9")
	r.write(map[string]string{"a/a_test.go": module("A", fmt.Sprintf(body, 2)), "b/b_test.go": module("B", fmt.Sprintf(body, 2))})
	r.commit("second")
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"a/a_test.go": module("A", fmt.Sprintf(body, 3), "Fresh", loop), "b/b_test.go": module("B", fmt.Sprintf(body, 1)), "c/c_test.go": module("C", fmt.Sprintf(body, 1))})
	r.commit("third")
	r.git("tag", "v9.0.0") // of the head, and so no release that the base has
	return r
}

func TestAnchor(t *testing.T) {
	long(t)
	t.Parallel()
	r := released(t)
	o := r.options()
	o.Anchor = LastRelease
	asked := 0
	p := suffix()
	o.Next = func(log baseline.Log) []baseline.Want {
		asked++
		against := []baseline.Side{baseline.Anchor, baseline.Base, ""}
		if asked > len(against) {
			return nil
		}
		return []baseline.Want{{Package: "example.com/t/a", Name: "A" + p, Rounds: 2, Against: against[asked-1]}}
	}
	res, text := run(t, o)
	if res.Anchor != "v1.2.0" || res.AnchorCommit != r.git("rev-parse", "v1.2.0") {
		t.Errorf("the anchor is %s at %s", res.Anchor, res.AnchorCommit)
	}
	has(t, text, "anchor-ref: v1.2.0", "anchor-commit: "+res.AnchorCommit, "# functions: anchor example.com/t/a BenchmarkA BenchmarkGone",
		"# same: example.com/t/c C"+p+" the test binaries…", "# same-anchor: example.com/t/b B"+p+" the test binaries…", "# same-anchor: example.com/t/c C"+p+" the test binaries…")
	got := order(text)
	counts := map[string]int{}
	for _, at := range got {
		counts[at]++
	}
	// One triple; two pairs with the anchor; two with the base; two triples.
	want := map[string]int{"head A" + p: 7, "base A" + p: 5, "anchor A" + p: 5, "head B" + p: 1, "base B" + p: 1, "head Fresh" + p: 1}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("measured %v, want %v", counts, want)
	}
	onlySideVaries(t, text)
	clean(t, r)
	log, err := readLog([]byte(text))
	if err != nil || len(log.Runs) != 3 || log.AnchorRef != "v1.2.0" || len(log.SameAnchor) != 2 || len(log.Functions[baseline.Anchor]) != 4 {
		t.Errorf("%d runs, %v, %v", len(log.Runs), log.SameAnchor, err)
	}

	// The log is gone on from with all its sides, and not where the anchor is another.
	cut := text[:strings.LastIndex(text, "\nside: ")+1]
	o.Next, o.Resume, o.Rounds = wants(), []byte(cut), 1
	if _, again := run(t, o); len(order(again)) < len(order(cut)) || !strings.HasPrefix(again, cut) {
		t.Errorf("resumed:\n%s", again)
	}
	o.Anchor = "v1.2.0~0"
	r.git("tag", "v1.2.1", "main")
	o.Anchor = LastRelease
	if _, err := Run(t.Context(), o); !errors.Is(err, ErrResume) || !strings.Contains(err.Error(), "anchor") {
		t.Errorf("another anchor: %v", err)
	}
}

func TestAnchorIsNotThere(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"a_test.go": module("A", loop)})
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"a_test.go": module("A", loop, "B", loop)})
	r.commit("second")
	o := r.options()
	o.Anchor = LastRelease
	_, text := run(t, o)
	has(t, text, `# warning: anchor = "last release tag": the base has no release tag…`)
	lacks(t, text, "anchor-commit", "side: anchor")

	r.git("remote", "add", "origin", r.dir)
	o.Anchor = "v1.0.0"
	if _, err := Run(t.Context(), o); !errors.Is(err, ErrAnchor) || !strings.Contains(err.Error(), "git fetch origin v1.0.0") {
		t.Errorf("a tag that is not there: %v", err)
	}
	o.Anchor = "main"
	res, text := run(t, o)
	if res.AnchorCommit != res.BaseCommit {
		t.Errorf("anchor %s, base %s", res.AnchorCommit, res.BaseCommit)
	}
	lacks(t, text, "side: anchor")

	clone := project{t, t.TempDir()}
	execute(t, "git", "clone", "--quiet", "--depth=1", "--no-tags", "--branch=feature", "file://"+r.dir, clone.dir)
	o = clone.options()
	o.Base, o.Anchor = "feature", LastRelease
	_, text = run(t, o)
	has(t, text, `# warning: anchor = "last release tag": this clone is shallow…`)
}

// TestAnchorIsBroken: what is wrong with an old release costs the comparison with it alone.
func TestAnchorIsBroken(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"a_test.go": module("A", loop, "B", `b.Fatal("of old")`), "b/b_test.go": "package b\nimport \"testing\"\nfunc BenchmarkC(b *testing.B) { undefined() }\n"})
	r.git("tag", "v1.0.0")
	r.git("rm", "--quiet", "-r", "b")
	r.write(map[string]string{"a_test.go": module("A", loop, "B", loop)})
	r.commit("second")
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"a_test.go": module("A", loop, "B", loop, "C", loop)})
	r.commit("third")
	o := r.options()
	o.Anchor = "v1.0.0"
	_, text := run(t, o)
	has(t, text, "# warning: nothing is held against the anchor v1.0.0: does not build…", "anchor-ref: v1.0.0")
	lacks(t, text, "side: anchor", "# failed")
	o.Packages = []string{"."}
	_, text = run(t, o)
	has(t, text, "# failed: anchor example.com/t BenchmarkB …")
	got := order(text)
	slices.Sort(got)
	p := suffix()
	if want := []string{"anchor A" + p, "base A" + p, "base B" + p, "head A" + p, "head B" + p, "head C" + p}; !slices.Equal(got, want) {
		t.Errorf("measured %q, want %q", got, want)
	}
}
