package ingest

import (
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// finisher makes the Log of what a part has collected, once all of it is known.
type finisher struct {
	*notes
	collector *collector
	process   *process
	units     *units
	log       baseline.Log
}

// finish returns the Log of a part that was read.
func (p *part) finish() baseline.Log {
	e := &finisher{notes: p.notes, collector: p.collector, process: p.process, units: p.units, log: p.marks.log}
	e.runs()
	e.describe()
	e.belowZero()
	e.badValues()
	e.brokenLines()
	e.silent()
	e.unfollowed()
	e.uneven()
	e.cutOff()
	p.marks.disturb.tell(p.notes)
	if p.more > 0 {
		p.problems = append(p.problems, baseline.Problem{File: p.file, Kind: baseline.MoreProblems, Count: p.more})
	}
	h, log := p.header.parse(), e.log
	log.Procedure, log.Seed, log.Bench, log.AnchorRef = baseline.Procedure(h.Procedure), h.Seed, h.Bench, h.Anchor.Ref
	log.Counter, log.Shards = h.Environment.Counter, h.Shards
	log.Problems, log.Warnings = p.problems, p.warnings
	return log
}

// runs makes the runs of the log.
func (e *finisher) runs() {
	for _, r := range e.collector.runs {
		r.sorted = r.all()
	}
	e.nameUnits()
	for _, r := range e.collector.runs {
		r.run.Samples = make([]baseline.Sample, 0, len(r.sorted)) // at least
		for _, b := range r.sorted {
			r.run.Samples = b.own(r.run.Samples)
		}
		e.log.Runs = append(e.log.Runs, r.run)
	}
	e.log.Procs = procs(e.log.Runs)
}

// describe notes direction and exactness of every unit that occurs.
func (e *finisher) describe() {
	for _, r := range e.log.Runs {
		for _, s := range r.Samples {
			if _, done := e.log.Units[s.Unit]; !done {
				e.log.Units[s.Unit] = e.units.describe(s.Unit)
			}
		}
	}
	for _, name := range sortedKeys(e.log.Units) {
		if e.log.Units[name].Direction == baseline.Neutral && name != baseline.Syscalls {
			e.warn(neutralWarning(name))
		}
	}
}

// all returns the benchmarks of a run in order of package and name.
func (r *run) all() []*benchmark {
	var out []*benchmark
	for _, pkg := range sortedKeys(r.benchmarks) {
		names := r.benchmarks[pkg]
		for _, name := range sortedKeys(names) {
			out = append(out, names[name])
		}
	}
	return out
}

// own appends the samples of a benchmark in order of unit.
func (b *benchmark) own(to []baseline.Sample) []baseline.Sample {
	first := len(to)
	for _, s := range b.samples {
		i := slices.IndexFunc(to[first:], func(have baseline.Sample) bool { return have.Unit == s.Unit })
		if i >= 0 {
			to[first+i] = together(to[first+i], s.Sample)
		} else {
			to = append(to, s.Sample)
		}
	}
	slices.SortFunc(to[first:], func(a, b baseline.Sample) int { return strings.Compare(a.Unit, b.Unit) })
	return to
}

// together joins two samples of one series, in order of round.
func together(a, b baseline.Sample) baseline.Sample {
	out := baseline.Sample{Key: a.Key}
	for i, j := 0, 0; i < len(a.Values) || j < len(b.Values); {
		if j == len(b.Values) || i < len(a.Values) && a.Rounds[i] <= b.Rounds[j] {
			out.Values, out.Rounds = append(out.Values, a.Values[i]), append(out.Rounds, a.Rounds[i])
			i++
		} else {
			out.Values, out.Rounds = append(out.Values, b.Values[j]), append(out.Rounds, b.Rounds[j])
			j++
		}
	}
	return out
}

// nameUnits lets two units of one line that have the same base unit, MB/s and
// B/s, be two series: what was printed in another unit keeps that name, and its
// values as printed, on all sides.
func (e *finisher) nameUnits() {
	clashes := map[baseline.Key]bool{}
	e.each(func(_ *run, b *benchmark) {
		for i, s := range b.samples {
			for _, o := range b.samples[:i] {
				if o.Unit == s.Unit && meet(o.Rounds, s.Rounds) {
					clashes[s.Key] = true
				}
			}
		}
	})
	if len(clashes) == 0 {
		return
	}
	e.each(func(_ *run, b *benchmark) {
		for i := range b.samples {
			s := &b.samples[i]
			if clashes[s.Key] && s.printed != s.Unit {
				_, factor := Tidy(s.printed)
				for j := range s.Values {
					s.Values[j] /= factor
				}
				s.Unit = s.printed
			}
		}
	})
}

// meet reports whether two lists in order share a number.
func meet(a, b []int) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}

// each calls do for every benchmark of every run, in order.
func (e *finisher) each(do func(*run, *benchmark)) {
	for _, r := range e.collector.runs {
		for _, b := range r.sorted {
			do(r, b)
		}
	}
}

// belowZero takes negative values out of series that are judged: they have no
// relative change. Of a neutral unit they are as good as any.
func (e *finisher) belowZero() {
	if len(e.collector.bad) == 0 {
		return // there is none
	}
	for i := range e.log.Runs {
		r := &e.log.Runs[i]
		for j := range r.Samples {
			s := &r.Samples[j]
			if slices.Min(s.Values) >= 0 || !e.units.judged(s.Unit) {
				continue
			}
			k := 0
			for l, v := range s.Values {
				if v >= 0 {
					s.Values[k], s.Rounds[k] = v, s.Rounds[l]
					k++
				}
			}
			s.Values, s.Rounds = s.Values[:k], s.Rounds[:k]
		}
		r.Samples = slices.DeleteFunc(r.Samples, func(s baseline.Sample) bool { return len(s.Values) == 0 })
	}
}

// procs returns the values of GOMAXPROCS that the names of all runs tell; nil
// when there is no name. A header that says 1 settles it.
func procs(runs []baseline.Run) baseline.Procs {
	out := baseline.Procs{}
	for _, run := range runs {
		var names []string
		for i, s := range run.Samples {
			if i == 0 || s.Benchmark() != run.Samples[i-1].Benchmark() {
				names = append(names, s.Name)
			}
		}
		switch {
		case len(names) == 0:
		case run.Environment.Procs == 1:
			out = out.Join(baseline.Procs{1})
		default:
			out = out.Join(baseline.ProcsOf(names))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
