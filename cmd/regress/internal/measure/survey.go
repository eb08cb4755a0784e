package measure

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// entry is one benchmark. A command that runs its whole suite in one process
// has a single entry with an empty key.
type entry struct {
	key     baseline.Key // Unit empty
	run     string       // name by which testing selects it: with "Benchmark", without -procs
	targets map[baseline.Side]target
	rounds  map[baseline.Side]int
	nsPerOp float64       // of one iteration, from the survey
	spent   time.Duration // of all its processes
	ran     int           // processes
	broken  bool          // a process failed: not run again
	same    string        // why the code is the same on both sides; empty: it may differ
}

// fail takes a benchmark out of the measurement. What fails at the anchor nobody can
// mend: there only the comparison with the anchor ends.
func (e *entry) fail(side baseline.Side) {
	if side == baseline.Anchor {
		delete(e.targets, side)
		return
	}
	e.broken = true
}

// survey is what one process of the discovery saw.
type survey struct {
	begun   []string          // names that started, in order
	printed map[string]parsed // result lines by the name that printed them
	skipped map[string]string // name → reason
	failed  map[string]string // name → reason
	units   []string          // Unit lines
	logged  string            // last line logged by the benchmark that runs
}

func newSurvey() *survey {
	return &survey{printed: map[string]parsed{}, skipped: map[string]string{}, failed: map[string]string{}}
}

// current is the benchmark that runs.
func (s *survey) current() string {
	if len(s.begun) == 0 {
		return ""
	}
	return s.begun[len(s.begun)-1]
}

// line follows the output of -test.v=test2json.
func (s *survey) line(text string) {
	if name, ok := strings.CutPrefix(text, "=== RUN   "); ok {
		s.begun, s.logged = append(s.begun, name), ""
		return
	}
	if unitLine(text) {
		s.units = append(s.units, text)
		return
	}
	trimmed := strings.TrimSpace(text)
	for prefix, to := range map[string]map[string]string{"--- SKIP: ": s.skipped, "--- FAIL: ": s.failed} {
		if name, ok := strings.CutPrefix(trimmed, prefix); ok {
			if !slices.Contains(s.begun, name) {
				name, _ = splitProcs(name)
			}
			to[name] = cmp.Or(s.logged, "no reason given")
			s.logged = ""
			return
		}
	}
	if logLine.MatchString(trimmed) {
		s.logged = trimmed
		return
	}
	name := s.current()
	if p, ok, _ := parseLine(salvage(text, name)); ok && name != "" {
		s.printed[name] = p
	}
}

// leaf reports whether name has no sub-benchmarks.
func (s *survey) leaf(name string) bool {
	return !slices.ContainsFunc(s.begun, func(other string) bool { return strings.HasPrefix(other, name+"/") })
}

// salvage cuts off what a benchmark printed without a newline before its result line.
func salvage(text, name string) string {
	if i := strings.LastIndex(text, name); i > 0 && name != "" && !strings.HasPrefix(text, name) {
		return text[i:]
	}
	return text
}

// unitLine recognizes unit metadata: "Unit p95-latency-ns better=lower".
func unitLine(text string) bool {
	fields := strings.Fields(text)
	if len(fields) < 3 || fields[0] != "Unit" {
		return false
	}
	return !slices.ContainsFunc(fields[2:], func(f string) bool { return !strings.Contains(f, "=") })
}

// discover learns the names of all benchmarks of a package on one side. A crash
// costs the benchmark that ran, and another process for those that had not begun.
func (m *measurement) discover(ctx context.Context, s *suite, p *pkg) error {
	match, err := functionLevel(m.o.Bench)
	if err != nil {
		return err
	}
	waiting := slices.DeleteFunc(slices.Clone(p.functions), func(f string) bool { return !match.MatchString(f) })
	var done []string
	for len(waiting) > 0 && ctx.Err() == nil {
		if m.o.Budget > 0 && m.left() <= 0 {
			return m.unreached(s, p, waiting)
		}
		seen := newSurvey()
		t := target{dir: p.dir, argv: []string{
			p.binary, "-test.run=^$", "-test.bench=" + m.o.Bench, "-test.benchtime=1x", "-test.count=1", "-test.v=test2json",
		}}
		if skip := without(done); skip != "" {
			t.argv = append(t.argv, "-test.skip="+skip)
		}
		out, late := m.exec(ctx, t, true, seen.line)
		if out.canceled {
			return nil
		}
		if err := m.adopt(s, p, seen, out, late); err != nil {
			return err
		}
		rest := slices.DeleteFunc(slices.Clone(waiting), func(f string) bool { return slices.Contains(seen.begun, f) })
		if len(rest) == len(waiting) || out.failure == "" {
			if late {
				return m.unreached(s, p, rest)
			}
			return m.unstarted(s, p, rest, cmp.Or(out.failure, "never started; does TestMain run m.Run, and does the process end well?"))
		}
		done = slices.DeleteFunc(slices.Clone(p.functions), func(f string) bool { return slices.Contains(rest, f) })
		waiting = rest
	}
	return nil
}

// unstarted notes the functions that no process has begun with.
func (m *measurement) unstarted(s *suite, p *pkg, functions []string, why string) error {
	for _, f := range functions {
		if err := m.fail(s.side, baseline.Key{Package: p.path, Name: f}, why); err != nil {
			return err
		}
	}
	return nil
}

// unreached notes the functions that the budget has not reached.
func (m *measurement) unreached(s *suite, p *pkg, functions []string) error {
	for _, f := range functions {
		if err := m.notRun(s.side, baseline.Key{Package: p.path, Name: f}); err != nil {
			return err
		}
	}
	return nil
}

// adopt takes over what one process of the discovery saw.
func (m *measurement) adopt(s *suite, p *pkg, seen *survey, out outcome, late bool) error {
	if err := m.units(seen.units); err != nil {
		return err
	}
	procs := seen.procs()
	for _, name := range seen.begun {
		if !seen.leaf(name) && (seen.failed[name] == "" || seen.failedBelow(name)) {
			continue // its sub-benchmarks say everything
		}
		// A function that failed before it could say whether it has
		// sub-benchmarks goes by its own name, a sub-benchmark by the name that it would have printed.
		key := baseline.Key{Package: p.path, Name: name}
		if strings.Contains(name, "/") {
			key.Name = strings.TrimPrefix(name, "Benchmark") + procs
		}
		var err error
		line, printed := seen.printed[name]
		switch {
		case seen.failed[name] != "":
			err = m.fail(s.side, key, seen.failed[name])
		case seen.skipped[name] != "":
			m.skips++
			err = m.once(ingest.Warning(fmt.Sprintf("%s of %s skips itself on the %s: %s", name, p.path, s.label(), seen.skipped[name])))
		case printed:
			key.Name = line.name
			m.add(s, p, key, name, line.nsPerOp)
		case late && name == seen.current():
			err = m.notRun(s.side, key)
		case out.failure != "" && name == seen.current():
			err = m.fail(s.side, key, out.failure)
		case deep(m.o.Bench):
			// The pattern selects none of its sub-benchmarks.
		default:
			err = m.fail(s.side, key, "printed no result")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// procs is the suffix of printed names, "-2" or nothing.
func (s *survey) procs() string {
	for name, line := range s.printed {
		return strings.TrimPrefix(line.name, strings.TrimPrefix(name, "Benchmark"))
	}
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return "-" + strconv.Itoa(n)
	}
	return ""
}

func (s *survey) failedBelow(name string) bool {
	for other := range s.failed {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

// add notes that side s has the benchmark.
func (m *measurement) add(s *suite, p *pkg, key baseline.Key, run string, nsPerOp float64) {
	e := m.entries[key]
	if e == nil {
		e = &entry{key: key, run: run, targets: map[baseline.Side]target{}, rounds: map[baseline.Side]int{}}
		m.entries[key] = e
	}
	e.nsPerOp = max(e.nsPerOp, nsPerOp)
	// -test.v has testing print the name again in front of the numbers, so that
	// what a benchmark prints meanwhile does not tear its line apart; test2json
	// marks where a frame begins. Note: -test.timeout is no use here, testing
	// switches its alarm off before benchmarks.
	e.targets[s.side] = target{dir: p.dir, argv: []string{
		p.binary, "-test.run=^$", "-test.bench=" + exactly(run), "-test.benchtime=" + m.o.Benchtime,
		"-test.count=1", "-test.benchmem", "-test.v=test2json",
	}}
}
