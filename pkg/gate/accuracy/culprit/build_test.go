package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuild makes a history of each kind, as far as git and the module are at hand.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes some hundred commits")
	}
	ctx := context.Background()
	l := &lab{dir: t.TempDir()}
	made := map[kind]bool{}
	for _, h := range histories() {
		if made[h.kind] {
			continue
		}
		made[h.kind] = true
		dir := filepath.Join(l.dir, string(h.kind))
		if err := l.build(ctx, dir, h); err != nil {
			t.Fatalf("%s: %v", h.name, err)
		}
		out, err := call(ctx, dir, "git", "log", "--first-parent", "--format=%s", "good..main")
		if err != nil {
			t.Fatal(err)
		}
		subjects := strings.Fields(strings.ReplaceAll(string(out), " ", "-"))
		if len(subjects) != commits || subjects[0] != "commit-64" {
			t.Errorf("%s has %d commits by first parents, the newest %s", h.name, len(subjects), subjects[0])
		}
		all, err := call(ctx, dir, "git", "log", "--format=%s", "good..main")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range h.culprits() {
			if !strings.Contains("\n"+string(all), "\n"+want+"\n") {
				t.Errorf("%s has no %s", h.name, want)
			}
		}
		if out, err := call(ctx, dir, "go", "build", "./..."); err != nil {
			t.Errorf("%s does not build at its end: %v\n%s", h.name, err, out)
		}
	}
	if len(made) != 7 {
		t.Errorf("%d kinds, want 7", len(made))
	}
}
