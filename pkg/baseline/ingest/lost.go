package ingest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// What the finisher tells of results that are not there, or not as many as there should be.

// badValues tells of values that are no numbers, or below zero: they matter where
// their unit is judged.
func (e *finisher) badValues() {
	for _, bad := range e.collector.bad {
		if e.units.judged(bad.Unit) {
			e.report(bad)
		} else if bad.Detail[0] != '-' || strings.HasPrefix(bad.Detail, "-Inf") {
			e.warn(baseline.Warning{Kind: baseline.BadMetric, File: bad.File, Line: bad.Line, Name: bad.Name, Detail: bad.Detail})
		}
	}
}

// brokenLines takes back problems of lines that do not name a benchmark as this
// run prints its name: a log line says "BenchmarkA 3 rows" where results say A-8.
func (e *finisher) brokenLines() {
	if !slices.ContainsFunc(e.problems, func(problem baseline.Problem) bool { return problem.Kind == baseline.BrokenLine }) {
		return
	}
	names := map[baseline.Function]bool{}
	e.each(func(r *run, b *benchmark) {
		if bare, n := e.log.Procs.Split(b.name); n > 1 && !slices.Contains(e.log.Procs, 1) {
			names[baseline.Function{Package: b.pkg, Name: bare}] = true
		}
	})
	e.takeBack(0, func(problem baseline.Problem) bool {
		if problem.Kind != baseline.BrokenLine || !names[baseline.Function{Package: problem.Package, Name: problem.Name}] {
			return false
		}
		e.warn(baseline.Warning{Kind: baseline.NotAResult, File: problem.File, Line: problem.Line, Detail: problem.Detail, Count: 1})
		return true
	})
}

// silent tells of benchmarks that printed a line and not the metric that another
// run has, and of those without any metric. What was not counted is no metric that is lost.
func (e *finisher) silent() {
	e.each(func(r *run, b *benchmark) {
		any := len(b.samples) > 0
		for _, other := range e.collector.runs {
			if other == r {
				continue
			}
			o := other.benchmarks[b.pkg][b.name]
			if o == nil {
				continue
			}
			any = any || len(o.samples) > 0
			for _, s := range o.samples {
				if !b.has(s.Unit) && e.units.judged(s.Unit) && !baseline.Counted(s.Unit) && (r.side.Judged() || len(b.samples) == 0) {
					e.report(baseline.Problem{
						File: e.file, Line: b.line, Side: r.side, Package: b.pkg, Name: b.name, Unit: s.Unit,
						Kind: baseline.NoMetric, Of: s.Unit,
					})
				}
			}
		}
		if !any {
			e.warn(baseline.Warning{Kind: baseline.Unmeasured, File: e.file, Line: b.line, Side: r.side, Name: b.name})
		}
	})
}

// unfollowed tells of names alone that no result followed.
func (e *finisher) unfollowed() {
	keys := make([]baseline.Key, 0, len(e.process.lones))
	for key := range e.process.lones {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, baseline.Key.Compare)
	for _, key := range keys {
		if !e.followed(key) {
			e.warn(baseline.Warning{Kind: baseline.NoneFollowed, File: e.file, Line: e.process.lones[key], Name: key.Name})
		}
	}
}

// has reports whether a benchmark has values of a unit.
func (b *benchmark) has(unit string) bool {
	for i := range b.samples {
		if b.samples[i].Unit == unit {
			return true
		}
	}
	return false
}

// followed reports whether a name alone has a result, or one of a sub-benchmark.
func (e *finisher) followed(key baseline.Key) (yes bool) {
	e.each(func(_ *run, b *benchmark) {
		bare, _ := baseline.SplitProcs(b.name)
		yes = yes || b.name == key.Name || bare == key.Name || strings.HasPrefix(b.name, key.Name+"/")
	})
	return yes || slices.ContainsFunc(e.problems, func(problem baseline.Problem) bool {
		return problem.Name == key.Name || strings.HasPrefix(problem.Name, key.Name+"/")
	})
}

// uneven tells of benchmarks that one side printed more often than the other: a
// line was lost, or came twice.
func (e *finisher) uneven() {
	if e.regress {
		return
	}
	var first baseline.Warning
	for _, r := range e.collector.runs {
		if !r.side.Judged() {
			continue
		}
		i := slices.IndexFunc(e.collector.runs, func(o *run) bool { return o.side == baseline.Base && o.key == r.key })
		if i < 0 {
			continue
		}
		for _, head := range r.sorted {
			base := e.collector.runs[i].benchmarks[head.pkg][head.name]
			if base == nil || base.lines == head.lines {
				continue
			}
			if first.Count++; first.Count == 1 {
				first = baseline.Warning{
					Kind: baseline.Uneven, File: e.file, Line: head.line, Name: head.name,
					Detail: strconv.Itoa(head.lines), Other: strconv.Itoa(base.lines), Count: 1,
				}
			}
		}
	}
	if first.Count > 0 {
		e.warn(first)
	}
}

// cutOff tells of a text that seems to be cut.
func (e *finisher) cutOff() {
	if e.collector.again.Kind != "" && e.unnamed() {
		e.warn(e.collector.again)
	}
	if e.regress {
		return
	}
	if e.last != nil {
		e.warn(baseline.Warning{Kind: baseline.Torn, File: e.file, Line: e.number(e.line), Detail: string(clip(e.last))})
	} else if e.process.spoken && e.open {
		e.warn(baseline.Warning{Kind: baseline.NoEnd, File: e.file, Line: e.number(e.line)})
	}
}

// unnamed reports whether there are results without a package.
func (e *finisher) unnamed() bool {
	return slices.ContainsFunc(e.collector.runs, func(r *run) bool { return len(r.benchmarks[""]) > 0 })
}
