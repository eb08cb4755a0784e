package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

// percents reads a list such as "3,5,10".
func percents(list string) ([]float64, error) {
	var out []float64
	for text := range strings.SplitSeq(list, ",") {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v > 0 && v <= 1000) {
			return nil, fmt.Errorf("-slower %s: %q is not a number of per cent above 0, as in 3,5,10", list, text)
		}
		out = append(out, v/100)
	}
	return out, nil
}

// injection is one slower benchmark of a module.
type injection struct {
	*bench
	pkg    string
	victim string
	ns     float64 // of an operation
	twice  gain    // with each operation done twice
}

// outcome is what became of one dose.
type outcome struct {
	tried, caught, work int      // work: in the row of counted work, alone or too
	verdicts            []string // of the row of time, where it was not caught
	wrong               []string
	each                []float64
	loads, steals       []string
}

// slower has commits judged that make one benchmark of each module do more.
func (c *campaign) slower(ctx context.Context, targets []float64) error {
	packages := map[string]string{}
	benches := c.settleAll(ctx, c.settings(), func(b *bench) error {
		pkg, err := b.hook()
		if err != nil {
			return err
		}
		packages[b.name] = pkg
		return b.more(pkg, "", 0)
	})
	var all []*injection
	for _, b := range benches {
		one := &injection{bench: b, pkg: packages[b.name]}
		if err := c.pick(ctx, one); err != nil {
			c.fail(ctx, b.name, err)
			continue
		}
		all = append(all, one)
	}
	end, err := c.compete()
	if err != nil {
		return err
	}
	by := map[string][]outcome{}
	for i := range c.times {
		for _, one := range all {
			if by[one.name] == nil {
				by[one.name] = make([]outcome, len(targets))
			}
			for k, target := range targets {
				if ctx.Err() != nil {
					break
				}
				if err := c.inject(ctx, one, target, i, &by[one.name][k]); err != nil {
					c.fail(ctx, one.name, err)
				}
			}
		}
	}
	end()
	return c.writeSlower(all, by, targets)
}

// inject has one slowdown judged.
func (c *campaign) inject(ctx context.Context, one *injection, target float64, i int, o *outcome) error {
	w := field.NewWatch()
	subject := fmt.Sprintf("%s slower by %.0f %%, %d", one.victim, 100*target, i+1)
	j, err := one.trial(ctx, subject, func() error { return one.more(one.pkg, one.victim, target) })
	if err != nil {
		return err
	}
	o.add(j, one.victim, w)
	right, wrong := j.caught(one.victim)
	c.say("%s, %s: %v; wrong: %v; %.0f s", one.name, subject, right, wrong, j.seconds)
	return nil
}

func (o *outcome) add(j judged, victim string, w field.Watch) {
	o.tried++
	right, wrong := j.caught(victim)
	if slices.ContainsFunc(right, measured) {
		o.caught++
	} else if r := j.of(victim, "sec/op"); r != nil {
		o.verdicts = append(o.verdicts, string(r.Verdict))
	} else {
		o.verdicts = append(o.verdicts, "no row")
	}
	if slices.Contains(right, "insn/op") {
		o.work++
	}
	o.wrong = append(o.wrong, wrong...)
	o.each = append(o.each, j.seconds/float64(max(1, j.known+j.unknown)))
	load, steal := w.State()
	o.loads, o.steals = append(o.loads, load), append(o.steals, steal)
}

// measured reports whether a unit is of time or work: allocations are counted exactly, and are of
// no trouble to anyone.
func measured(unit string) bool {
	return slices.Contains([]string{"sec/op", "B/s", baseline.Instructions}, unit)
}

// A benchmark that is made to do more takes so long that asking whether there is more to do is a
// small part, and so short that a repetition has a hundred operations at least: of those 5 % are a
// whole number but for half of one per cent.
const (
	leastVictim = 30 // ns/op
	mostVictim  = 5000
)

// pick chooses the first benchmark of a module that is neither too short nor too long and takes
// twice as long with each operation done twice.
func (c *campaign) pick(ctx context.Context, one *injection) error {
	dir, err := c.temp(one.name + "-binaries")
	if err != nil {
		return err
	}
	s := &scale{lab: &one.lab, binaries: dir, alone: true}
	s.set = func(times int) error { return one.more(one.pkg, s.benchmark, float64(times)) }
	base, err := s.build(ctx, 0)
	if err != nil {
		return err
	}
	for _, name := range one.names {
		s.benchmark = name
		if one.ns, err = s.time(ctx, base); err != nil || one.ns < leastVictim || one.ns > mostVictim {
			continue
		}
		twice, err := s.build(ctx, 1)
		if err != nil {
			return err
		}
		if one.twice, err = s.compare(ctx, base, twice); err != nil || one.twice.hi < .8 || one.twice.lo > 1.25 {
			c.say("%s: each operation of %s done twice is slower by %v", one.name, name, one.twice)
			continue
		}
		one.victim = name
		c.say("%s: %s takes %.0f ns; each operation done twice: %v", one.name, name, one.ns, one.twice)
		return s.set(0)
	}
	return fmt.Errorf("no benchmark takes %d to %d ns, and twice as long with each operation done twice", leastVictim, mostVictim)
}

func (c *campaign) writeSlower(all []*injection, by map[string][]outcome, targets []float64) error {
	c.head("commits that make one benchmark do so many of its operations once more; \"twice\" is what all of them come to, measured before, by turns without regress and with nothing beside: the ratio of the least times, and the middle half of the pairs")
	fmt.Fprintln(c.out, "| module | benchmark | ns/op | twice | added | caught | of them as work | else the time is | other rows slower | seconds a benchmark | load | steal |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
	have, caught, tried, wrong := 0, make([]int, len(targets)), make([]int, len(targets)), make([]int, len(targets))
	for _, one := range all {
		for k, target := range targets {
			o := by[one.name][k]
			fmt.Fprintf(c.out, "| %s %s | %s | %.0f | %v | +%.0f %% | %s | %d | %s | %s | %s | %s | %s |\n", one.name, one.version, one.victim, one.ns, one.twice, 100*target,
				share(o.caught, o.tried), o.work, listed(o.verdicts), listed(o.wrong), middle(o.each), span(o.loads), span(o.steals))
			have += o.tried
			caught[k], tried[k], wrong[k] = caught[k]+o.caught, tried[k]+o.tried, wrong[k]+len(o.wrong)
		}
	}
	for k, t := range targets {
		fmt.Fprintf(c.out, "| **all** | | | | +%.0f %% | **%s** | | | **%d** | | | |\n", 100*t, share(caught[k], tried[k]), wrong[k])
	}
	return c.end(have, c.times*len(c.modules)*len(targets))
}
