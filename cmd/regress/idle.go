package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/source"
)

// idle returns an error where there is nothing to compare, which says what compare would do; nil:
// there is something, or measuring says what is wrong. chosen: nobody typed the base. Who types a
// base that is HEAD itself asks for the noise of the machine.
func (s *session) idle(ctx context.Context, base string, chosen bool) error {
	in, err := repo.Open(ctx, s.root)
	head := ""
	if err == nil {
		head, err = in.Head(ctx)
	}
	if errors.Is(err, repo.ErrRepository) {
		return fmt.Errorf("%w\n%s", err, s.would([]string{"regress run", "measures what stands here, without a verdict"}))
	}
	if err != nil || !chosen {
		return err
	}
	if parted, err := in.MergeBase(ctx, base); err != nil || parted != head {
		return nil
	}
	if dirty, err := in.Dirty(ctx); err != nil || dirty {
		return err
	}
	var now [][]string
	why := "which is HEAD, and no file differs from it"
	if tip, err := in.Commit(ctx, base); err == nil && tip != head {
		why = "which has HEAD in its history, and no file differs from HEAD"
		now = append(now, []string{"git checkout " + figure.Word(base) + " && regress compare --base " + head[:12], "what " + base + " adds to HEAD"})
	}
	if _, err := in.Commit(ctx, "HEAD~1"); err == nil {
		now = append(now, []string{"regress compare --base HEAD~1", "what the last commit did"})
	}
	now = append(now, []string{"regress compare --base HEAD", "how far two measurements of one code lie apart here (A/A)"})
	return fmt.Errorf("nothing to compare: the base is %s (%.12s), %s\n%s", base, head, why, s.would(now...))
}

// would says what there is to measure, what compare does once something has changed, and which
// commands have something to do now, each with what it is for.
func (s *session) would(now ...[]string) string {
	var out strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&out, "  %-12s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("would", "after a change, committed on a branch or not at all, regress compare measures what it can reach beside the base, for %s", s.cfg.Budget)
	line("benchmarks", "%s", s.inventory())
	for _, note := range s.moduleNotes() {
		line("", "%s", note)
	}
	width := 0
	for _, command := range now {
		width = max(width, len(command[0]))
	}
	for i, command := range now {
		name := ""
		if i == 0 {
			name = "now"
		}
		line(name, "%-*s   %s", width, command[0], command[1])
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// moduleNotes returns what a person should know of the modules here; nothing where somebody has
// said what is measured, or below the top of a module.
func (s *session) moduleNotes() []string {
	_, err := os.Stat(filepath.Join(s.root, "go.mod"))
	if len(s.cfg.Suite.Command) > 0 || !slices.Equal(s.cfg.Suite.Packages, []string{"./..."}) || err != nil && source.Module(s.root) != "" {
		return nil
	}
	_, notes, _ := goFile(s.root) // what cannot be read, measuring says
	return notes
}

// inventory says how many benchmarks the source declares here.
func (s *session) inventory() string {
	if len(s.cfg.Suite.Command) > 0 {
		return "those that [suite] command prints"
	}
	declared, _ := source.Find(s.root) // what parses
	packages := map[string]int{}
	for function := range maps.Keys(declared) {
		packages[function.Package]++
	}
	most := slices.SortedFunc(maps.Keys(packages), func(a, b string) int {
		if packages[a] != packages[b] {
			return packages[b] - packages[a]
		}
		return strings.Compare(a, b)
	})
	switch len(most) {
	case 0:
		return "none is declared here"
	case 1:
		return fmt.Sprintf("%s in %s", benchmarkFunctions(len(declared)), most[0])
	}
	return fmt.Sprintf("%s in %d packages, most of them (%d) in %s", benchmarkFunctions(len(declared)), len(most), packages[most[0]], most[0])
}

func benchmarkFunctions(n int) string {
	if n == 1 {
		return "1 function"
	}
	return fmt.Sprintf("%d functions", n)
}
