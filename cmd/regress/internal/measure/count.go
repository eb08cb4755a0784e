package measure

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
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

// count runs one process of a turn under the counter and appends its block to the log. What cannot
// be counted is no problem, since it can be timed: a mark says why.
func (m *measurement) count(ctx context.Context, t turn, side baseline.Side, number int) error {
	e := t.entry
	if e.method.Counted == 0 {
		return m.uncountable(e, "one iteration, or what it needs before, takes too long")
	}
	target := m.target(e, side, strconv.Itoa(e.method.Counted)+"x", 1, oneProc)
	probe, err := m.o.Counter.Probe(target.Argv[0])
	if err != nil {
		return m.uncountable(e, err.Error())
	}
	allowed := countAllowed(max(e.cost, m.purse.expect(e)))
	run := func() (reading, suite.Outcome) {
		got := reading{entry: e, bare: true}
		out := m.side(side).Runner.Run(ctx, target, suite.Limit{Of: func() time.Duration { return min(allowed, m.purse.limit()) }}, got.line, probe)
		m.purse.counting += out.Wall
		return got, out
	}
	got, out := run()
	if out.Killed > 0 && out.Used.CPU() < out.Wall/2 && !m.purse.empty() {
		allowed *= countAgain
		got, out = run()
	}
	if out.Canceled || m.purse.empty() {
		return nil
	}
	m.purse.counted++
	if why := got.failure(out); why != "" {
		return m.uncountable(e, why)
	}
	instructions, calls, err := probe.Result()
	if err != nil {
		return m.uncountable(e, err.Error())
	}
	n, err := strconv.ParseFloat(strings.Fields(got.results[len(got.results)-1])[1], 64)
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
	e.counted[side] = number
	m.plan.rounds++
	return m.log.write(ingest.Block(side, number, e.key.Package, []string{line}))
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
