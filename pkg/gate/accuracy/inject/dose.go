package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
	"github.com/descartes/regress/pkg/gate/stat"
)

// dose is how much is made slower, and what that comes to.
type dose struct {
	target float64 // +.05 is 5 % slower
	knob   int     // what the source says
	slower gain
}

func (d dose) String() string { return fmt.Sprintf("%d steps: %v", d.knob, d.slower) }

// gain is how much slower one binary is than another: the ratio of the least times of both, less 1,
// and the middle half of the ratios of pairs.
type gain struct{ least, lo, hi float64 }

func (g gain) String() string {
	return fmt.Sprintf("%+.1f %% (%+.1f to %+.1f)", 100*g.least, 100*g.lo, 100*g.hi)
}

// scale measures benchmarks of a repository natively, without regress.
type scale struct {
	*lab
	benchmark string
	binaries  string               // a directory for them
	set       func(knob int) error // writes a source
	most      int                  // of the knob; 0: as much as one likes
	alone     bool                 // on one processor and without collections, which waver by more than a dose
}

// pairs is how often two binaries are run by turns.
const pairs = 9

// A dose is as asked where it is not less, but for what measuring it may err by, nor much more.
const (
	tooLittle = -.03 // relative to the target
	tooMuch   = .2
)

// doses finds the knob for each target, the largest first.
func (s *scale) doses(ctx context.Context, guess int, targets []float64) ([]dose, error) {
	base, err := s.build(ctx, 0)
	if err != nil {
		return nil, err
	}
	out := make([]dose, len(targets))
	knob := guess
	for _, i := range descending(targets) {
		for try := range 5 {
			head, err := s.build(ctx, knob)
			if err != nil {
				return nil, err
			}
			slower, err := s.compare(ctx, base, head)
			if err != nil {
				return nil, err
			}
			out[i] = dose{target: targets[i], knob: knob, slower: slower}
			next := s.next(knob, slower.least, targets[i]*(1+tooMuch/3))
			if off := slower.least/targets[i] - 1; off >= tooLittle && off <= tooMuch || next == knob || try == 4 {
				break
			}
			knob = next
		}
		if smaller := slices.DeleteFunc(slices.Clone(targets), func(t float64) bool { return t >= targets[i] }); len(smaller) > 0 {
			knob = s.next(out[i].knob, targets[i], slices.Max(smaller))
		}
	}
	return out, s.set(0)
}

// next is the knob for a target, where have is what this one came to; in one step it becomes at
// most ten times larger or smaller.
func (s *scale) next(knob int, have, target float64) int {
	factor := 10.
	if have > 0 {
		factor = min(10, max(.1, target/have))
	}
	next := max(1, int(float64(knob)*factor+.5))
	if s.most > 0 {
		next = min(next, s.most)
	}
	return next
}

func descending(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order
}

// build builds the test binary of the repository with a knob.
func (s *scale) build(ctx context.Context, knob int) (string, error) {
	if err := s.set(knob); err != nil {
		return "", err
	}
	binary := filepath.Join(s.binaries, fmt.Sprintf("%d.test", knob))
	return binary, s.compile(ctx, binary)
}

// compile builds the test binary of the repository as regress does, which leaves the compiler's
// results in its cache.
func (l *lab) compile(ctx context.Context, binary string) error {
	_, err := l.exec(ctx, "go", "test", "-c", "-vet=off", "-trimpath", "-buildvcs=false", "-o", binary, ".")
	return err
}

// compare runs two binaries by turns, and each pair in the other order.
func (s *scale) compare(ctx context.Context, base, head string) (gain, error) {
	var ratios []float64
	least := map[string]float64{}
	for i := range pairs {
		order := []string{base, head}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		took := map[string]float64{}
		for _, binary := range order {
			t, err := s.time(ctx, binary)
			if err != nil {
				return gain{}, err
			}
			took[binary] = t
			if least[binary] == 0 || t < least[binary] {
				least[binary] = t
			}
		}
		ratios = append(ratios, took[head]/took[base]-1)
	}
	ratios = stat.Sorted(ratios)
	return gain{least[head]/least[base] - 1, stat.Quantile(ratios, .25), stat.Quantile(ratios, .75)}, nil
}

// time returns the least ns/op of some short repetitions of the benchmark in one process.
func (s *scale) time(ctx context.Context, binary string) (float64, error) {
	l := *s.lab
	if s.alone {
		l.env = append(slices.Clip(l.env), "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=1GiB")
	}
	out, err := l.exec(ctx, binary, "-test.run", "^$", "-test.bench", field.Leaf(s.benchmark), "-test.benchtime", "2ms", "-test.count", "20")
	if err != nil {
		return 0, err
	}
	least := 0.
	for _, m := range result.FindAllStringSubmatch(string(out), -1) {
		if v, err := strconv.ParseFloat(m[1], 64); err == nil && (least == 0 || v < least) {
			least = v
		}
	}
	if least == 0 {
		return 0, errors.New(s.benchmark + " printed no time:\n" + strings.TrimSpace(string(out)))
	}
	return least, nil
}
