package measure

import (
	"context"
	"os"
	"os/exec"
	"strings"

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

// round runs one process and appends its block to the log. What a benchmark
// prints besides results and units stays out: it is not data, and a stray
// "key: value" line would split every table that benchstat makes.
func (m *measurement) round(ctx context.Context, s slot) error {
	e := s.entry
	got := reading{entry: e}
	var around disturbance
	out := m.side(s.side).Runner.Run(ctx, e.targets[s.side], suite.Limit{Of: m.purse.limit}, got.line, &around)
	if out.Canceled || m.purse.late(out) {
		return nil
	}
	m.plan.rounds++
	e.tried[s.side]++
	m.purse.took(e, out.Wall)
	if err := m.log.units(got.units); err != nil {
		return err
	}
	if why := got.failure(out); why != "" {
		if out.Killed > 0 {
			e.hung++
		}
		if m.side(s.side).Optional || got.skipped != "" || e.hung >= mostHung {
			m.giveUp(s.side, e.key)
		}
		return m.log.write(ingest.Failed(s.side, e.key, why))
	}
	e.rounds[s.side]++
	text := ingest.Block(s.side, e.rounds[s.side], e.key.Package, got.results) + ingest.Load(around.load)
	if why := machine.Disturbed(around.load); why != "" {
		text += ingest.Disturbed(why)
	}
	return m.log.write(text)
}

// reading picks the results of one benchmark out of what its process prints.
type reading struct {
	entry   *entry
	pkg     string // last "pkg:" line
	results []string
	units   []string
	skipped string
	broken  string
	logged  string
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
	want := "Benchmark" + r.entry.key.Name
	if !whole {
		text = suite.Salvage(text, want)
	}
	p, ok, broken := suite.ParseLine(text)
	if !whole && p.Name != r.entry.key.Name {
		return
	}
	switch {
	case ok, whole && broken: // a reader of the log will say which one is broken
		r.results = append(r.results, text)
	case broken:
		r.broken = ingest.OneLine(text)
	}
}
