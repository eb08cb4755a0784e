package trend

import (
	"fmt"
	"math"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// step returns a change of a series by a factor at a commit, give or take some.
func step(name string, at, around int, factor float64) Step {
	return Step{
		Key: baseline.Key{Name: name, Unit: "sec/op"}, Direction: baseline.Lower,
		Change: Change{Order: at, After: at - 1 - around, By: at + around, From: 1, To: factor, Shift: math.Log(factor)},
	}
}

// early returns a change whose best place is between two runs of one commit, while the next commit
// may be its place too.
func early(name string, at int) Step {
	s := step(name, at, 1, 1.1)
	s.Change.After = at
	return s
}

// within returns a change between two runs of one commit.
func within(name string, at int) Step {
	s := step(name, at, 0, 1.1)
	s.Change.After = at
	return s
}

// told returns causes as text: the commit, the range, and who steps.
func told(causes []Cause) (out []string) {
	for _, c := range causes {
		line := fmt.Sprintf("%d (%d, %d]", c.Order, c.After, c.By)
		for _, s := range c.Steps {
			line += " " + s.Key.Name
		}
		out = append(out, line)
	}
	return out
}

func TestCauses(t *testing.T) {
	for name, c := range map[string]struct {
		steps []Step
		want  []string
	}{
		"none":                  {nil, nil},
		"one":                   {[]Step{step("A", 10, 2, 1.1)}, []string{"10 (7, 12] A"}},
		"one commit":            {[]Step{step("A", 10, 0, 1.1), step("B", 10, 0, 1.3)}, []string{"10 (9, 10] B A"}},
		"the exact one decides": {[]Step{step("A", 12, 4, 1.1), step("B", 10, 0, 1.2), step("C", 9, 3, 1.05)}, []string{"10 (9, 10] B A C"}},
		"two commits":           {[]Step{step("A", 10, 0, 1.1), step("B", 20, 0, 1.3)}, []string{"20 (19, 20] B", "10 (9, 10] A"}},
		"neighbours are two":    {[]Step{step("A", 10, 0, 1.1), step("B", 11, 0, 1.3)}, []string{"11 (10, 11] B", "10 (9, 10] A"}},
		"many small before one": {[]Step{step("A", 10, 0, 1.05), step("B", 10, 0, 1.05), step("C", 10, 0, 1.05), step("D", 30, 0, 1.1)}, []string{"10 (9, 10] A B C", "30 (29, 30] D"}},
		"between two runs":      {[]Step{early("A", 10), early("B", 10)}, []string{"10 (9, 11] A B"}},
		"runs of one commit":    {[]Step{within("A", 10), step("B", 10, 0, 1.3), within("C", 20)}, []string{"10 (9, 10] B A", "20 (20, 20] C"}},
		"a series steps twice":  {[]Step{step("A", 10, 4, 1.1), step("A", 13, 4, 1.1), step("B", 13, 4, 1.1)}, []string{"13 (8, 17] A B", "10 (5, 14] A"}},
	} {
		if have := told(Causes(c.steps)); fmt.Sprint(have) != fmt.Sprint(c.want) {
			t.Errorf("%s: have %q, want %q", name, have, c.want)
		}
	}
}

// TestOneCause: fifty series that step at one commit are one cause, in whatever order they come.
func TestOneCause(t *testing.T) {
	var all []Step
	for i := range 50 {
		s := step(fmt.Sprint("B", i), 100+i%3-1, 3, 1.02+float64(i)/100)
		if i%5 == 0 {
			s.Change.Environment = &Moved{}
		}
		all = append(all, s)
	}
	all[7].Direction, all[8].Direction = baseline.Higher, baseline.Neutral
	got := Causes(all)
	if len(got) != 1 || len(got[0].Steps) != 50 || got[0].Worse != 48 || got[0].Better != 1 || got[0].Moved {
		t.Fatalf("have %d causes, the first %+v", len(got), got[0])
	}
	// Ranges (95, 102], (96, 103] and (97, 104] have (97, 102] in common.
	if got[0].After != 97 || got[0].By != 102 || got[0].Steps[0].Key.Name != "B49" {
		t.Errorf("(%d, %d], first %s; want (97, 102], B49", got[0].After, got[0].By, got[0].Steps[0].Key.Name)
	}
	for i := range all {
		all[i].Change.Environment = &Moved{}
	}
	if !Causes(all)[0].Moved {
		t.Error("the machine changed under all of them, and the cause does not say so")
	}
	zero := step("Z", 10, 0, 1)
	zero.Change.From, zero.Change.Shift = 0, math.NaN()
	if got := Causes([]Step{zero}); got[0].Size != 1 || got[0].Worse != 1 {
		t.Errorf("from nothing: %+v", got[0])
	}
}
