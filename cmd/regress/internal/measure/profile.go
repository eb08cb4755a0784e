package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// ProfileKind says what is sampled.
type ProfileKind string

// The kinds. Allocations are recorded one and all, so that a growth of a single
// one shows.
const (
	ProfileCPU    ProfileKind = "cpu"
	ProfileAllocs ProfileKind = "allocs"
	ProfileWork   ProfileKind = "work" // instructions are counted, by the Probe of the want
)

// What is counted by stacks is slower by some hundred times, and on a busy machine by more.
const (
	countedFor = 8 * time.Millisecond   // natively
	mostWork   = 100 * time.Millisecond // that one iteration may take natively
	workSlower = 2000
)

// ProfileWant is one benchmark to look into.
type ProfileWant struct {
	Package string
	Name    string // as baseline.Key.Name
	Kind    ProfileKind
	Time    time.Duration // that the head shall run; 0: a second; ProfileWork has its own
	// Probe returns what counts the work of one process of a side's test binary. It is called for
	// ProfileWork alone, and what the probe has seen is the caller's.
	Probe func(side baseline.Side, binary string) (suite.Probe, error)
}

// Profiled is what the profiler saw. Both sides ran the same number of
// iterations, so that their difference is a difference per iteration.
type Profiled struct {
	ProfileWant
	Iterations int
	Base, Head []byte // in the format of pprof, compressed
	Err        error  // why there is nothing; nil: both sides are there
}

// Profile runs each benchmark of wants once a side under the profiler, head against another side.
// It is for finding a cause and never for a verdict: profiling disturbs what it looks at. What
// becomes of one benchmark is its Profiled.Err; the order is that of wants. A command suite has no
// profiles: ErrNothing.
func (s *Session) Profile(ctx context.Context, against baseline.Side, wants []ProfileWant) ([]Profiled, error) {
	base := s.side(against)
	if len(wants) == 0 || len(s.o.Command) > 0 || base == nil || base == s.judged() {
		return nil, fmt.Errorf("profile: %w: it takes Go benchmarks and a side to hold the head against", ErrNothing)
	}
	var profiles []Profiled
	for _, w := range wants {
		p := Profiled{ProfileWant: w}
		if p.Err = s.profile(ctx, base, &p); p.Err != nil {
			p.Base, p.Head = nil, nil
		}
		profiles = append(profiles, p)
	}
	return profiles, nil
}

// profile fills in p.
func (s *Session) profile(ctx context.Context, against *side, p *Profiled) error {
	base, head := against.Find(p.Package), s.judged().Find(p.Package)
	if base == nil || head == nil || base.Binary == "" || head.Binary == "" {
		return fmt.Errorf("profile %s: package %s is not on both sides", p.Name, p.Package)
	}
	trial, err := s.solo(ctx, head, p, s.o.Benchtime)
	if err != nil {
		return err
	}
	want := cmp.Or(p.Time, time.Second)
	perOp := trial.nsPerOp
	if perOp <= 0 { // it does not say: at most this
		perOp = float64(trial.wall) / float64(trial.iterations)
	}
	p.Iterations = max(1, int(float64(want)/perOp))
	if p.Kind == ProfileWork {
		if time.Duration(perOp) > mostWork {
			return fmt.Errorf("profile %s: an iteration takes %v, too long to count where its work is", p.Name, time.Duration(perOp).Round(time.Millisecond))
		}
		p.Iterations, p.Time = max(1, int(float64(countedFor)/perOp)), workSlower/10*max(countedFor, time.Duration(perOp))
		return errors.Join(s.work(ctx, s.judged(), head, p), s.work(ctx, against, base, p))
	}
	if p.Kind == ProfileAllocs { // every allocation costs a stack trace
		p.Iterations = max(1, p.Iterations/4)
	}
	run, err := s.sample(ctx, head, p, &p.Head)
	if err != nil {
		return err
	}
	// A machine that is busy gives less than it was asked for, and samples are
	// counted in processor time.
	if used := max(run.cpu, want/8); p.Kind == ProfileCPU && used < want*2/3 && run.wall < 2*want {
		p.Iterations = int(float64(p.Iterations) * float64(want) / float64(used))
		if _, err = s.sample(ctx, head, p, &p.Head); err != nil {
			return err
		}
	}
	_, err = s.sample(ctx, base, p, &p.Base)
	return err
}

// sample runs one side under the profiler.
func (s *Session) sample(ctx context.Context, in *suite.Package, p *Profiled, to *[]byte) (trial, error) {
	name := filepath.Join(s.tmp, "profile")
	args := []string{"-test.cpuprofile=" + name}
	if p.Kind == ProfileAllocs {
		args = []string{"-test.memprofile=" + name, "-test.memprofilerate=1"}
	}
	got, err := s.solo(ctx, in, p, strconv.Itoa(p.Iterations)+"x", args...)
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

// work runs one side under what counts by stacks.
func (s *Session) work(ctx context.Context, of *side, in *suite.Package, p *Profiled) error {
	probe, err := p.Probe(of.Side, in.Binary)
	if err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	one := *p
	one.Name = strings.TrimPrefix(s.runName(p), "Benchmark") // under the probe it runs on one processor
	t := suite.Target{Dir: in.Dir, Argv: s.argv(in, p, strconv.Itoa(p.Iterations)+"x")}
	_, err = s.run(ctx, t, &one, probe)
	return err
}

// trial is what one process says.
type trial struct {
	iterations int
	nsPerOp    float64
	wall, cpu  time.Duration
}

// solo runs one process of one benchmark.
func (s *Session) solo(ctx context.Context, in *suite.Package, p *Profiled, benchtime string, args ...string) (trial, error) {
	return s.run(ctx, suite.Target{Dir: in.Dir, Argv: append(s.argv(in, p, benchtime), args...)}, p)
}

// argv returns how one benchmark of a binary is started.
func (s *Session) argv(in *suite.Package, p *Profiled, benchtime string) []string {
	return []string{
		in.Binary, "-test.run=^$", "-test.bench=" + suite.Exactly(s.runName(p)), "-test.benchtime=" + benchtime,
		"-test.count=1", "-test.v=test2json",
	}
}

// run runs t, a process of one benchmark, and returns what it says of p.
func (s *Session) run(ctx context.Context, t suite.Target, p *Profiled, probes ...suite.Probe) (trial, error) {
	var got trial
	var cpu suite.CPUTime
	limit := min(s.o.Timeout, 10*cmp.Or(p.Time, time.Second)+5*time.Second)
	out := s.judged().Runner.Run(ctx, t, suite.Limit{Of: func() time.Duration { return limit }}, func(text string) {
		text = suite.Salvage(text, "Benchmark"+p.Name)
		if line, ok, _ := suite.ParseLine(text); ok && line.Name == p.Name {
			got.nsPerOp = line.NsPerOp
			got.iterations, _ = strconv.Atoi(strings.Fields(text)[1])
		}
	}, append(probes, &cpu)...)
	got.wall, got.cpu = out.Wall, cpu.Used
	switch {
	case out.Canceled:
		return got, fmt.Errorf("profile %s: %w", p.Name, context.Cause(ctx))
	case out.Failure != "":
		return got, fmt.Errorf("profile %s: %s", p.Name, out.Failure)
	case got.iterations < 1:
		return got, fmt.Errorf("profile %s: %w", p.Name, errors.New("it printed no result"))
	}
	return got, nil
}

// runName returns the name by which testing selects a benchmark: as a measurement before has seen
// it, or else without what looks like the -procs suffix.
func (s *Session) runName(p *Profiled) string {
	if e := s.entries[baseline.Key{Package: p.Package, Name: p.Name}]; e != nil && e.run != "" {
		return e.run
	}
	short, _ := suite.SplitProcs(p.Name)
	return "Benchmark" + short
}
