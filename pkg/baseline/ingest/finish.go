package ingest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// finish makes the Log of what a part has collected, once all of it is known.
func (p *part) finish() baseline.Log {
	for _, r := range p.runs {
		r.sorted = r.all()
	}
	p.nameUnits()
	for _, r := range p.runs {
		for _, b := range r.sorted {
			r.run.Samples = b.own(r.run.Samples)
		}
		p.log.Runs = append(p.log.Runs, r.run)
	}
	p.log.Procs = procs(p.log.Runs)
	p.units()
	p.belowZero()
	p.badValues()
	p.brokenLines()
	p.silent()
	p.uneven()
	p.cutOff()
	p.disturb.tell(p)
	if p.more > 0 {
		p.log.Problems = append(p.log.Problems, baseline.Problem{File: p.file, Kind: baseline.MoreProblems, Count: p.more})
	}
	h := p.parse()
	p.log.Procedure, p.log.Seed, p.log.Bench, p.log.AnchorRef = baseline.Procedure(h.Procedure), h.Seed, h.Bench, h.Anchor.Ref
	return p.log
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
func (p *part) nameUnits() {
	clashes := map[baseline.Key]bool{}
	p.each(func(_ *run, b *benchmark) {
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
	p.each(func(_ *run, b *benchmark) {
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
func (p *part) each(do func(*run, *benchmark)) {
	for _, r := range p.runs {
		for _, b := range r.sorted {
			do(r, b)
		}
	}
}

// judged reports whether a unit has a better side.
func (p *part) judged(unit string) bool {
	return p.describe(unit).Direction != baseline.Neutral
}

// belowZero takes negative values out of series that are judged: they have no
// relative change. Of a neutral unit they are as good as any.
func (p *part) belowZero() {
	for i := range p.log.Runs {
		r := &p.log.Runs[i]
		for j := range r.Samples {
			s := &r.Samples[j]
			if slices.Min(s.Values) >= 0 || !p.judged(s.Unit) {
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

// badValues tells of values that are no numbers, or below zero: they matter where
// their unit is judged.
func (p *part) badValues() {
	for _, bad := range p.bad {
		if p.judged(bad.Unit) {
			p.report(bad)
		} else if bad.Detail[0] != '-' || strings.HasPrefix(bad.Detail, "-Inf") {
			p.warn(baseline.Warning{Kind: baseline.BadMetric, File: bad.File, Line: bad.Line, Name: bad.Name, Detail: bad.Detail})
		}
	}
}

// brokenLines takes back problems of lines that do not name a benchmark as this
// run prints its name: a log line says "BenchmarkA 3 rows" where results say A-8.
func (p *part) brokenLines() {
	if !slices.ContainsFunc(p.log.Problems, func(problem baseline.Problem) bool { return problem.Kind == baseline.BrokenLine }) {
		return
	}
	names := map[baseline.Function]bool{}
	p.each(func(r *run, b *benchmark) {
		if bare, n := p.log.Procs.Split(b.name); n > 1 && !slices.Contains(p.log.Procs, 1) {
			names[baseline.Function{Package: b.pkg, Name: bare}] = true
		}
	})
	p.log.Problems = slices.DeleteFunc(p.log.Problems, func(problem baseline.Problem) bool {
		if problem.Kind != baseline.BrokenLine || !names[baseline.Function{Package: problem.Package, Name: problem.Name}] {
			return false
		}
		p.warn(baseline.Warning{Kind: baseline.NotAResult, File: problem.File, Line: problem.Line, Detail: problem.Detail, Count: 1})
		return true
	})
}

// silent tells of benchmarks that printed a line and not the metric that another
// run has, of those without any metric, and of names that no result followed.
func (p *part) silent() {
	p.each(func(r *run, b *benchmark) {
		any := len(b.samples) > 0
		for _, other := range p.runs {
			if other == r {
				continue
			}
			o := other.benchmarks[b.pkg][b.name]
			if o == nil {
				continue
			}
			any = any || len(o.samples) > 0
			for _, s := range o.samples {
				if !b.has(s.Unit) && p.judged(s.Unit) && (r.side.Judged() || len(b.samples) == 0) {
					p.report(baseline.Problem{
						File: p.file, Line: b.line, Side: r.side, Package: b.pkg, Name: b.name, Unit: s.Unit,
						Kind: baseline.NoMetric, Of: s.Unit,
					})
				}
			}
		}
		if !any {
			p.warn(baseline.Warning{Kind: baseline.Unmeasured, File: p.file, Line: b.line, Side: r.side, Name: b.name})
		}
	})
	keys := make([]baseline.Key, 0, len(p.lones))
	for key := range p.lones {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, baseline.Key.Compare)
	for _, key := range keys {
		if !p.followed(key) {
			p.warn(baseline.Warning{Kind: baseline.NoneFollowed, File: p.file, Line: p.lones[key], Name: key.Name})
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

// announced notes a line with a name alone that no numbers followed: that of a
// benchmark with sub-benchmarks, or of one whose result is lost.
func (p *part) announced(s started) {
	const most = 1000
	if p.lones == nil {
		p.lones = map[baseline.Key]int{}
	}
	if key := (baseline.Key{Package: p.pkg, Name: s.name}); len(p.lones) < most && p.lones[key] == 0 {
		p.lones[key] = p.number(s.line)
	}
}

// followed reports whether a name alone has a result, or one of a sub-benchmark.
func (p *part) followed(key baseline.Key) (yes bool) {
	p.each(func(_ *run, b *benchmark) {
		bare, _ := baseline.SplitProcs(b.name)
		yes = yes || b.name == key.Name || bare == key.Name || strings.HasPrefix(b.name, key.Name+"/")
	})
	return yes || slices.ContainsFunc(p.log.Problems, func(problem baseline.Problem) bool {
		return problem.Name == key.Name || strings.HasPrefix(problem.Name, key.Name+"/")
	})
}

// uneven tells of benchmarks that one side printed more often than the other: a
// line was lost, or came twice.
func (p *part) uneven() {
	if p.regress {
		return
	}
	var first baseline.Warning
	for _, r := range p.runs {
		if !r.side.Judged() {
			continue
		}
		i := slices.IndexFunc(p.runs, func(o *run) bool { return o.side == baseline.Base && o.key == r.key })
		if i < 0 {
			continue
		}
		for _, head := range r.sorted {
			base := p.runs[i].benchmarks[head.pkg][head.name]
			if base == nil || base.lines == head.lines {
				continue
			}
			if first.Count++; first.Count == 1 {
				first = baseline.Warning{
					Kind: baseline.Uneven, File: p.file, Line: head.line, Name: head.name,
					Detail: strconv.Itoa(head.lines), Other: strconv.Itoa(base.lines), Count: 1,
				}
			}
		}
	}
	if first.Count > 0 {
		p.warn(first)
	}
}

// cutOff tells of a text that seems to be cut.
func (p *part) cutOff() {
	if p.again.Kind != "" && p.unnamed() {
		p.warn(p.again)
	}
	if p.regress {
		return
	}
	if p.last != nil {
		p.warn(baseline.Warning{Kind: baseline.Torn, File: p.file, Line: p.number(p.line), Detail: string(clip(p.last))})
	} else if p.ended && p.open {
		p.warn(baseline.Warning{Kind: baseline.NoEnd, File: p.file, Line: p.number(p.line)})
	}
}

// unnamed reports whether there are results without a package.
func (p *part) unnamed() bool {
	return slices.ContainsFunc(p.runs, func(r *run) bool { return len(r.benchmarks[""]) > 0 })
}
