package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
	"github.com/descartes/regress/pkg/gate/stat"
	"github.com/descartes/regress/pkg/gate/trend"
)

const (
	mostBeside  = 3      // processes that compute at once, on as few processors as a runner has
	shortLoad   = 2      // seconds that one load lasts at least
	longLoad    = 25     // and at most
	stepTried   = 1.03   // what is injected into the recorded values
	soon        = 5      // runs in which a step is to be found
	before      = 12     // runs that a series needs in front of a step: 8 and 5 reach no p of .001
	largestPart = 1. / 3 // of the absolute noise, that of the ratio may be
)

// sessions measures n commits of main that change nothing, each beside the anchor, while processes
// that compute come and go, and says how much the ratios of time and work waver and how much the
// times do.
func (o options) sessions(ctx context.Context, dir string) error {
	l, err := newLab(ctx, dir, o.benchtime, o.effect)
	if err != nil {
		return err
	}
	settings := fmt.Sprintf("project = \"example.com/suite\"\nanchor = \"v1.0.0\"\n[suite]\npackages = [\".\"]\nbenchtime = %q\n", o.benchtime)
	if err := os.WriteFile(filepath.Join(l.dir, "regress.toml"), []byte(settings), 0o644); err != nil {
		return err
	}
	if err := errors.Join(l.commit(ctx, "settings"), l.git(ctx, "tag", "v1.0.0")); err != nil {
		return err
	}
	start := time.Now()
	load := newLoad()
	done := 0
	for ; done < o.sessionCount && time.Since(start) < o.limit && ctx.Err() == nil; done++ {
		if err = l.session(ctx, done); err != nil {
			break
		}
		fmt.Fprintf(os.Stderr, "%4.0f s  run %d of %d; %d loads so far\n", time.Since(start).Seconds(), done+1, o.sessionCount, load.changes.Load())
	}
	if err := errors.Join(err, load.end()); err != nil {
		return err
	}
	held, err := l.courses(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	absolute, err := l.courses(context.WithoutCancel(ctx), "--absolute")
	if err != nil {
		return err
	}
	fmt.Printf("%d runs of %d in %.0f minutes, each beside its anchor; 0 to %d processes that compute, another number every %d to %d seconds.\n\n",
		done, o.sessionCount, time.Since(start).Minutes(), mostBeside, shortLoad, longLoad)
	return writeSessions(os.Stdout, held, absolute)
}

// session commits what changes nothing and measures it.
func (l *lab) session(ctx context.Context, number int) error {
	moved := strings.Replace(string(suite), "var sink int", fmt.Sprintf("// Run %d has\n// %s.\nvar sink int", number, strings.Repeat("a line\n// ", number%7)), 1)
	if err := os.WriteFile(filepath.Join(l.dir, "suite_test.go"), []byte(moved), 0o644); err != nil {
		return err
	}
	if err := l.git(ctx, "commit", "-q", "-a", "-m", fmt.Sprintf("run %d", number)); err != nil {
		return err
	}
	_, err := l.exec(ctx, l.regress, "baseline", "update")
	return err
}

// recorded is a course as regress trend --format json has it.
type recorded struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Noise  float64 `json:"noise"`
	Anchor *struct {
		Commit string `json:"commit"`
	} `json:"anchor"`
	Points []struct {
		Value float64 `json:"value"`
	} `json:"points"`
}

// values are those of the points, in order.
func (r recorded) values() (out []float64) {
	for _, p := range r.Points {
		out = append(out, p.Value)
	}
	return out
}

// courses returns what trend says of the times and the counted work.
func (l *lab) courses(ctx context.Context, args ...string) ([]recorded, error) {
	text, err := l.exec(ctx, l.regress, append([]string{"trend", "--format", "json"}, args...)...)
	if err != nil {
		return nil, err
	}
	var page struct {
		Series []recorded `json:"series"`
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return nil, fmt.Errorf("read what regress trend says: %w", err)
	}
	return slices.DeleteFunc(page.Series, func(r recorded) bool { return r.Unit != "sec/op" && r.Unit != baseline.Instructions }), nil
}

// of returns the course of a benchmark in a unit; nil: there is none.
func of(courses []recorded, name, unit string) *recorded {
	i := slices.IndexFunc(courses, func(r recorded) bool { return r.Name == name && r.Unit == unit })
	if i < 0 {
		return nil
	}
	return &courses[i]
}

// writeSessions writes how the ratios of time and work waver beside the times, and how soon a step
// in each is found.
func writeSessions(w io.Writer, held, absolute []recorded) error {
	fmt.Fprintf(w, "| benchmark | noise of the time | of its ratio | part | noise of the work's ratio | +3 %% found within %d runs: time | ratio | work | ratio or work |\n|---|---|---|---|---|---|---|---|---|\n", soon)
	var parts []float64
	var plain, ratio, work, either tries
	good, uncounted := 0, 0
	for _, h := range held {
		if h.Unit != "sec/op" {
			continue
		}
		time, count := of(absolute, h.Name, h.Unit), of(held, h.Name, baseline.Instructions)
		if time == nil || h.Anchor == nil {
			return fmt.Errorf("%s is not held against the anchor", h.Name)
		}
		part := h.Noise / time.Noise
		parts = append(parts, part)
		if part <= largestPart {
			good++
		}
		wavers, byWork, byEither := "not counted", tries{}, inject(h.values())
		if count != nil && count.Anchor != nil && len(count.Points) == len(h.Points) {
			wavers, byWork, byEither = fmt.Sprintf("%.2f %%", 100*count.Noise), inject(count.values()), inject(h.values(), count.values())
		} else {
			uncounted++
		}
		byTime, byRatio := inject(time.values()), inject(h.values())
		plain.add(byTime)
		ratio.add(byRatio)
		work.add(byWork)
		either.add(byEither)
		fmt.Fprintf(w, "| %s | %.2f %% | %.2f %% | %.2f | %s | %s | %s | %s | %s |\n", h.Name, 100*time.Noise, 100*h.Noise, part, wavers, byTime, byRatio, byWork, byEither)
	}
	fmt.Fprintf(w, "\nThe median part is %.2f, and %d of %d are at most a third. Of the steps %s are found in the time, %s in its ratio, %s in the work and %s in either of the last two; of as many places without one %d, %d, %d and %d are marked.\n",
		stat.Median(parts), good, len(parts), plain, ratio, work, either, plain.marked, ratio.marked, work.marked, either.marked)
	_, err := fmt.Fprintln(w, "A step is put into the recorded values of both: what becomes slower because it does as much more work. A slowdown without more work, as by caches or locks, is found as the ratio alone says.")
	if uncounted > 0 {
		_, err = fmt.Fprintf(w, "%d of %d benchmarks have no count of every run.\n", uncounted, len(parts))
	}
	return err
}

// tries counts injected steps.
type tries struct{ found, tried, marked int }

func (t *tries) add(more tries) {
	t.found, t.tried, t.marked = t.found+more.found, t.tried+more.tried, t.marked+more.marked
}

func (t tries) String() string {
	if t.tried == 0 {
		return fmt.Sprintf("none: it takes %d runs", before+soon)
	}
	return fmt.Sprintf("%d of %d", t.found, t.tried)
}

// inject puts a step at every place of a benchmark's courses that has runs enough around it, and
// counts those that are found in one of them by who looks after each of the next runs. marked
// counts places that are marked without it.
func inject(courses ...[]float64) (out tries) {
	for at := before; at+soon <= len(courses[0]); at++ {
		out.tried++
		found, marked := false, false
		for _, values := range courses {
			stepped := slices.Clone(values)
			for i := at; i < len(stepped); i++ {
				stepped[i] *= stepTried
			}
			found, marked = found || finds(stepped, at), marked || finds(values, at)
		}
		if found {
			out.found++
		}
		if marked {
			out.marked++
		}
	}
	return out
}

// finds reports whether a change at a place is found in one of the runs from there on.
func finds(values []float64, at int) bool {
	s := trend.New(trend.Policy{})
	for i, v := range values[:at+soon] {
		// Note: times are positive, and in order.
		_ = s.Add(trend.Point{Order: i, Value: v})
		if i < at {
			continue
		}
		if slices.ContainsFunc(s.Trend().Changes, func(c trend.Change) bool { return c.First <= at && at <= c.Last }) {
			return true
		}
	}
	return false
}

// load is a machine on which others come and go.
type load struct {
	changes atomic.Int64
	stop    chan struct{}
	ended   chan error
}

// newLoad begins.
func newLoad() *load {
	l := &load{stop: make(chan struct{}), ended: make(chan error, 1)}
	go func() { l.ended <- l.run(rand.New(rand.NewPCG(11, 11))) }()
	return l
}

// run has another number of processes compute every few seconds, until stop is closed.
func (l *load) run(random *rand.Rand) error {
	for {
		others, err := field.Compete(random.IntN(mostBeside + 1))
		if err != nil {
			return err
		}
		l.changes.Add(1)
		select {
		case <-l.stop:
			return others.End()
		case <-time.After(time.Duration(shortLoad+random.IntN(longLoad-shortLoad+1)) * time.Second):
		}
		if err := others.End(); err != nil {
			return err
		}
	}
}

// end ends it, and returns an error where a process had failed.
func (l *load) end() error {
	close(l.stop)
	return <-l.ended
}
