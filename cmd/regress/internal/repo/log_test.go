package repo

import (
	"fmt"
	"testing"
)

// TestFirstParents: what a branch was merged from is not part of its history.
func TestFirstParents(t *testing.T) {
	c := newClone(t, "main", map[string]string{"a": "1"})
	first := c.git("rev-parse", "HEAD")
	c.git("checkout", "--quiet", "-b", "side")
	c.commit("on the side")
	c.git("checkout", "--quiet", "main")
	second := c.commit("second: with | and \"")
	c.git("merge", "--quiet", "--no-ff", "-m", "merged", "side")
	merged := c.git("rev-parse", "HEAD")
	told := func(most int) (out string) {
		t.Helper()
		got, err := c.open().FirstParents(t.Context(), "main", most)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if e.Time.IsZero() || e.Author != "t" {
				t.Errorf("entry %+v", e)
			}
			out += fmt.Sprintf("%s %s\n", e.Commit, e.Subject)
		}
		return out
	}
	if have, want := told(10), first+" first\n"+second+" second: with | and \"\n"+merged+" merged\n"; have != want {
		t.Errorf("have\n%swant\n%s", have, want)
	}
	if have, want := told(1), merged+" merged\n"; have != want {
		t.Errorf("of one have\n%swant\n%s", have, want)
	}
	if e, ok := c.open().Entry(t.Context(), second[:9]); !ok || e.Commit != second || e.Author != "t" || e.Time.IsZero() {
		t.Errorf("the entry of %s: %+v %v", second, e, ok)
	}
	for _, ref := range []string{"gone", "--all", "", "0123456789012345678901234567890123456789"} {
		if e, ok := c.open().Entry(t.Context(), ref); ok {
			t.Errorf("%q has the entry %+v", ref, e)
		}
	}
	for commit, want := range map[string]int{first: 1, second: 2, merged: 3} {
		if have, err := c.open().Place(t.Context(), commit); err != nil || have != want {
			t.Errorf("the place of %s is %d, %v; want %d", commit, have, err, want)
		}
	}
	if _, err := c.open().Place(t.Context(), "main"); err == nil {
		t.Error("a branch has a place")
	}
	if _, err := c.open().FirstParents(t.Context(), "gone", 1); err == nil {
		t.Error("a branch that is not there has a history")
	}
}
