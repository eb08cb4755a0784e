package measure

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/baseline/machine"
)

// measurement is one Run of a Session.
type measurement struct {
	*Session
	log   logbook
	plan  plan
	cpus  []int // on which processes can be pinned; none: they cannot
	purse purse

	relinker relinker
	skips    int // benchmarks that skip themselves
	stopped  string
}

// Run measures and writes the log. Only a log that cannot be written, or does not fit one that is
// gone on from, is an error, and ErrNothing: crashes and time-outs are marks in the log, and the
// end of the budget or of ctx is Result.Stopped.
func (s *Session) Run(ctx context.Context) (Result, error) {
	m := &measurement{
		Session: s, log: logbook{out: s.o.Log},
		plan:  plan{seed: s.o.Seed, entries: map[baseline.Key]*entry{}, all: s.o.All, least: s.o.Rounds, paired: s.o.Next != nil, counts: s.counter() != ""},
		cpus:  suite.Processors(),
		purse: purse{budget: s.o.Budget, timeout: s.o.Timeout, benchtime: s.o.Benchtime, paired: s.o.Next != nil, begin: time.Now()},
	}
	for _, r := range s.revisions {
		m.plan.sides = append(m.plan.sides, r.Side)
	}
	err := m.measure(ctx)
	s.entries = m.plan.entries
	return Result{Facts: s.facts, Text: m.log.text.Bytes(), Seed: s.o.Seed, Stopped: m.stopped}, err
}

// measure writes the log: header, discovery, rounds.
func (m *measurement) measure(ctx context.Context) error {
	env, warnings := machine.Environment(ctx)
	env.SuiteFlags = "-benchtime=" + m.o.Benchtime
	if m.plan.paired { // a value is one of several slices, often on one processor
		env.SuiteFlags += " -slice=" + sliceTime.String()
	}
	env.GoVersion, env.Counter = m.judged().Version, m.counter()
	begun := m.header(env)
	if len(m.resumed) > 0 {
		if err := m.sameMachine(env); err != nil {
			return err
		}
		begun = string(m.resumed)
	}
	if err := m.log.write(begun); err != nil {
		return err
	}
	for _, w := range slices.Concat(m.warnings, warnings) {
		if err := m.log.once(ingest.Warning(w)); err != nil {
			return err
		}
	}
	if err := m.survey(ctx); err != nil {
		return err
	}
	if err := m.compareSources(ctx); err != nil {
		return err
	}
	stopped, err := m.loop(ctx)
	if err == nil && stopped == "" {
		stopped, err = m.spare(ctx)
	}
	if err != nil {
		return err
	}
	if now, _ := machine.Environment(ctx); ctx.Err() == nil && now.Fingerprint() != env.Fingerprint() {
		err := m.fail(baseline.None, baseline.Key{}, fmt.Sprintf("the machine has changed while measuring, from %s with %d cores to %s with %d: measure again",
			env.CPU, env.Cores, now.CPU, now.Cores))
		if err != nil {
			return err
		}
	}
	return m.finish(stopped)
}

// survey learns the names of all benchmarks of all sides.
func (m *measurement) survey(ctx context.Context) error {
	d := discovery{measurement: m}
	if err := d.run(ctx); err != nil {
		return err
	}
	judged := m.judged().Side
	for key, e := range m.plan.entries {
		for _, other := range m.others()[min(1, len(m.others())):] { // what the head does not have has not crept
			if _, has := e.targets[judged]; !has {
				delete(e.targets, other.Side)
			}
		}
		if len(e.targets) == 0 {
			delete(m.plan.entries, key)
		}
	}
	if len(m.plan.entries) == 0 && m.log.troubles == 0 && ctx.Err() == nil && m.o.Shards.Of == 0 {
		if m.skips > 0 {
			return fmt.Errorf("%w: every benchmark skips itself; see the warnings in the log", ErrNothing)
		}
		return fmt.Errorf("%w: no benchmark matches %q; `go test -list Benchmark %s` shows what there is",
			ErrNothing, m.o.Bench, strings.Join(m.o.Packages, " "))
	}
	return m.recount()
}

// compareSources marks what is proven to be the same on two sides, and which benchmarks are not
// the same themselves. What is the same at the first of the other sides is not run; what is the
// same at another needs no round of it.
func (m *measurement) compareSources(ctx context.Context) error {
	if len(m.o.Command) > 0 || ctx.Err() != nil {
		return nil
	}
	for i, other := range m.others() {
		proven, err := m.proven(ctx, other)
		if err != nil {
			return err
		}
		for _, key := range slices.SortedFunc(maps.Keys(m.plan.entries), baseline.Key.Compare) {
			e := m.plan.entries[key]
			_, has := e.targets[other.Side]
			if _, both := e.targets[m.judged().Side]; !proven[key.Package] || !has || !both {
				continue
			}
			switch {
			case i == 0:
				e.same = true
			case !m.o.All || len(m.o.Revisions) == 0: // who names revisions and wants all has a use for it
				delete(e.targets, other.Side)
			}
			if err := m.log.once(ingest.Same(other.Side, key, suite.SameWhy)); err != nil {
				return err
			}
		}
		edited, err := m.edited(other)
		if err != nil {
			return err
		}
		for _, f := range edited {
			if err := m.log.once(ingest.Edited(other.Side, f)); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish says what was left out, and why the measurement ended.
func (m *measurement) finish(stopped string) error {
	text := ""
	for _, key := range slices.SortedFunc(maps.Keys(m.plan.entries), baseline.Key.Compare) {
		e := m.plan.entries[key]
		if e.same && !m.o.All || e.broken {
			continue
		}
		for _, side := range m.plan.sides {
			if _, has := e.targets[side]; has && e.tried[side] == 0 {
				text += ingest.NotRun(side, key, stopped)
				break
			}
		}
	}
	if m.stopped = stopped; stopped != "" {
		text += ingest.Stopped(stopped)
	} else {
		text += m.silent()
	}
	return m.log.write(text)
}

// silent returns lines that name base and head where the log of a whole measurement has no round of
// them, so that a report can say what was compared.
func (m *measurement) silent() (text string) {
	for _, side := range m.plan.sides {
		line := ingest.Side(side)
		if (side == baseline.Base || side == baseline.Head) && !bytes.Contains(m.log.text.Bytes(), []byte("\n"+line)) {
			text += line
		}
	}
	return text
}

// fail records that key has no result on side.
func (m *measurement) fail(side baseline.Side, key baseline.Key, why string) error {
	m.giveUp(side, key)
	return m.log.failed(ingest.Failed(side, key, why))
}

// notRun records that the budget ended before key had a result on side.
func (m *measurement) notRun(side baseline.Side, key baseline.Key) error {
	m.giveUp(side, key)
	return m.log.failed(ingest.NotRun(side, key, m.purse.spent()))
}

// giveUp takes a benchmark out of the measurement. What fails at an older commit that need not
// build nobody can mend: there only the comparison with that one ends.
func (m *measurement) giveUp(side baseline.Side, key baseline.Key) {
	e := m.plan.entries[key]
	if e == nil {
		return
	}
	for _, one := range m.sides {
		if one.Side == side && one.Optional {
			delete(e.targets, side)
			return
		}
	}
	e.broken = true
}
