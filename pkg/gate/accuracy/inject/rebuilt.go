package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
)

// countAll makes regress compare count what it can: no wall clock tells a change of .2 % from none,
// and what time cannot decide is counted. The verdicts on time then say nothing.
const countAll = "[[rule]]\nunit = 'ns/op|.*/s'\nmin-effect = \"0.2%\"\n"

// harmless is a change after which a program does the same.
type harmless struct {
	name string
	edit func(b *bench) (changed int, err error)
}

// pathsFile lies in a directory whose test binary is built without -trimpath.
const pathsFile = "regress-paths"

var harmlessChanges = []harmless{
	{"functions moved", func(b *bench) (int, error) { return move(b.dir, 1) }},
	{"functions renamed", func(b *bench) (int, error) { return rename(b.dir) }},
	{"paths not trimmed", func(b *bench) (int, error) { return 1, b.write(pathsFile, nil) }},
}

// rebuilt compares what is counted of binaries that do the same, and of real commits that claim to.
func (c *campaign) rebuilt(ctx context.Context) error {
	path, err := c.wrapGo()
	if err != nil {
		return err
	}
	benches := c.settleAll(ctx, c.settings()+countAll, nil)
	end, err := c.compete()
	if err != nil {
		return err
	}
	var all []*counts
	for _, h := range harmlessChanges {
		for _, b := range benches {
			if ctx.Err() != nil {
				break
			}
			b.env = []string{path}
			one := &counts{change: h.name, module: b.name + " " + b.version}
			all = append(all, one)
			j, err := b.trial(ctx, h.name, func() error {
				n, err := h.edit(b)
				one.changed = n
				return err
			})
			c.counted(ctx, one, j, err)
		}
	}
	for _, real := range commits {
		i := slices.IndexFunc(c.modules, func(m module) bool { return m.path == real.path })
		if i < 0 {
			continue
		}
		one := &counts{change: real.head + ": " + real.subject, module: c.modules[i].name, changed: 1}
		if ctx.Err() == nil {
			all = append(all, one)
			j, err := c.commit(ctx, c.modules[i], real)
			c.counted(ctx, one, j, err)
		}
	}
	end()
	return c.writeCounts(all)
}

// commit has a real commit judged.
func (c *campaign) commit(ctx context.Context, m module, real realCommit) (judged, error) {
	if c.clones != "" {
		clone, err := filepath.Abs(filepath.Join(c.clones, m.name))
		if err != nil {
			return judged{}, err
		}
		m.clone = clone
	}
	m.name, m.version = m.name+"-"+real.head, real.base
	b, err := c.settle(ctx, m, c.settings()+countAll, nil)
	if err != nil {
		return judged{}, err
	}
	return b.trial(ctx, real.subject, func() error { return b.download(ctx, real.head) })
}

// wrapGo makes a go command that builds without -trimpath where pathsFile lies. It returns the
// PATH with which it is found, as a variable of the environment.
func (c *campaign) wrapGo() (string, error) {
	real, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("find the go command: %w", err)
	}
	dir, err := c.temp("path")
	if err != nil {
		return "", err
	}
	script := fmt.Sprintf("#!/bin/sh\nif [ -e %s ]; then\n\tfor arg; do\n\t\tshift\n\t\t[ \"$arg\" = -trimpath ] || set -- \"$@\" \"$arg\"\n\tdone\nfi\nexec '%s' \"$@\"\n", pathsFile, real)
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		return "", fmt.Errorf("wrap the go command: %w", err)
	}
	return "PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), nil
}

// counts are what was counted of one change to one module.
type counts struct {
	change, module string
	changed        int // functions; 0: there was nothing to change
	benchmarks     int
	edited         int       // benchmarks that the change itself edits
	differences    []float64 // head/base − 1 of what was counted
	red            []string  // called slower by what was counted
	err            error
}

func (c *campaign) counted(ctx context.Context, one *counts, j judged, err error) {
	if one.err = err; err != nil {
		c.fail(ctx, one.module+", "+one.change, err)
		return
	}
	one.benchmarks = j.known + j.unknown
	for _, r := range j.rows {
		if r.Verdict == gate.Edited && r.Unit == "sec/op" {
			one.edited++
		}
		if r.Unit != baseline.Instructions {
			continue
		}
		if r.Change != nil {
			one.differences = append(one.differences, *r.Change)
		}
		if r.Verdict == gate.Regressed {
			one.red = append(one.red, fmt.Sprintf("%s %+.1f %%", r.Name, 100*valueOr(r.Change)))
		}
	}
	c.say("%s, %s: %d benchmarks, %d counted, red %v, %.0f s", one.module, one.change, one.benchmarks, len(one.differences), one.red, j.seconds)
}

func valueOr(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// spread says how far counts differ: the median, the 90 % quantile and the largest of the absolute
// differences, in per cent.
func spread(differences []float64) string {
	if len(differences) == 0 {
		return "–"
	}
	sizes := make([]float64, len(differences))
	for i, d := range differences {
		sizes[i] = 100 * math.Abs(d)
	}
	sizes = stat.Sorted(sizes)
	return fmt.Sprintf("%.3f, %.2f, %.2f", stat.Quantile(sizes, .5), stat.Quantile(sizes, .9), sizes[len(sizes)-1])
}

// within counts the differences below 1 %.
func within(differences []float64) (n int) {
	for _, d := range differences {
		if math.Abs(d) < .01 {
			n++
		}
	}
	return n
}

func (c *campaign) writeCounts(all []*counts) error {
	c.head("instructions counted of commits that claim to do the same")
	fmt.Fprintln(c.out, "| change | module | benchmarks | edited | counted | within 1 % | median, 90 %, largest difference in % | slower by the count |\n|---|---|---|---|---|---|---|---|")
	have, want := 0, len(harmlessChanges)*len(c.modules)
	for _, real := range commits {
		if slices.ContainsFunc(c.modules, func(m module) bool { return m.path == real.path }) {
			want++
		}
	}
	total := counts{}
	for _, one := range all {
		change := strings.ReplaceAll(one.change, "|", `\|`)
		switch {
		case one.err != nil:
			fmt.Fprintf(c.out, "| %s | %s | not judged | | | | | |\n", change, one.module)
			continue
		case one.changed == 0:
			change += " (there are none)"
		}
		have++
		fmt.Fprintf(c.out, "| %s | %s | %d | %d | %d | %s | %s | %s |\n", change, one.module, one.benchmarks, one.edited, len(one.differences),
			share(within(one.differences), len(one.differences)), spread(one.differences), listed(one.red))
		total.benchmarks += one.benchmarks
		total.edited += one.edited
		total.differences = append(total.differences, one.differences...)
		total.red = append(total.red, one.red...)
	}
	fmt.Fprintf(c.out, "| **all** | | %d | %d | %d | **%s** | %s | **%d** |\n", total.benchmarks, total.edited, len(total.differences),
		share(within(total.differences), len(total.differences)), spread(total.differences), len(total.red))
	return c.end(have, want)
}
