package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	doses  []dose
}

// outcome is what became of one dose.
type outcome struct {
	tried, caught, work int      // work: in the row of counted work, alone or too
	verdicts            []string // of the row of time, where it was not caught
	wrong               []string
	each                []float64
	loads, steals       []string
}

// slower has commits judged that add work to one benchmark of each module.
func (c *campaign) slower(ctx context.Context, targets []float64) error {
	packages := map[string]string{}
	benches := c.settle(ctx, c.settings(), func(b *bench) error {
		pkg, err := b.hook()
		if err != nil {
			return err
		}
		packages[b.name] = pkg
		return b.spin(pkg, "", 0)
	})
	var all []*injection
	for _, b := range benches {
		one := &injection{bench: b, pkg: packages[b.name]}
		if err := c.weigh(ctx, one, targets); err != nil {
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
			for k, d := range one.doses {
				if ctx.Err() != nil {
					break
				}
				if err := c.inject(ctx, one, d, i, &by[one.name][k]); err != nil {
					c.fail(ctx, one.name, err)
				}
			}
		}
	}
	end()
	return c.writeSlower(all, by, targets)
}

// inject has one dose judged.
func (c *campaign) inject(ctx context.Context, one *injection, d dose, i int, o *outcome) error {
	w := field.NewWatch()
	subject := fmt.Sprintf("%s slower by %.0f %%, %d", one.victim, 100*d.target, i+1)
	j, err := one.trial(ctx, subject, func() error { return one.spin(one.pkg, one.victim, d.knob) })
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
	if len(right) > 0 {
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

// A benchmark that gets more work takes at least so long that 3 % are some steps, and at most so
// long that it is measured often.
const (
	leastVictim = 300 // ns/op
	mostVictim  = 5e6
	mostVictims = 4
)

// weigh chooses the first benchmark that is slowed down as one likes, and finds out by how much
// work.
func (c *campaign) weigh(ctx context.Context, one *injection, targets []float64) error {
	dir, err := c.temp(one.name + "-binaries")
	if err != nil {
		return err
	}
	s := &scale{lab: &one.lab, binaries: dir, alone: true}
	s.set = func(steps int) error { return one.spin(one.pkg, s.benchmark, steps) }
	base, err := s.build(ctx, 0)
	if err != nil {
		return err
	}
	tried := 0
	for _, name := range one.names {
		s.benchmark = name
		ns, err := s.time(ctx, base)
		if err != nil || ns < leastVictim || ns > mostVictim {
			continue
		}
		doses, err := s.doses(ctx, max(1, int(ns*slices.Max(targets))), targets)
		if err != nil {
			return err
		}
		if tried++; !slices.ContainsFunc(doses, dose.far) {
			one.victim, one.doses = name, doses
			c.say("%s: %s takes %.0f ns, and %v", one.name, name, ns, doses)
			return s.set(0)
		}
		c.say("%s: %s takes %.0f ns and is not slowed down as asked: %v", one.name, name, ns, doses)
		if tried == mostVictims {
			break
		}
	}
	return fmt.Errorf("none of %d benchmarks could be slowed down as asked; is this machine too noisy now?", tried)
}

func (c *campaign) writeSlower(all []*injection, by map[string][]outcome, targets []float64) error {
	c.head("commits that add work to one benchmark; \"achieved\" was measured before, by turns without regress and with nothing beside: the ratio of the least times, and the middle half of the pairs")
	fmt.Fprintln(c.out, "| module | benchmark | added | achieved | caught | of them as work | else the time is | other rows slower | seconds a benchmark | load | steal |\n|---|---|---|---|---|---|---|---|---|---|---|")
	have, caught, tried, wrong := 0, make([]int, len(targets)), make([]int, len(targets)), make([]int, len(targets))
	for _, one := range all {
		for k, d := range one.doses {
			o := by[one.name][k]
			fmt.Fprintf(c.out, "| %s %s | %s | +%.0f %% | %s | %s | %d | %s | %s | %s | %s | %s |\n", one.name, one.version, one.victim, 100*d.target, d.slower,
				share(o.caught, o.tried), o.work, listed(o.verdicts), listed(o.wrong), middle(o.each), span(o.loads), span(o.steals))
			have += o.tried
			caught[k], tried[k], wrong[k] = caught[k]+o.caught, tried[k]+o.tried, wrong[k]+len(o.wrong)
		}
	}
	for k, t := range targets {
		fmt.Fprintf(c.out, "| **all** | | +%.0f %% | | **%s** | | | **%d** | | | |\n", 100*t, share(caught[k], tried[k]), wrong[k])
	}
	return c.end(have, c.times*len(c.modules)*len(targets))
}
