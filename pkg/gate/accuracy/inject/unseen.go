package main

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

//go:embed testdata/unseen/unseen_test.go
var unseenSuite []byte

// slowdown is a benchmark of the suite in testdata/unseen.
type slowdown struct {
	bench string
	is    string
	guess int // of its knob, for the largest target
	most  int
}

var unseenSlowdowns = []slowdown{
	{"Branch", "branches guessed wrongly", 2_000, 16 << 10},
	{"List", "list out of order in memory", 2_000, 128 << 10},
	{"Chain", "divisions for multiplications", 200, 1000},
	{"Lock", "contended lock", 100, 256},
	{"Sleep", "longer sleep", 250, 10_000},
	{"Kernel", "more work in the kernel", 40_000, 1 << 24},
	{"Buffer", "smaller read buffer", 100, 8_000},
}

// unseenTargets are how much slower each becomes: what time may miss, and what it must not.
var unseenTargets = []float64{.065, .4}

// knobs is the file of the knobs, with one of them turned.
func knobs(bench string, knob int) []byte {
	var out strings.Builder
	out.WriteString("package unseen\n\nconst (\n")
	for _, s := range unseenSlowdowns {
		n := 0
		if s.bench == bench {
			n = knob
		}
		fmt.Fprintf(&out, "\t%sKnob = %d\n", strings.ToLower(s.bench), n)
	}
	out.WriteString(")\n")
	return []byte(out.String())
}

// make makes a repository of a suite that is made for it.
func (c *campaign) make(ctx context.Context, name string, files map[string][]byte) (*bench, error) {
	dir, err := c.temp(name)
	if err != nil {
		return nil, err
	}
	b := &bench{module: module{name: name}, lab: lab{dir: dir, regress: c.regress}}
	files["go.mod"] = []byte("module example.com/" + name + "\n\ngo 1.26\n")
	files["regress.toml"] = []byte("project = \"example.com/" + name + "\"\n" + c.settings())
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if err := b.write(file, files[file]); err != nil {
			return nil, err
		}
	}
	return b, b.found(ctx)
}

// turned is a slowdown at one dose, and what became of it.
type turned struct {
	slowdown
	dose
	outcome
	work []float64         // differences of what was counted
	said map[string]string // why, by verdict on time
}

// unseen has slowdowns judged that do not show in a count of instructions.
func (c *campaign) unseen(ctx context.Context) error {
	b, err := c.make(ctx, "unseen", map[string][]byte{"unseen_test.go": unseenSuite, "knobs.go": knobs("", 0)})
	if err != nil {
		return err
	}
	var all []*turned
	for _, one := range unseenSlowdowns {
		s := &scale{lab: &b.lab, benchmark: one.bench, most: one.most}
		s.set = func(knob int) error { return b.write("knobs.go", knobs(one.bench, knob)) }
		s.binaries, err = c.temp("unseen-" + one.bench)
		if err != nil {
			return err
		}
		doses, err := s.doses(ctx, one.guess, unseenTargets)
		if err != nil {
			c.fail(ctx, one.bench, err)
			continue
		}
		c.say("%s: %v", one.bench, doses)
		for _, d := range doses {
			all = append(all, &turned{slowdown: one, dose: d, said: map[string]string{}})
		}
	}
	end, err := c.compete()
	if err != nil {
		return err
	}
	for i := range c.times {
		for _, t := range all {
			if ctx.Err() != nil {
				break
			}
			if err := c.turn(ctx, b, t, i); err != nil {
				c.fail(ctx, t.bench, err)
			}
		}
	}
	end()
	return c.writeUnseen(all)
}

// turn has one slowdown judged.
func (c *campaign) turn(ctx context.Context, b *bench, t *turned, i int) error {
	w := field.NewWatch()
	j, err := b.trial(ctx, fmt.Sprintf("%s by %.1f %%, %d", t.is, 100*t.target, i+1), func() error {
		return b.write("knobs.go", knobs(t.bench, t.knob))
	})
	if err != nil {
		return err
	}
	t.add(j, t.bench, w)
	if r := j.of(t.bench, baseline.Instructions); r != nil && r.Change != nil {
		t.work = append(t.work, *r.Change)
	}
	if r := j.of(t.bench, "sec/op"); r != nil {
		t.said[string(r.Verdict)] = r.Why
		c.say("%s %v: %s: %s; %.0f s", t.bench, t.dose, r.Verdict, r.Why, j.seconds)
	}
	return nil
}

func (c *campaign) writeUnseen(all []*turned) error {
	c.head("slowdowns that a count of instructions does not see; \"achieved\" was measured before, by turns without regress and with nothing beside: the ratio of the least times, and the middle half of the pairs")
	fmt.Fprintln(c.out, "| slowdown | achieved | caught | else the time is | work counted | other rows slower | seconds a benchmark | load | steal |\n|---|---|---|---|---|---|---|---|---|")
	have, same, large, found := 0, 0, 0, 0
	for _, t := range all {
		fmt.Fprintf(c.out, "| %s, %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", t.bench, t.is, t.slower, share(t.caught, t.tried), listed(t.verdicts),
			signed(t.work), listed(t.wrong), middle(t.each), span(t.loads), span(t.steals))
		have += t.tried
		if t.slower.least >= .3 {
			large, found = large+t.tried, found+t.caught
		}
		for _, v := range t.verdicts {
			if v == string(gate.SameWork) {
				same++
			}
		}
	}
	fmt.Fprintf(c.out, "\nOf what is slower by 30 %% or more %s was caught. Of all, %d of %d were called \"%s\". What the report says where time was not called slower:\n\n", share(found, large), same, have, gate.SameWork)
	for _, t := range all {
		for _, v := range slices.Sorted(maps.Keys(t.said)) {
			if v != string(gate.Regressed) {
				fmt.Fprintf(c.out, "- %s, %s, %+.1f %%: %s: %s\n", t.bench, t.is, 100*t.slower.least, v, t.said[v])
			}
		}
	}
	return c.end(have, c.times*len(unseenSlowdowns)*len(unseenTargets))
}

// signed are differences in words.
func signed(differences []float64) string {
	if len(differences) == 0 {
		return "–"
	}
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = fmt.Sprintf("%+.1f %%", 100*d)
	}
	return strings.Join(texts, ", ")
}
