package main

import "testing"

// TestHistories: there are thirty, each has what it says, and a right answer is told from a wrong
// one.
func TestHistories(t *testing.T) {
	all := histories()
	if len(all) != 30 {
		t.Errorf("%d histories, want 30", len(all))
	}
	names := map[string]bool{}
	for _, h := range all {
		if names[h.name] {
			t.Errorf("two are called %s", h.name)
		}
		names[h.name] = true
		if h.slower(0) != 0 || h.slower(commits) < h.percent-1e-9 {
			t.Errorf("%s is slower by %g %% at first and %g %% at last", h.name, h.slower(0), h.slower(commits))
		}
		for _, at := range h.at {
			if at < 1 || at > commits {
				t.Errorf("%s has a step at commit %d of %d", h.name, at, commits)
			}
		}
		if h.kind == revert && (h.slower(h.at[1]) != 0 || h.slower(h.at[0]) == 0) {
			t.Errorf("%s is not taken back", h.name)
		}
		a := answer{Outcome: "found"}
		a.Suspects = append(a.Suspects, struct{ Commits []commit }{[]commit{{Subject: "commit 99"}}})
		if h.right(a) {
			t.Errorf("%s: commit 99 is right", h.name)
		}
		if h.kind == one || h.kind == revert || h.kind == merge || h.kind == edited {
			a.Suspects[0].Commits[0].Subject = h.culprits()[0]
			if !h.right(a) {
				t.Errorf("%s: %s is wrong", h.name, h.culprits()[0])
			}
		}
	}
}

// TestReals: each is told from the others, says how its culprit is known, and takes no other commit
// for it.
func TestReals(t *testing.T) {
	if len(reals) < 5 {
		t.Errorf("%d real histories, want five", len(reals))
	}
	names := map[string]bool{}
	for _, r := range reals {
		if names[r.name()] || r.known == "" {
			t.Errorf("two are called %s, or it is not said how its culprit is known", r.name())
		}
		names[r.name()] = true
		a := answer{Outcome: "found"}
		a.Suspects = append(a.Suspects, struct{ Commits []commit }{[]commit{{ID: r.culprit + "00"}}})
		if !r.right(a) {
			t.Errorf("%s: its culprit is wrong", r.name())
		}
		a.Suspects[0].Commits[0].ID = r.good
		if r.right(a) {
			t.Errorf("%s: the good commit is right", r.name())
		}
	}
}
