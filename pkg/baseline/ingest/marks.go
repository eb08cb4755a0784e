package ingest

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// lastRound is far above what anybody measures, and leaves room for Merge to number on.
const lastRound = 1_000_000

// buildErrors stands above the errors of a package that did not build; go test says
// FAIL of it below.
var buildErrors = regexp.MustCompile(`^# [\w.-]+(?:/\S+)+(?: \[\S+\])?$`)

// mark deals with a line that begins with '#'.
func (p *part) mark(line []byte) {
	key, rest, ok := cutMark(string(line))
	if !ok {
		p.open = p.open || buildErrors.Match(line)
		if !p.failedBehind(line) { // "##[error]FAIL	x [build failed]" begins so too
			p.took(ClassOutput, line)
		}
		return
	}
	p.took(ClassFact, line)
	if m := marks[key]; m.read != nil && !m.read(p, rest) {
		p.problem("", baseline.Problem{Kind: baseline.BrokenMark, Detail: string(clip(line)), Of: key.line(m.form)})
	}
}

func (p *part) nextRound(rest string) bool {
	p.closeBlock("")
	p.body = true
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 || n > lastRound {
		return false
	}
	p.round = n
	return true
}

func (p *part) same(rest string) bool       { return proof(&p.log.Same, rest) }
func (p *part) sameAnchor(rest string) bool { return proof(&p.log.SameAnchor, rest) }

// proof reads why the code of a benchmark is the same on two sides.
func proof(to *map[baseline.Key]string, rest string) bool {
	f := strings.SplitN(rest, " ", 3)
	if len(f) != 3 {
		return false
	}
	proven(to, map[baseline.Key]string{{Package: undash(f[0]), Name: strings.TrimPrefix(f[1], "Benchmark")}: f[2]})
	return true
}

func (p *part) warning(rest string) bool {
	p.warn(baseline.Warning{Kind: baseline.Noted, Detail: rest})
	return true
}

func (p *part) stopped(rest string) bool {
	p.log.Stopped = rest
	return true
}

func (p *part) cut(rest string) bool {
	p.problem("", baseline.Problem{Kind: baseline.LineLeftOut, Detail: rest})
	return true
}

func (p *part) disturbed(rest string) bool {
	p.disturb.note(p, rest)
	return true
}

// edited reads that the source of a benchmark is another one on a side than at the head.
func (p *part) edited(rest string) bool {
	f := strings.Fields(rest)
	if len(f) != 3 || f[0] != string(baseline.Base) && f[0] != string(baseline.Anchor) {
		return false
	}
	edit(&p.log, baseline.Side(f[0]), baseline.Function{Package: undash(f[1]), Name: f[2]})
	return true
}

// edit adds to the benchmarks whose source is another one.
func edit(log *baseline.Log, side baseline.Side, f baseline.Function) {
	if log.Edited == nil {
		log.Edited = map[baseline.Side]map[baseline.Function]bool{}
	}
	if log.Edited[side] == nil {
		log.Edited[side] = map[baseline.Function]bool{}
	}
	log.Edited[side][f] = true
}

// proven adds to what is proven the same.
func proven(to *map[baseline.Key]string, more map[baseline.Key]string) {
	if *to == nil && len(more) > 0 {
		*to = map[baseline.Key]string{}
	}
	maps.Copy(*to, more)
}

func sideOf(word string) (baseline.Side, bool) {
	side := baseline.Side(undash(word))
	return side, knownSide(side)
}

func knownSide(side baseline.Side) bool {
	return side.Judged() || side == baseline.Base || side == baseline.Anchor
}

func (p *part) functions(rest string) bool {
	f := strings.Fields(rest)
	if len(f) < 2 {
		return false
	}
	side, ok := sideOf(f[0])
	if !ok {
		return false
	}
	functions := p.log.Functions[side]
	if functions == nil {
		functions = []baseline.Function{} // known, even if there are none
	}
	for _, name := range f[2:] {
		functions = append(functions, baseline.Function{Package: undash(f[1]), Name: name})
	}
	p.log.Functions[side] = functions
	return true
}

func (p *part) noise(rest string) bool {
	f := strings.Fields(rest)
	if len(f) < 4 {
		return false
	}
	key := baseline.Key{Package: undash(f[0]), Name: strings.TrimPrefix(f[1], "Benchmark"), Unit: tidied(f[2])}
	var n baseline.Noise
	for _, pair := range f[3:] {
		name, text, _ := strings.Cut(pair, "=")
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0) || math.IsInf(v, 0) {
			return false
		}
		switch name {
		case "sd":
			n.SD = v
		case "between":
			n.Between = v
		case "runwide":
			n.RunWide = v
		case "sessions":
			n.Sessions = int(min(v, math.MaxInt32))
		}
	}
	p.log.Noise[key] = n
	return true
}

// failure is the tracker's own word on a process; it knows better than what can
// be made of that process's output.
func (p *part) failure(rest string) bool {
	if f := strings.SplitN(rest, " ", 4); len(f) == 4 {
		if why, ok := notReached(f[3]); ok {
			return p.told(strings.Join(append(f[:3], why), " "), baseline.Problem{Kind: baseline.NotRun})
		}
	}
	return p.told(rest, baseline.Problem{Kind: baseline.NoResult})
}

// notRun is the tracker's word on a benchmark that it did not come to.
func (p *part) notRun(rest string) bool { return p.told(rest, baseline.Problem{Kind: baseline.NotRun}) }

// told reads SIDE PACKAGE NAME DETAIL, and takes back what was made of the output of that
// benchmark or, where no benchmark was known, of its process.
func (p *part) told(rest string, what baseline.Problem) bool {
	f := strings.SplitN(rest, " ", 4)
	if len(f) != 4 {
		return false
	}
	side, ok := sideOf(f[0])
	if !ok {
		return false
	}
	what.Name, what.Detail = strings.TrimPrefix(undash(f[2]), "Benchmark"), f[3]
	what = p.here(what)
	what.Side, what.Package = side, undash(f[1])
	made := p.log.Problems[p.first:]
	made = slices.DeleteFunc(made, func(old baseline.Problem) bool {
		return old.Kind.Died() && old.Name == "" || sameBenchmark(old, what)
	})
	p.log.Problems = p.log.Problems[:p.first+len(made)]
	p.report(what)
	p.forget()
	return true
}

// sameBenchmark: one may be named without -procs, or by its function alone.
func sameBenchmark(a, b baseline.Problem) bool {
	key := func(p baseline.Problem) baseline.Function {
		return baseline.Key{Package: p.Package, Name: p.Name}.Function()
	}
	return a.Side == b.Side && key(a) == key(b)
}

// notReached returns what ended the measurement before a benchmark ran, where
// the text of a `# failed:` mark says that, as version 1 of the log wrote it.
func notReached(text string) (why string, ok bool) {
	why, front := strings.CutPrefix(text, "not run: the ")
	why, back := strings.CutSuffix(why, " came before its first round")
	return why, front && back
}

// disturbances are told together: one line for a noisy afternoon, not a hundred.
type disturbances struct {
	n     int
	first baseline.Warning
}

func (d *disturbances) note(p *part, why string) {
	if d.n++; d.n == 1 {
		d.first = baseline.Warning{Kind: baseline.Disturbed, Round: p.round, Side: cmp.Or(p.side, baseline.Head), Detail: why}
	}
}

func (d *disturbances) tell(p *part) {
	if d.n > 0 {
		d.first.Count = d.n
		p.warn(d.first)
	}
}
