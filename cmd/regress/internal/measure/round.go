package measure

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/baseline/machine"
)

// mostHung is how many processes of one benchmark may run into the timeout before it is given up:
// one can be chance, as any failure can, and each costs the whole timeout.
const mostHung = 2

// disturbance is a suite.Probe that watches what else the machine does during a process.
type disturbance struct {
	suite.CPUTime
	watch *machine.Watch
	load  baseline.Load
}

func (d *disturbance) Before(cmd *exec.Cmd) { d.watch = machine.Start() }

func (d *disturbance) After(state *os.ProcessState) {
	d.CPUTime.After(state)
	d.load = d.watch.Stop(d.Used)
}

// round runs one process of a turn and appends its block to the log. What a benchmark
// prints besides results and units stays out: it is not data, and a stray
// "key: value" line would split every table that benchstat makes.
func (m *measurement) round(ctx context.Context, t turn, side baseline.Side, number int) error {
	e := t.entry
	got := reading{entry: e, bare: e.method.One, began: time.Now()}
	around := &disturbance{}
	probes := []suite.Probe{around}
	var env []string
	var pin *suite.Pin
	if e.method.One && len(m.cpus) > 0 {
		pin = m.pin(t.draw)
		probes, env = []suite.Probe{pin, around}, []string{oneProc}
	}
	long, count := benchtime(e.method, m.o.Benchtime)
	target := m.target(e, side, long, count, env...)
	if binary, shuffled := m.binary(t, side); shuffled {
		target.Argv = append([]string{binary}, target.Argv[1:]...)
	}
	out := m.side(side).Runner.Run(ctx, target, suite.Limit{Of: m.purse.limit}, got.line, probes...)
	if out.Canceled || m.purse.late(out) {
		return nil
	}
	m.plan.rounds++
	e.tried[side]++
	m.purse.took(e, out.Wall)
	if err := m.log.units(got.units); err != nil {
		return err
	}
	if pin != nil && pin.Err != nil {
		if err := m.log.once(ingest.Warning(fmt.Sprintf("processes move between processors, which adds noise: %v", pin.Err))); err != nil {
			return err
		}
	}
	if why := got.failure(out); why != "" {
		if out.Killed > 0 {
			e.hung++
		}
		if m.side(side).Optional || got.skipped != "" || e.hung >= mostHung {
			m.giveUp(side, e.key)
		}
		return m.log.write(ingest.Failed(side, e.key, why))
	}
	e.rounds[side]++
	e.last = max(e.last, number)
	text := ingest.Block(side, number, e.key.Package, got.results) + ingest.Load(around.load)
	if why := machine.Disturbed(around.load); why != "" {
		text += ingest.Disturbed(why)
	}
	return m.log.write(text)
}

// reading picks the results of one benchmark out of what its process prints.
type reading struct {
	entry   *entry
	bare    bool   // the process has GOMAXPROCS 1, which names do not tell: they get their suffix back
	pkg     string // last "pkg:" line
	results []string
	units   []string
	skipped string
	broken  string
	logged  string
	began   time.Time       // when the process did
	start   time.Duration   // from then until the benchmark began
	spans   []time.Duration // of each repetition, with what it does not time
}

// failure returns why a process gave no result; empty: it gave one.
func (r *reading) failure(out suite.Outcome) string {
	switch {
	case out.Failure != "":
		return out.Failure
	case r.skipped != "":
		return "skipped itself: " + r.skipped
	case len(r.results) == 0 && r.broken != "":
		return "broken result line: " + r.broken
	case len(r.results) == 0:
		return "printed no result"
	}
	return ""
}

func (r *reading) line(text string) {
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "=== RUN") && len(r.results) == 0:
		r.start = time.Since(r.began)
		return
	case suite.UnitLine(text):
		r.units = append(r.units, text)
		return
	case suite.LogLine.MatchString(trimmed):
		r.logged = trimmed
		return
	case strings.HasPrefix(trimmed, "--- SKIP: "):
		r.skipped = r.logged
		if r.skipped == "" {
			r.skipped = "no reason given"
		}
		return
	}
	whole := r.entry.key == baseline.Key{} // a command that runs its whole suite
	if path, ok := strings.CutPrefix(text, "pkg: "); ok && whole && path != r.pkg {
		r.pkg = path
		r.results = append(r.results, text)
		return
	}
	want := r.entry.key.Name
	if r.bare {
		want = r.entry.bare()
	}
	if !whole {
		text = suite.Salvage(text, "Benchmark"+want)
	}
	p, ok, broken := suite.ParseLine(text)
	if !whole && p.Name != want {
		return
	}
	if r.bare {
		text = "Benchmark" + r.entry.key.Name + strings.TrimPrefix(text, "Benchmark"+want)
	}
	switch {
	case ok, whole && broken: // a reader of the log will say which one is broken
		r.results = append(r.results, text)
		span := time.Since(r.began) - r.start
		for _, before := range r.spans {
			span -= before
		}
		r.spans = append(r.spans, span)
	case broken:
		r.broken = ingest.OneLine(text)
	}
}
