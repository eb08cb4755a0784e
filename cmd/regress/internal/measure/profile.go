package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// ProfileKind says what is sampled.
type ProfileKind string

// The kinds. Allocations are recorded one and all, so that a growth of a single
// one shows.
const (
	ProfileCPU    ProfileKind = "cpu"
	ProfileAllocs ProfileKind = "allocs"
)

// ProfileWant is one benchmark to look into.
type ProfileWant struct {
	Package string
	Name    string // as baseline.Key.Name
	Kind    ProfileKind
	Time    time.Duration // that the head shall run; 0: a second
}

// Profiled is what the profiler saw. Both sides ran the same number of
// iterations, so that their difference is a difference per iteration.
type Profiled struct {
	ProfileWant
	Iterations int
	Base, Head []byte // in the format of pprof, compressed
	Err        error  // why there is nothing; nil: both sides are there
}

// Profile builds both sides once more, the packages of wants alone and mostly
// from the build cache, and runs each benchmark of wants once a side under the
// profiler. It is for finding a cause and never for a verdict: profiling disturbs
// what it looks at. What becomes of one benchmark is its Profiled.Err; the order is that
// of wants. top is the repository and base the commit of the base. A command
// suite has no profiles: ErrNothing.
func Profile(ctx context.Context, o Options, wants []ProfileWant) (profiles []Profiled, top, base string, err error) {
	if len(wants) == 0 || len(o.Command) > 0 || o.Base == "" {
		return nil, "", "", fmt.Errorf("profile: %w: it takes Go benchmarks and a base", ErrNothing)
	}
	o.Packages, o.Resume, o.Budget, o.Progress, o.Anchor = nil, nil, 0, nil, ""
	for _, w := range wants {
		if !slices.Contains(o.Packages, w.Package) {
			o.Packages = append(o.Packages, w.Package)
		}
	}
	if err := o.fill(); err != nil {
		return nil, "", "", err
	}
	tmp, err := os.MkdirTemp("", "regress-")
	if err != nil {
		return nil, "", "", fmt.Errorf("make a directory for the profiles: %w", err)
	}
	defer removeAll(tmp)
	if tmp, err = filepath.EvalSymlinks(tmp); err != nil {
		return nil, "", "", fmt.Errorf("resolve the temporary directory: %w", err)
	}
	m := &measurement{o: o, tmp: tmp, entries: map[baseline.Key]*entry{}}
	if err := m.prepare(ctx); err != nil {
		return nil, "", "", fmt.Errorf("profile: %w", err)
	}
	for _, w := range wants {
		p := Profiled{ProfileWant: w}
		if p.Err = m.profile(ctx, &p); p.Err != nil {
			p.Base, p.Head = nil, nil
		}
		profiles = append(profiles, p)
	}
	return profiles, m.repo.Top, m.repo.base, nil
}

// profile fills in p.
func (m *measurement) profile(ctx context.Context, p *Profiled) error {
	base, head := m.suites[0].find(p.Package), m.head().find(p.Package)
	if base == nil || head == nil {
		return fmt.Errorf("profile %s: package %s is not on both sides", p.Name, p.Package)
	}
	trial, err := m.solo(ctx, head, p, m.o.Benchtime)
	if err != nil {
		return err
	}
	want := cmp.Or(p.Time, time.Second)
	perOp := trial.nsPerOp
	if perOp <= 0 { // it does not say: at most this
		perOp = float64(trial.wall) / float64(trial.iterations)
	}
	p.Iterations = max(1, int(float64(want)/perOp))
	if p.Kind == ProfileAllocs { // every allocation costs a stack trace
		p.Iterations = max(1, p.Iterations/4)
	}
	run, err := m.sample(ctx, head, p, &p.Head)
	if err != nil {
		return err
	}
	// A machine that is busy gives less than it was asked for, and samples are
	// counted in processor time.
	if used := max(run.cpu, want/8); p.Kind == ProfileCPU && used < want*2/3 && run.wall < 2*want {
		p.Iterations = int(float64(p.Iterations) * float64(want) / float64(used))
		if _, err = m.sample(ctx, head, p, &p.Head); err != nil {
			return err
		}
	}
	_, err = m.sample(ctx, base, p, &p.Base)
	return err
}

// sample runs one side under the profiler.
func (m *measurement) sample(ctx context.Context, side *pkg, p *Profiled, to *[]byte) (trial, error) {
	name := filepath.Join(m.tmp, "profile")
	args := []string{"-test.cpuprofile=" + name}
	if p.Kind == ProfileAllocs {
		args = []string{"-test.memprofile=" + name, "-test.memprofilerate=1"}
	}
	got, err := m.solo(ctx, side, p, strconv.Itoa(p.Iterations)+"x", args...)
	if err != nil {
		return got, err
	}
	if *to, err = os.ReadFile(name); err != nil {
		return got, fmt.Errorf("profile %s: %w", p.Name, err)
	}
	if err := os.Remove(name); err != nil {
		return got, fmt.Errorf("profile %s: %w", p.Name, err)
	}
	return got, nil
}

// trial is what one process says.
type trial struct {
	iterations int
	nsPerOp    float64
	wall, cpu  time.Duration
}

// solo runs one process of one benchmark.
func (m *measurement) solo(ctx context.Context, in *pkg, p *Profiled, benchtime string, args ...string) (trial, error) {
	short, _ := splitProcs(p.Name)
	t := target{dir: in.dir, argv: append([]string{
		in.binary, "-test.run=^$", "-test.bench=" + exactly("Benchmark"+short), "-test.benchtime=" + benchtime,
		"-test.count=1", "-test.v=test2json",
	}, args...)}
	var got trial
	limit := min(m.o.Timeout, 10*cmp.Or(p.Time, time.Second)+5*time.Second)
	out := t.run(ctx, func() time.Duration { return limit }, false, func(text string) {
		text = salvage(text, "Benchmark"+p.Name)
		if line, ok, _ := parseLine(text); ok && line.name == p.Name {
			got.nsPerOp = line.nsPerOp
			got.iterations, _ = strconv.Atoi(strings.Fields(text)[1])
		}
	})
	got.wall, got.cpu = out.wall, out.cpu
	switch {
	case out.canceled:
		return got, fmt.Errorf("profile %s: %w", p.Name, context.Cause(ctx))
	case out.failure != "":
		return got, fmt.Errorf("profile %s: %s", p.Name, out.failure)
	case got.iterations < 1:
		return got, fmt.Errorf("profile %s: %w", p.Name, errors.New("it printed no result"))
	}
	return got, nil
}

// find is the package of that path; nil: this side has no benchmarks there.
func (s *suite) find(path string) *pkg {
	for _, p := range s.packages {
		if p.path == path {
			return p
		}
	}
	return nil
}
