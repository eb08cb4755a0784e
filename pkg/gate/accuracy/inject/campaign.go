package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
	"github.com/descartes/regress/pkg/gate/stat"
)

// campaign is a number of trials on modules.
type campaign struct {
	out     io.Writer
	dir     string // for everything that is made
	regress string // the program
	modules []module
	most    int    // benchmarks of a module
	times   int    // how often each trial is made
	budget  string // of regress.toml; empty: the default
	beside  int    // competing processes
	clones  string // a directory of git repositories, by the names of modules; empty: none
	keep    string // a directory for the logs of modules; empty: they are not kept
	started time.Time
	failed  []error // modules and trials that came to nothing
}

// say reports progress.
func (c *campaign) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0f s  %s\n", time.Since(c.started).Seconds(), fmt.Sprintf(format, args...))
}

// compete starts the competing processes, once everything that is measured without them is.
func (c *campaign) compete() (end func(), err error) {
	others, err := field.Compete(c.beside)
	if err != nil {
		return nil, err
	}
	return func() {
		if err := others.End(); err != nil {
			c.failed = append(c.failed, err)
		}
	}, nil
}

// fail keeps what went wrong for the end, so that it does not cost what works.
func (c *campaign) fail(ctx context.Context, what string, err error) {
	if ctx.Err() != nil { // the time is up
		return
	}
	c.say("%s: %v", what, err)
	c.failed = append(c.failed, fmt.Errorf("%s: %w", what, err))
}

// settings are the lines of regress.toml beside those that say what is measured.
func (c *campaign) settings() string {
	text := "[suite]\n"
	if c.budget != "" {
		text = fmt.Sprintf("budget = %q\n", c.budget) + text
	}
	return text
}

// settleAll makes the repositories of all modules.
func (c *campaign) settleAll(ctx context.Context, settings string, edit func(*bench) error) []*bench {
	var all []*bench
	for _, m := range c.modules {
		if ctx.Err() != nil {
			break
		}
		b, err := c.settle(ctx, m, settings, edit)
		if err != nil {
			c.fail(ctx, m.name, err)
			continue
		}
		c.say("%s %s: %d benchmarks, %s", m.name, m.version, len(b.names), b.pattern)
		all = append(all, b)
	}
	return all
}

// trial commits what edit does to the module and has the commit judged. It is compiled before, so
// that what is timed has only to link.
func (b *bench) trial(ctx context.Context, subject string, edit func() error) (judged, error) {
	for _, ref := range []string{"main", "trial"} {
		if ref == "trial" {
			if err := b.git(ctx, "checkout", "-q", "-B", "trial"); err != nil {
				return judged{}, err
			}
			if err := edit(); err != nil {
				return judged{}, err
			}
			if err := b.commit(ctx, subject); err != nil {
				return judged{}, err
			}
		} else if err := b.git(ctx, "checkout", "-q", "-f", ref); err != nil {
			return judged{}, err
		}
		if err := b.compile(ctx, b.dir+".test"); err != nil {
			return judged{}, err
		}
	}
	args := []string{"--base", "main"}
	if b.keep != "" {
		args = append(args, "--output", filepath.Join(b.keep, b.name+time.Now().UTC().Format("-20060102T150405.000.txt")))
	}
	j, err := b.decide(ctx, args...)
	if err != nil {
		return j, err
	}
	j.unknown += max(0, len(b.names)-j.known-j.unknown) // what has no row at all was not judged
	return j, b.git(ctx, "checkout", "-q", "-f", "main")
}

// sums add up the decisions on one module, or on all.
type sums struct {
	decisions, benchmarks, judged int
	exits                         map[int]int
	red                           []string  // rows called slower
	each                          []float64 // seconds a benchmark, by decision
	rounds                        []float64
	loads, steals                 []string
}

func (s *sums) add(j judged, w field.Watch) {
	if s.exits == nil {
		s.exits = map[int]int{}
	}
	s.decisions++
	s.exits[j.exit]++
	s.benchmarks += j.known + j.unknown
	s.judged += j.known
	_, wrong := j.caught("")
	s.red = append(s.red, wrong...)
	s.each = append(s.each, j.seconds/float64(max(1, j.known+j.unknown)))
	s.rounds = append(s.rounds, j.rounds)
	load, steal := w.State()
	s.loads, s.steals = append(s.loads, load), append(s.steals, steal)
}

// share is a part of a whole in words.
func share(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d (%.0f %%)", part, whole, 100*float64(part)/float64(whole))
}

// middle is a median with the least and the largest.
func middle(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	sorted := stat.Sorted(values)
	text := fmt.Sprintf("%.1f", stat.Quantile(sorted, .5))
	if len(sorted) > 1 {
		text += fmt.Sprintf(" (%.1f–%.1f)", sorted[0], sorted[len(sorted)-1])
	}
	return text
}

// span is the least and the largest of some figures that are written already.
func span(texts []string) string {
	if len(texts) == 0 {
		return "–"
	}
	sorted := slices.SortedFunc(slices.Values(texts), func(a, b string) int {
		var x, y float64
		_, _ = fmt.Sscan(a, &x)
		_, _ = fmt.Sscan(b, &y)
		return int(100*x - 100*y)
	})
	if first, last := sorted[0], sorted[len(sorted)-1]; first != last {
		return first + "–" + last
	}
	return sorted[0]
}

// unchanged has commits judged that move functions and change nothing.
func (c *campaign) unchanged(ctx context.Context) error {
	benches := c.settleAll(ctx, c.settings(), nil)
	end, err := c.compete()
	if err != nil {
		return err
	}
	by := map[string]*sums{}
	for i := range c.times {
		for _, b := range benches {
			if ctx.Err() != nil {
				break
			}
			w := field.NewWatch()
			j, err := b.trial(ctx, fmt.Sprintf("move functions %d", i+1), func() error {
				_, err := move(b.dir, i+1)
				return err
			})
			if err != nil {
				c.fail(ctx, b.name, err)
				continue
			}
			if by[b.name] == nil {
				by[b.name] = &sums{}
			}
			by[b.name].add(j, w)
			c.say("%s %d: exit %d, %d of %d judged, slower: %v, %.1f rounds, %.0f s", b.name, i+1, j.exit, j.known, j.known+j.unknown, j.red, j.rounds, j.seconds)
		}
	}
	end()
	return c.writeUnchanged(by)
}

func (c *campaign) writeUnchanged(by map[string]*sums) error {
	c.head("commits that move functions and change nothing")
	fmt.Fprintln(c.out, "| module | decisions | green, undecided, red | benchmarks judged | rows slower | rounds a side | seconds a benchmark | load | steal |\n|---|---|---|---|---|---|---|---|---|")
	var all sums
	var medians []float64
	wanted := 0
	for _, m := range c.modules {
		wanted += c.times
		s := by[m.name]
		if s == nil {
			fmt.Fprintf(c.out, "| %s %s | 0 | | | | | | | |\n", m.name, m.version)
			continue
		}
		fmt.Fprintf(c.out, "| %s %s | %d | %d, %d, %d | %s | %s | %s | %s | %s | %s |\n", m.name, m.version, s.decisions, s.exits[0], s.exits[3], s.exits[1],
			share(s.judged, s.benchmarks), listed(s.red), middle(s.rounds), middle(s.each), span(s.loads), span(s.steals))
		all.decisions += s.decisions
		all.benchmarks += s.benchmarks
		all.judged += s.judged
		all.red = append(all.red, s.red...)
		medians = append(medians, stat.Quantile(stat.Sorted(s.each), .5))
	}
	fmt.Fprintf(c.out, "| **all** | %d | | **%s** | **%d** | | **%s**, over modules | | |\n", all.decisions, share(all.judged, all.benchmarks), len(all.red), middle(medians))
	return c.end(all.decisions, wanted)
}

// head writes what stands before a table.
func (c *campaign) head(what string) {
	fmt.Fprintf(c.out, "%s; %s.\n\n", setting(c.beside), what)
}

// end writes what stands after a table, and returns what went wrong.
func (c *campaign) end(have, want int) error {
	fmt.Fprintf(c.out, "\n%d of %d trials in %.0f minutes", have, want, time.Since(c.started).Minutes())
	if have < want {
		fmt.Fprint(c.out, "; **not complete**")
	}
	fmt.Fprintln(c.out, ".")
	if have == 0 {
		c.failed = append(c.failed, errors.New("not one trial: give it more time with -for"))
	}
	return errors.Join(c.failed...)
}

// listed is how many there are and which.
func listed(rows []string) string {
	if len(rows) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", len(rows), strings.Join(rows, ", "))
}

// temp is a directory of this campaign.
func (c *campaign) temp(name string) (string, error) {
	dir := filepath.Join(c.dir, name)
	return dir, os.MkdirAll(dir, 0o755)
}
