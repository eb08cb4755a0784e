package ingest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// lastRound is far above what anybody measures, and leaves room for Merge to number on.
const lastRound = 1_000_000

// mark deals with a line that begins with '#'. A comment that is not one of the
// marks of the format is somebody else's.
func (p *part) mark(line string) {
	key, rest, ok := strings.Cut(strings.TrimPrefix(line, "# "), ":")
	if !ok || !strings.HasPrefix(line, "# ") {
		return
	}
	rest = strings.TrimSpace(rest)
	wrong := func(want string) {
		p.problem("", baseline.Problem{Kind: baseline.BrokenMark, Detail: string(clip([]byte(line))), Of: want})
	}
	switch key {
	case "functions":
		if !p.functions(strings.Fields(rest)) {
			wrong("# functions: base|head|anchor PACKAGE BenchmarkX …")
		}
	case "noise":
		if !p.noise(strings.Fields(rest)) {
			wrong("# noise: PACKAGE NAME UNIT sd=… between=… runwide=… sessions=…")
		}
	case "same", "same-anchor":
		to := &p.log.Same
		if key != "same" {
			to = &p.log.SameAnchor
		}
		if f := strings.SplitN(rest, " ", 3); len(f) == 3 {
			proven(to, map[baseline.Key]string{{Package: dash(f[0]), Name: strings.TrimPrefix(f[1], "Benchmark")}: f[2]})
		} else {
			wrong("# " + key + ": PACKAGE NAME why")
		}
	case "round":
		p.closeBlock("")
		p.body = true
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 || n > lastRound {
			wrong("# round: a number from 1")
			return
		}
		p.round = n
	case "failed":
		if !p.failure(strings.SplitN(rest, " ", 4)) {
			wrong("# failed: base|head|anchor|- PACKAGE NAME message")
		}
	case "disturbed":
		p.disturb.note(p, rest)
	case "warning":
		p.warn(baseline.Warning{Kind: baseline.Noted, Detail: rest})
	case "stopped":
		p.log.Stopped = rest
	case "cut":
		p.problem("", baseline.Problem{Kind: baseline.LineLeftOut, Detail: rest})
	}
}

// proven adds to what is proven the same.
func proven(to *map[baseline.Key]string, more map[baseline.Key]string) {
	if *to == nil && len(more) > 0 {
		*to = map[baseline.Key]string{}
	}
	maps.Copy(*to, more)
}

// dash is how an empty field is written.
func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

func sideOf(word string) (baseline.Side, bool) {
	side := baseline.Side(dash(word))
	return side, knownSide(side)
}

func knownSide(side baseline.Side) bool {
	return side.Judged() || side == baseline.Base || side == baseline.Anchor
}

func (p *part) functions(f []string) bool {
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
		functions = append(functions, baseline.Function{Package: dash(f[1]), Name: name})
	}
	p.log.Functions[side] = functions
	return true
}

func (p *part) noise(f []string) bool {
	if len(f) < 4 {
		return false
	}
	key := baseline.Key{Package: dash(f[0]), Name: strings.TrimPrefix(f[1], "Benchmark"), Unit: tidied(f[2])}
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
func (p *part) failure(f []string) bool {
	if len(f) != 4 {
		return false
	}
	side, ok := sideOf(f[0])
	if !ok {
		return false
	}
	problem := p.here(baseline.Problem{Name: strings.TrimPrefix(dash(f[2]), "Benchmark"), Kind: baseline.NoResult, Detail: f[3]})
	problem.Side, problem.Package = side, dash(f[1])
	if why, ok := notReached(f[3]); ok {
		problem.Kind, problem.Detail = baseline.NotRun, why
	}
	made := p.log.Problems[p.first:]
	made = slices.DeleteFunc(made, func(old baseline.Problem) bool {
		return old.Kind.Died() && old.Name == "" || sameBenchmark(old, problem)
	})
	p.log.Problems = p.log.Problems[:p.first+len(made)]
	p.report(problem)
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
