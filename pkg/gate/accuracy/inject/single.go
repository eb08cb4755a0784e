package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

const (
	singleTest = "package single\n\nimport \"testing\"\n\nfunc BenchmarkFields(b *testing.B) {\n\tfor b.Loop() {\n\t\tFields(\"the quick brown fox jumps over the lazy dog\")\n\t}\n}\n"
	// singleCode has a number that becomes larger, and a text by which equal code is not the same.
	singleCode = "package single\n\nimport \"strings\"\n\nconst times = %d\n\n// Fields cuts s often.\nfunc Fields(s string) (n int) {\n\tfor range times {\n\t\tn += len(strings.Fields(s))\n\t}\n\treturn n\n}\n\n// Version is the %s.\nfunc Version() string { return %q }\n"
	singleName = "Fields"
)

// single has a repository of one benchmark judged that becomes 30 % slower, and fast again.
func (c *campaign) single(ctx context.Context) error {
	code := func(times int, version string) []byte {
		return fmt.Appendf(nil, singleCode, times, version, strings.Repeat(version, 2))
	}
	b, err := c.make(ctx, "single", map[string][]byte{"single_test.go": []byte(singleTest), "single.go": code(100, "first")})
	if err != nil {
		return err
	}
	end, err := c.compete()
	if err != nil {
		return err
	}
	steps := []*step{
		{is: "+30 %, beside the first version", times: 130, version: "slower"},
		{is: "taken out again, beside the first version", times: 100, version: "restored"},
	}
	for i := range c.times {
		for _, s := range steps {
			if ctx.Err() != nil {
				break
			}
			w := field.NewWatch()
			j, err := b.trial(ctx, fmt.Sprintf("%s, %d", s.is, i+1), func() error {
				return b.write("single.go", code(s.times, fmt.Sprint(s.version, i)))
			})
			if err != nil {
				c.fail(ctx, s.is, err)
				continue
			}
			s.outcome.add(j, singleName, w)
			s.sums.add(j, w)
			c.say("%s: exit %d, slower: %v, %.1f rounds, %.0f s", s.is, j.exit, j.red, j.rounds, j.seconds)
		}
	}
	end()
	return c.writeSingle(steps)
}

// step is one state of the repository.
type step struct {
	is      string
	times   int
	version string
	outcome
	sums
}

func (c *campaign) writeSingle(steps []*step) error {
	c.head("a repository of one benchmark, " + singleName)
	fmt.Fprintln(c.out, "| commit | decisions | green, undecided, red | rows slower | else the time is | rounds a side | seconds | load | steal |\n|---|---|---|---|---|---|---|---|---|")
	have := 0
	for _, s := range steps {
		fmt.Fprintf(c.out, "| %s | %d | %d, %d, %d | %s | %s | %s | %s | %s | %s |\n", s.is, s.decisions, s.exits[0], s.exits[3], s.exits[1],
			share(s.caught, s.tried), listed(s.verdicts), middle(s.rounds), middle(s.sums.each), span(s.sums.loads), span(s.sums.steals))
		have += s.decisions
	}
	return c.end(have, c.times*len(steps))
}
