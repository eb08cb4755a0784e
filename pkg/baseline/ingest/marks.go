package ingest

import (
	"cmp"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// lastRound is far above what anybody measures, and leaves room for Merge to number on.
const lastRound = 1_000_000

// marked is what the marks of a raw log have said so far.
type marked struct {
	*notes
	process *process
	log     baseline.Log // as far as marks say it: functions, noise, proofs
	disturb disturbances
}

// read takes in one mark.
func (m *marked) read(key Mark, rest string, line []byte) {
	if of := marks[key]; of.read != nil && !of.read(m, rest) {
		m.problem("", baseline.Problem{Kind: baseline.BrokenMark, Detail: string(clip(line)), Of: key.line(of.form)})
	}
}

// nextRound takes in the number of the round below, and ends the block above.
func (m *marked) nextRound(rest string) bool {
	m.process.close()
	m.body = true
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 || n > lastRound {
		return false
	}
	m.round = n
	return true
}

// same takes in why the code of a benchmark is the same at base and head, and sameAnchor at anchor
// and head.
func (m *marked) same(rest string) bool       { return proof(&m.log.Same, rest) }
func (m *marked) sameAnchor(rest string) bool { return proof(&m.log.SameAnchor, rest) }

// uncounted takes in why the work of a benchmark cannot be counted.
func (m *marked) uncounted(rest string) bool { return proof(&m.log.Uncounted, rest) }

// work takes in how the processes that timed a benchmark spent their time.
func (m *marked) work(rest string) bool {
	f := strings.Fields(rest)
	if len(f) != 5 {
		return false
	}
	var w baseline.Work
	for _, pair := range f[2:] {
		name, text, _ := strings.Cut(pair, "=")
		var err error
		switch name {
		case "user":
			w.User, err = share(text)
		case "system":
			w.System, err = share(text)
		case "children":
			w.Children, err = strconv.ParseBool(text)
		default:
			return false
		}
		if err != nil {
			return false
		}
	}
	worked(&m.log, baseline.Key{Package: undash(f[0]), Name: strings.TrimPrefix(f[1], "Benchmark")}, w)
	return true
}

// worked adds to what is known of how the processes of a benchmark spent their time.
func worked(log *baseline.Log, key baseline.Key, w baseline.Work) {
	if log.Work == nil {
		log.Work = map[baseline.Key]baseline.Work{}
	}
	if old, known := log.Work[key]; known {
		w = w.Join(old)
	}
	log.Work[key] = w
}

// share reads a part of elapsed time, which is above 1 where several processors worked.
func share(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && (!(v >= 0) || math.IsInf(v, 0)) {
		err = strconv.ErrRange
	}
	return v, err
}

// proof reads why the code of a benchmark is the same on two sides.
func proof(to *map[baseline.Key]string, rest string) bool {
	f := strings.SplitN(rest, " ", 3)
	if len(f) != 3 {
		return false
	}
	proven(to, map[baseline.Key]string{{Package: undash(f[0]), Name: strings.TrimPrefix(f[1], "Benchmark")}: f[2]})
	return true
}

// warning takes in a warning of the one who measured.
func (m *marked) warning(rest string) bool {
	m.warn(baseline.Warning{Kind: baseline.Noted, Detail: rest})
	return true
}

// stopped takes in why measuring ended early.
func (m *marked) stopped(rest string) bool {
	m.log.Stopped = rest
	return true
}

// cut takes in that a line stood here which was too long to keep.
func (m *marked) cut(rest string) bool {
	m.problem("", baseline.Problem{Kind: baseline.LineLeftOut, Detail: rest})
	return true
}

// disturbed takes in what disturbed the round above.
func (m *marked) disturbed(rest string) bool {
	m.disturb.note(m.place, rest)
	return true
}

// edited reads that the source of a benchmark is another one on a side than at the head.
func (m *marked) edited(rest string) bool {
	f := strings.Fields(rest)
	if len(f) != 3 || f[0] != string(baseline.Base) && f[0] != string(baseline.Anchor) {
		return false
	}
	edit(&m.log, baseline.Side(f[0]), baseline.Function{Package: undash(f[1]), Name: f[2]})
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

// sideOf returns the side that a word of a mark names; false: there is none of that name.
func sideOf(word string) (baseline.Side, bool) {
	side := baseline.Side(undash(word))
	return side, knownSide(side)
}

// knownSide reports whether a log may have results of a side.
func knownSide(side baseline.Side) bool {
	return side.Judged() || side == baseline.Base || side == baseline.Anchor
}

// functions takes in the benchmarks of a package in the source of a side.
func (m *marked) functions(rest string) bool {
	f := strings.Fields(rest)
	if len(f) < 2 {
		return false
	}
	side, ok := sideOf(f[0])
	if !ok {
		return false
	}
	functions := m.log.Functions[side]
	if functions == nil {
		functions = []baseline.Function{} // known, even if there are none
	}
	for _, name := range f[2:] {
		functions = append(functions, baseline.Function{Package: undash(f[1]), Name: name})
	}
	m.log.Functions[side] = functions
	return true
}

// noise takes in the history of one series that the decision used.
func (m *marked) noise(rest string) bool {
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
	m.log.Noise[key] = n
	return true
}

// failure takes in the tracker's own word on a process; it knows better than what can
// be made of that process's output.
func (m *marked) failure(rest string) bool {
	if f := strings.SplitN(rest, " ", 4); len(f) == 4 {
		if why, ok := notReached(f[3]); ok {
			return m.told(strings.Join(append(f[:3], why), " "), baseline.Problem{Kind: baseline.NotRun})
		}
	}
	return m.told(rest, baseline.Problem{Kind: baseline.NoResult})
}

// notRun takes in the tracker's word on a benchmark that it did not come to.
func (m *marked) notRun(rest string) bool {
	return m.told(rest, baseline.Problem{Kind: baseline.NotRun})
}

// told reads SIDE PACKAGE NAME DETAIL, and takes back what was made of the output of that
// benchmark or, where no benchmark was known, of its process.
func (m *marked) told(rest string, what baseline.Problem) bool {
	f := strings.SplitN(rest, " ", 4)
	if len(f) != 4 {
		return false
	}
	side, ok := sideOf(f[0])
	if !ok {
		return false
	}
	what.Name, what.Detail = strings.TrimPrefix(undash(f[2]), "Benchmark"), f[3]
	what = m.here(what)
	what.Side, what.Package = side, undash(f[1])
	m.takeBack(m.process.first, func(old baseline.Problem) bool {
		return old.Kind.Died() && old.Name == "" || sameBenchmark(old, what)
	})
	m.report(what)
	m.process.forget()
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

func (d *disturbances) note(at *place, why string) {
	if d.n++; d.n == 1 {
		d.first = baseline.Warning{Kind: baseline.Disturbed, Round: at.round, Side: cmp.Or(at.side, baseline.Head), Detail: why}
	}
}

func (d *disturbances) tell(n *notes) {
	if d.n > 0 {
		d.first.Count = d.n
		n.warn(d.first)
	}
}
