package measure

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// countAllowed returns how long a process may take under an emulator that takes native on its own:
// up to 60 times as long, and five seconds to begin. A test makes it shorter.
var countAllowed = func(native time.Duration) time.Duration { return 60*native + 5*time.Second }

// countAgain is how much longer a process may take that was ended while it had a processor for less
// than half of its time: beside a load of 28 half a second of work took more than eight.
const countAgain = 4

// counter returns the name of what counts; empty: nothing does. A command has no binary of which it
// would be known where its timer runs.
func (s *Session) counter() string {
	if s.o.Counter == nil || len(s.o.Command) > 0 {
		return ""
	}
	return s.o.Counter.Name()
}

// tally is one process that is counted.
type tally struct {
	entry  *entry
	side   baseline.Side
	target suite.Target
	probe  CountProbe
	got    reading
	out    suite.Outcome
}

// count counts the processes of some turns at the same time and appends a block of each to the log.
// It returns what each was of. What cannot be counted is no problem, since it can be timed: a mark
// says why.
func (m *measurement) count(ctx context.Context, turns []turn, p Progress) (did []*entry, err error) {
	var all []*tally
	for _, t := range turns {
		if m.runnable(t) == 0 {
			continue
		}
		if ready, err := m.prepared(ctx, t, p); err != nil {
			return nil, err
		} else if !ready || ctx.Err() != nil {
			continue
		}
		one, err := m.tally(t)
		if err != nil {
			return nil, err
		}
		if one != nil {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	m.tell(p, all[0].side, all[0].entry.counted[all[0].side]+1)
	began := time.Now()
	var wait sync.WaitGroup
	for _, one := range all {
		wait.Go(func() { m.run(ctx, one) })
	}
	wait.Wait()
	m.purse.counting += time.Since(began)
	for _, one := range all {
		if one.out.Canceled || one.out.Killed > 0 && m.purse.empty() {
			continue
		}
		m.purse.counted++
		if err := m.keep(one); err != nil {
			return did, err
		}
		did = append(did, one.entry)
	}
	return did, nil
}

// tally returns what is to be run of a turn; nil: it cannot be counted, which the log says.
func (m *measurement) tally(t turn) (*tally, error) {
	e, side := t.entry, t.sides[0]
	switch {
	case !m.runs(e, side) || e.uncountable:
		return nil, nil
	case e.method.Counted == 0:
		return nil, m.uncountable(e, "one iteration, or what it needs before, takes too long")
	}
	target := m.target(e, side, strconv.Itoa(e.method.Counted)+"x", 1, oneProc)
	probe, err := m.o.Counter.Probe(target.Argv[0])
	if err != nil {
		return nil, m.uncountable(e, err.Error())
	}
	return &tally{entry: e, side: side, target: target, probe: probe}, nil
}

// run runs a process under the counter. It does not touch what others that run now touch.
func (m *measurement) run(ctx context.Context, one *tally) {
	allowed := countAllowed(max(one.entry.cost, m.purse.expect(one.entry)))
	again := false
	for {
		one.got = reading{entry: one.entry, bare: true}
		limit := suite.Limit{Of: func() time.Duration { return min(allowed, m.purse.limit()) }}
		one.out = m.side(one.side).Runner.Run(ctx, one.target, limit, one.got.line, one.probe)
		if again || one.out.Killed == 0 || one.out.Used.CPU() >= one.out.Wall/2 || m.purse.empty() {
			return
		}
		allowed *= countAgain
		again = true
	}
}

// keep appends the block of what was counted, or the mark of why it was not, to the log.
func (m *measurement) keep(one *tally) error {
	e := one.entry
	if e.uncountable {
		return nil
	}
	if why := one.got.failure(one.out); why != "" {
		return m.uncountable(e, why)
	}
	instructions, calls, err := one.probe.Result()
	if err != nil {
		return m.uncountable(e, err.Error())
	}
	n, err := strconv.ParseFloat(strings.Fields(one.got.results[len(one.got.results)-1])[1], 64)
	if err != nil || n < 1 || instructions == 0 {
		return m.uncountable(e, fmt.Sprintf("%d instructions in %g iterations", instructions, n))
	}
	line := fmt.Sprintf("Benchmark%s %.0f %s %s", e.key.Name, n, each(instructions, n), baseline.Instructions)
	if calls > 0 {
		line += " " + each(calls, n) + " " + baseline.Syscalls
	}
	if err := m.log.units([]string{"Unit " + baseline.Instructions + " better=lower"}); err != nil {
		return err
	}
	e.counted[one.side]++
	m.plan.rounds++
	return m.log.write(ingest.Block(one.side, e.counted[one.side], e.key.Package, []string{line}))
}

// iterations chooses how many of each benchmark are counted in one process, of those of which
// there is no count yet, by the fastest that was timed: the few that calibration has seen are slow
// on a busy machine, and so few iterations have another mean. From session to session they must be
// alike.
func (m *measurement) iterations(log baseline.Log, inc increment) error {
	fastest := map[baseline.Key]float64{} // in seconds
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			if key := s.Benchmark(); s.Unit == "sec/op" && len(s.Values) > 0 {
				least := slices.Min(s.Values)
				if op, known := fastest[key]; !known || least < op {
					fastest[key] = least
				}
			}
		}
	}
	for _, it := range slices.SortedFunc(maps.Keys(inc), func(a, b job) int { return a.entry.key.Compare(b.entry.key) }) {
		e, by := it.entry, it.entry.method
		op, known := fastest[e.key]
		if !known || len(e.counted) > 0 || by.Slices > 0 && by.Counted == 0 {
			continue
		}
		by.Slices = max(by.Slices, 1)
		if by.Counted = counting(max(1, op*1e9), 0); by == e.method {
			continue
		}
		e.method = by
		if err := m.log.write(by.Mark(e.key)); err != nil {
			return err
		}
	}
	return nil
}

// each returns the part of one iteration, as a result line has it.
func each(all uint64, iterations float64) string {
	const digits = 1e4 // behind the point
	return strconv.FormatFloat(math.Round(float64(all)/iterations*digits)/digits, 'f', -1, 64)
}

// uncountable records why a benchmark is not counted any more.
func (m *measurement) uncountable(e *entry, why string) error {
	e.uncountable = true
	return m.log.write(ingest.Uncounted(e.key, why))
}

// bare returns the name that testing prints where GOMAXPROCS is 1.
func (e *entry) bare() string { return strings.TrimPrefix(e.run, "Benchmark") }
