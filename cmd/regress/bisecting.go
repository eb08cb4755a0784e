package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/bisection"
	"github.com/descartes/regress/cmd/regress/internal/culprit"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/bisect"
)

// bisector measures what a search asks for.
type bisector struct {
	*session
	in         repo.Repo
	transplant bool
	options    measure.Options
	file       *os.File
	all        []*bisection.Search // the newest is being searched
	spent      time.Duration       // measuring
	begun      time.Time
}

// errEnough ends a search: why is in its log.
var errEnough = errors.New("the search has ended")

// write adds to the log.
func (b *bisector) write(text string) error {
	if _, err := io.WriteString(b.file, text); err != nil {
		return fmt.Errorf("write the log of the search: %w; make room or name another file", err)
	}
	return nil
}

// current is the search that goes on.
func (b *bisector) current() *bisection.Search { return b.all[len(b.all)-1] }

// run searches, and then within the merge that was found, until a commit is sure or nothing more
// can be measured.
func (b *bisector) run(ctx context.Context) error {
	b.begun = time.Now()
	for {
		err := b.one(ctx)
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
		more, err := b.intoMerge(ctx)
		if err != nil {
			return err
		}
		if !more {
			return b.locate(ctx)
		}
	}
}

// one goes on with the current search until it ends. What was found by counts alone is timed before
// it is believed: a commit as it is measured against the one before; the whole, where that is not
// slower for its work, and where no one commit was found.
func (b *bisector) one(ctx context.Context) error {
	s := b.current()
	s.Stopped = ""
	target, sure := b.target()
	if sure {
		if err := b.open(ctx, nil); err != nil {
			return err
		}
	}
	for timed := false; ; timed = true {
		if !sure {
			err := b.confirm(ctx, !timed)
			if err != nil {
				return err
			}
			if target, sure = b.target(); !sure {
				return errEnough
			}
		}
		if err := b.follow(ctx, target); err != nil {
			return err
		}
		if timed || !s.Untimed(target, b.decided) {
			return nil
		}
		sure = false
	}
}

// target returns the series that is followed, where it is known that it became worse.
func (b *bisector) target() (target gate.Row, sure bool) {
	whole := b.current().Whole()
	if whole == nil {
		return target, false
	}
	return bisection.Target(b.decided(whole.Log), b.current().Unit)
}

// follow measures until nothing more is to be found out about a series.
func (b *bisector) follow(ctx context.Context, target gate.Row) error {
	s, key, bench := b.current(), target.Key(), b.bench(target)
	most := 8 + int(6*math.Log2(float64(len(s.Commits))))
	for {
		step := s.History(key).Next()
		if step.Kind == bisect.Done {
			return nil
		}
		if s.Comparisons() >= most {
			return b.stop(fmt.Sprintf("limit of %d comparisons", most))
		}
		b.tell(key, step)
		var err error
		if step.Kind == bisect.Probe {
			err = b.probe(ctx, step.At, key, bench)
		} else {
			err = b.adjacent(ctx, step, key, bench)
		}
		if err != nil {
			return err
		}
	}
}

// bench returns the pattern of the benchmarks that are measured once it is known what became worse.
func (b *bisector) bench(target gate.Row) string {
	functions := bisection.Further(b.decided(b.current().Whole().Log), target)
	if len(functions) == 1 {
		short, _ := suite.SplitProcs(target.Name)
		return suite.Exactly("Benchmark" + short)
	}
	for i, name := range functions {
		functions[i] = regexp.QuoteMeta(name)
	}
	return "^(" + strings.Join(functions, "|") + ")$"
}

// tell says where the search stands.
func (b *bisector) tell(key baseline.Key, step bisect.Step) {
	s := b.current()
	h := s.History(key)
	best := h.Likeliest(h.Believe())
	left := 0
	for _, p := range h.Believe().One {
		if p > .001 {
			left++
		}
	}
	what := fmt.Sprintf("commit %d of %d, %s", step.At, s.Last(), figure.Commit(s.Commits[step.At].ID))
	if step.Kind == bisect.Adjacent {
		what += " against the one before"
	}
	b.note("%s: %s left, the likeliest %s with %s, %v measured of %v", what, figure.Counted(left, "commit"),
		figure.Commit(s.Commits[best.To].ID), figure.Percent(best.P), b.spent.Round(time.Second), b.cfg.Budget)
}

// stop ends the search, and the log says why.
func (b *bisector) stop(why string) error {
	if err := b.write(b.current().Stop(why)); err != nil {
		return err
	}
	return errEnough
}

// revision is a commit of the current search as a side.
func (b *bisector) revision(side baseline.Side, at int) measure.Revision {
	s := b.current()
	r := measure.Revision{Side: side, Commit: s.Commits[at].ID, Ref: figure.Commit(s.Commits[at].ID)}
	switch at {
	case 0:
		r.Ref = s.Good
	case s.Last():
		r.Ref = s.Bad
	}
	return r
}

// open makes the good and the bad commit of the current search runnable; next says what to measure
// of them.
func (b *bisector) open(ctx context.Context, next measure.NextFunc) error {
	s := b.current()
	ends := []measure.Revision{b.revision(baseline.Base, 0), b.revision(baseline.Head, s.Last())}
	if b.measured != nil {
		return b.measured.Revise(ctx, measure.Turn{Revisions: ends, Bench: s.Bench, Next: next, Budget: b.left()})
	}
	o := b.options
	o.Base, o.Anchor, o.Revisions, o.Next, o.Log, o.Transplant, o.Budget = "", "", ends, next, b.file, b.transplant, b.left()
	if s.Bench != "" {
		o.Bench = s.Bench
	}
	show, end := measure.Lines(func(line string) { b.note("%s", line) }, progressEvery)
	defer end()
	o.Progress = func(p measure.Progress) { show(p) }
	made, err := measure.Open(ctx, o)
	if err != nil {
		return fmt.Errorf("bisect (good is the base, bad the head): %w", err)
	}
	b.measured = made
	return nil
}

// left returns what is left of the budget, so little at the end that a session begins and stops.
func (b *bisector) left() time.Duration { return max(b.cfg.Budget-b.spent, time.Millisecond) }

// measure runs what the session has, and takes its log in.
func (b *bisector) measure(ctx context.Context, one bisection.Session) error {
	s := b.current()
	if b.spent >= b.cfg.Budget {
		return b.stop(fmt.Sprintf("budget of %v", b.cfg.Budget))
	}
	if err := b.write(s.Open(one)); err != nil {
		return err
	}
	start := time.Now()
	result, err := b.measured.Run(ctx)
	b.spent += time.Since(start)
	if err != nil {
		return err
	}
	if err := s.Measured(one, result.Text); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return b.stop("interrupt")
	case result.Stopped != "":
		return b.stop(fmt.Sprintf("budget of %v", b.cfg.Budget))
	}
	return nil
}

// notes writes into the log which commits have their own benchmark sources.
func (b *bisector) notes() error {
	s := b.current()
	for at, c := range s.Commits {
		if why := b.measured.OwnSources(c.ID); why != "" {
			if err := b.write(s.Own(at, why)); err != nil {
				return err
			}
		}
	}
	return nil
}

// confirm measures the good and the bad commit; soon: where counts show that bad does more work,
// they are enough to begin with.
func (b *bisector) confirm(ctx context.Context, soon bool) error {
	next := func(log baseline.Log) []baseline.Want {
		in := b.bisected(log)
		wants := gate.Next(in)
		if soon && len(wants) > 0 {
			wants = b.current().Sooner(wants, log, gate.Decide(in))
		}
		return wants
	}
	if err := b.open(ctx, next); err != nil {
		return b.interrupted(ctx, err)
	}
	if err := b.notes(); err != nil {
		return err
	}
	return b.measure(ctx, bisection.Session{At: b.current().Last()})
}

// interrupted turns an error that comes of Ctrl-C into the end of the search.
func (b *bisector) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && len(b.current().Sessions) > 0 {
		return b.stop("interrupt")
	}
	return err
}

// probe measures a commit beside good and bad, unless it has the program of one that is known.
func (b *bisector) probe(ctx context.Context, at int, key baseline.Key, bench string) error {
	s := b.current()
	mid := b.revision(baseline.Anchor, at)
	mid.Optional = true
	next := func(log baseline.Log) []baseline.Want { return s.Want(at, key, log) }
	err := b.measured.Revise(ctx, measure.Turn{
		Revisions: []measure.Revision{b.revision(baseline.Base, 0), mid, b.revision(baseline.Head, s.Last())},
		Bench:     bench, Next: next, Budget: b.left(),
	})
	if err != nil {
		return b.interrupted(ctx, err)
	}
	if ctx.Err() != nil {
		return b.stop("interrupt")
	}
	if why := b.measured.Ready(baseline.Anchor); why != nil {
		return b.write(s.Skip(at, why.Error()))
	}
	if err := b.notes(); err != nil {
		return err
	}
	if same, err := b.alike(ctx, at, key.Package); same || err != nil {
		return err
	}
	if err := b.measure(ctx, bisection.Session{At: at, Probe: true}); err != nil {
		return err
	}
	if one := s.Sessions[len(s.Sessions)-1]; !s.Read(one, key) {
		return b.write(s.Skip(at, s.Failure(one, key)))
	}
	return nil
}

// alike notes which other commit has the same program as one, if any has.
func (b *bisector) alike(ctx context.Context, at int, pkg string) (found bool, err error) {
	s := b.current()
	for other := range s.Commits {
		if other == at {
			continue
		}
		same, err := b.measured.Same(ctx, s.Commits[other].ID, s.Commits[at].ID, pkg)
		if err != nil {
			return false, err
		}
		if same {
			return true, b.write(s.Equal(min(other, at), max(other, at)))
		}
	}
	return false, nil
}

// adjacent measures a commit against the nearest one before it that can be measured.
func (b *bisector) adjacent(ctx context.Context, step bisect.Step, key baseline.Key, bench string) error {
	s := b.current()
	base := b.revision(baseline.Base, step.From)
	base.Optional = step.From > 0
	evidence := s.Evidence(key)
	err := b.measured.Revise(ctx, measure.Turn{
		Revisions: []measure.Revision{base, b.revision(baseline.Head, step.At)}, Bench: bench, Budget: b.left(),
		Next: func(log baseline.Log) []baseline.Want {
			if wants := gate.Next(b.bisected(log)); len(wants) > 0 {
				return wants
			}
			return evidence.Counted(log)
		},
	})
	if errors.Is(err, measure.ErrBuild) && ctx.Err() == nil && step.At < s.Last() {
		return b.write(s.Skip(step.At, err.Error()))
	}
	if err != nil {
		return b.interrupted(ctx, err)
	}
	if why := b.measured.Ready(baseline.Base); why != nil {
		return b.write(s.Skip(step.From, why.Error()))
	}
	if err := b.notes(); err != nil {
		return err
	}
	return b.measure(ctx, bisection.Session{From: step.From, At: step.At})
}

// locate looks for the place in the commit that was found. It can fail without harm.
func (b *bisector) locate(ctx context.Context) error {
	s := b.current()
	answer := s.Answer(b.decided)
	if answer.Outcome != bisection.Found || ctx.Err() != nil {
		return nil
	}
	at := slices.IndexFunc(s.Commits, func(c bisection.Commit) bool { return c.ID == answer.Suspects[0].Commits[0].ID })
	if at < 1 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, causeLimit)
	defer cancel()
	key, bench := answer.Target.Key(), b.bench(answer.Target)
	want := culprit.Want{Key: key}
	for _, r := range answer.Rows {
		if r.Key() == key && r.Change != nil {
			want.Change = *r.Change
		}
	}
	err := b.measured.Revise(ctx, measure.Turn{
		Revisions: []measure.Revision{b.revision(baseline.Base, at-1), b.revision(baseline.Head, at)}, Bench: bench,
		Next: func(baseline.Log) []baseline.Want { return nil }, Budget: causeLimit,
	})
	var found causes
	if err == nil {
		found, err = b.blame(ctx, baseline.Base, []culprit.Want{want})
	}
	if err != nil {
		b.note("warning: the place in the commit was not found: %v", err)
		return nil
	}
	if cause := found[key]; cause.File != "" || len(cause.Grown) > 0 {
		return b.write(s.Locate(cause))
	}
	return nil
}

// intoMerge begins a search of the branch that a merge brought in, where it is one that was found.
func (b *bisector) intoMerge(ctx context.Context) (begun bool, err error) {
	s := b.current()
	answer := s.Answer(b.decided)
	if answer.Outcome != bisection.Found {
		return false, nil
	}
	merge := answer.Suspects[0].Commits[0]
	if len(merge.Parents) < 2 {
		return false, nil
	}
	tip := merge.Parents[1]
	fork := b.in.Fork(ctx, merge.Parents[0], tip)
	if fork == "" || fork == tip {
		return false, nil
	}
	commits, err := commitsOf(ctx, b.in, fork, tip)
	if err != nil {
		return false, err
	}
	inner, text := bisection.Begin(bisection.Range{
		Good: figure.Commit(fork), Bad: figure.Commit(tip), Bench: b.bench(answer.Target), Unit: s.Unit, Effect: s.Effect, Merge: merge.ID,
	}, commits)
	b.note("%s is a merge of %s", figure.Commit(merge.ID), figure.Counted(len(commits)-1, "commit"))
	b.all = append(b.all, inner)
	return true, b.write(text)
}
