package measure

import (
	"context"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/baseline/machine"
)

// round runs one process and appends its block to the log. What a benchmark
// prints besides results and units stays out: it is not data, and a stray
// "key: value" line would split every table that benchstat makes.
func (m *measurement) round(ctx context.Context, s slot) error {
	e := s.entry
	got := reading{entry: e}
	watch := machine.Start()
	out, late := m.exec(ctx, e.targets[s.side], false, got.line)
	if out.canceled || late {
		return nil
	}
	load := watch.Stop(out.cpu)
	m.res.Processes++
	m.rounds++
	m.took(e, out.wall)
	if err := m.units(got.units); err != nil {
		return err
	}
	why := out.failure
	switch {
	case why != "":
	case got.skipped != "":
		why = "skipped itself: " + got.skipped
	case len(got.results) == 0 && got.broken != "":
		why = "broken result line: " + got.broken
	case len(got.results) == 0:
		why = "printed no result"
	}
	if why != "" {
		m.res.Failed++
		e.fail(s.side)
		return m.log.write(ingest.Failed(s.side, e.key, why))
	}
	e.rounds[s.side]++
	text := ingest.Block(s.side, e.rounds[s.side], e.key.Package, got.results) + ingest.Load(load)
	if why := machine.Disturbed(load); why != "" {
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

func (r *reading) line(text string) {
	trimmed := strings.TrimSpace(text)
	switch {
	case unitLine(text):
		r.units = append(r.units, text)
		return
	case logLine.MatchString(trimmed):
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
		text = salvage(text, want)
	}
	p, ok, broken := parseLine(text)
	if !whole && p.name != r.entry.key.Name {
		return
	}
	switch {
	case ok, whole && broken: // a reader of the log will say which one is broken
		r.results = append(r.results, text)
	case broken:
		r.broken = ingest.OneLine(text)
	}
}
