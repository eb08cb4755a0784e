package bisection

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/bisect"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Basis says what the readings of a search were taken from.
type Basis string

// The bases.
const (
	ByPairs  Basis = "pairs"  // values of processes that ran right after each other
	ByCounts Basis = "counts" // counted instructions
	ByExact  Basis = "exact"  // bytes or allocations, which are the same every time
)

const (
	enoughOfIt = .25  // of the shift in time that counts must show to be searched by
	mostOfIt   = .5   // of the shift in time that a commit must take whose work is most of the growth
	fewCounts  = 2    // a side before anything is read of them
	mostCounts = 5    // a side, where they waver
	fewPairs   = 4    // before anything is read of a session
	lessSure   = 1.05 // a rank mean knows its shift that much worse than a mean
	byMedian   = 1.25 // and a median its middle
	leastError = .01  // of a share, whatever the numbers say
	seriesMost = 8    // further series that are measured along
)

// looks are the numbers of rounds after which a probe is looked at.
var looks = []int{6, 12, 18, 24, 36}

// Evidence is what the sessions of a search say of one series.
type Evidence struct {
	Key      baseline.Key
	Basis    Basis
	Whole    float64 // logarithm of bad over good, larger is worse; 0: unknown
	Readings []bisect.Reading

	spread  float64 // standard deviation of one count, of all sides of all sessions
	freedom int     // degrees of freedom of spread
}

// Evidence returns what all sessions say of a series.
func (s *Search) Evidence(key baseline.Key) Evidence {
	e := Evidence{Key: key, Basis: ByPairs}
	if s.exact(key) {
		e.Basis = ByExact
		return s.read(e)
	}
	e = s.read(e)
	if key.Unit != "sec/op" && key.Unit != baseline.Instructions {
		return e
	}
	counted := s.read(Evidence{Key: baseline.Key{Package: key.Package, Name: key.Name, Unit: baseline.Instructions}, Basis: ByCounts})
	if counted.Whole > 0 && (key.Unit == baseline.Instructions || counted.Whole >= enoughOfIt*e.Whole && !s.parted(counted, e)) {
		return counted
	}
	return e
}

// parted reports whether counts have led to a commit that does more work and is not slower for it,
// as it was timed against the one before: what made the time longer is then another one.
func (s *Search) parted(counted, timed Evidence) bool {
	for _, one := range s.Sessions {
		if one.Probe || one.From == 0 && one.At == s.Last() || !(timed.Whole > 0) {
			continue
		}
		work, has := counted.adjacent(one.Log)
		time, too := timed.adjacent(one.Log)
		if has && too && work.Share > mostOfIt && time.Share+2*time.Error < mostOfIt {
			return true
		}
	}
	return false
}

// exact reports whether a series is one of a unit that is the same every time.
func (s *Search) exact(key baseline.Key) bool {
	return slices.ContainsFunc(s.Sessions, func(one Session) bool { return one.Log.Units[key.Unit].Exact })
}

// read fills in the whole and the readings, all by one basis.
func (s *Search) read(e Evidence) Evidence {
	e.Whole = s.whole(e)
	if !(e.Whole > 0) {
		return e
	}
	if e.Basis != ByPairs {
		e.spread, e.freedom = s.spread(e)
	}
	for _, one := range s.Sessions {
		var r bisect.Reading
		ok := false
		switch {
		case one.Probe:
			r, ok = e.probe(one.Log)
		case one.From > 0 || one.At < s.Last():
			r, ok = e.adjacent(one.Log)
			r.Direct = true
		}
		if ok {
			r.From, r.At, r.Error = one.From, one.At, math.Max(r.Error, leastError)
			e.Readings = append(e.Readings, r)
		}
	}
	return e
}

// whole returns the shift from good to bad, of all sessions that have both.
func (s *Search) whole(e Evidence) float64 {
	var pairs []float64
	var good, bad []float64
	for _, one := range s.Sessions {
		if one.From != 0 || one.At < s.Last() && !one.Probe {
			continue
		}
		base, head := e.side(one.Log, baseline.Base), e.side(one.Log, baseline.Head)
		if e.Basis != ByPairs {
			good, bad = append(good, base.values()...), append(bad, head.values()...)
			continue
		}
		for round, v := range base {
			if w, both := head[round]; both {
				pairs = append(pairs, w-v)
			}
		}
	}
	if e.Basis != ByPairs {
		if len(good) == 0 || len(bad) == 0 {
			return 0
		}
		return stat.Median(bad) - stat.Median(good)
	}
	if len(pairs) < fewPairs {
		return 0
	}
	slices.Sort(pairs) // the order of a map says nothing, and must not show
	return stat.NewSigned(pairs).HodgesLehmann()
}

// spread returns the standard deviation of one value within a side, and its degrees of freedom,
// from all sessions together, since one side has few values.
func (s *Search) spread(e Evidence) (sd float64, freedom int) {
	sum := 0.
	for _, one := range s.Sessions {
		for _, side := range []baseline.Side{baseline.Base, baseline.Anchor, baseline.Head} {
			values := e.side(one.Log, side).values()
			if len(values) < 2 {
				continue
			}
			for _, v := range values {
				sum += (v - stat.Median(values)) * (v - stat.Median(values))
			}
			freedom += len(values) - 1
		}
	}
	return math.Sqrt(sum / float64(max(1, freedom))), freedom
}

// rounds are the values of one side by their round: logarithms, turned so that larger is worse; of
// what is exact the values themselves.
type rounds map[int]float64

func (r rounds) values() []float64 {
	var out []float64
	for _, v := range r {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// side returns the values of one side of a session.
func (e Evidence) side(log baseline.Log, side baseline.Side) rounds {
	out := rounds{}
	unit := log.Units[e.Key.Unit]
	unit.Name = e.Key.Unit
	for _, run := range log.Runs {
		if run.Side != side {
			continue
		}
		for _, sample := range run.Samples {
			if sample.Key != e.Key {
				continue
			}
			numbers, values := gate.PerProcess(sample, unit)
			for i, v := range values {
				switch {
				case e.Basis == ByExact:
					out[numbers[i]] = v
				case v > 0:
					out[numbers[i]] = math.Log(v)
				}
				if unit.Direction == baseline.Higher {
					out[numbers[i]] *= -1
				}
			}
		}
	}
	return out
}

// probe reads a session of three sides: where the anchor lies between base and head.
func (e Evidence) probe(log baseline.Log) (r bisect.Reading, ok bool) {
	base, mid, head := e.side(log, baseline.Base), e.side(log, baseline.Anchor), e.side(log, baseline.Head)
	if e.Basis != ByPairs {
		if min(len(base), len(mid), len(head)) < e.least() {
			return r, false
		}
		from, to := stat.Median(base.values()), stat.Median(head.values())
		r.Share = (stat.Median(mid.values()) - (from+to)/2) / e.Whole
		r.Share += .5
		return e.known(r, 1/float64(len(mid))+.25/float64(len(base))+.25/float64(len(head))), true
	}
	var d []float64
	for round, v := range mid {
		from, has := base[round]
		to, too := head[round]
		if has && too {
			d = append(d, v-(from+to)/2)
		}
	}
	r, ok = e.shift(d)
	r.Share += .5
	return r, ok
}

// adjacent reads a session of two sides.
func (e Evidence) adjacent(log baseline.Log) (r bisect.Reading, ok bool) {
	base, head := e.side(log, baseline.Base), e.side(log, baseline.Head)
	if e.Basis != ByPairs {
		if min(len(base), len(head)) < e.least() {
			return r, false
		}
		r.Share = (stat.Median(head.values()) - stat.Median(base.values())) / e.Whole
		return e.known(r, 1/float64(len(base))+1/float64(len(head))), true
	}
	var d []float64
	for round, v := range head {
		if from, has := base[round]; has {
			d = append(d, v-from)
		}
	}
	return e.shift(d)
}

// least is how many values a side must have, where they are not of pairs.
func (e Evidence) least() int {
	if e.Basis == ByCounts {
		return fewCounts
	}
	return 1
}

// shift reads differences within pairs as a share of the whole.
func (e Evidence) shift(d []float64) (r bisect.Reading, ok bool) {
	if len(d) < fewPairs {
		return r, false
	}
	slices.Sort(d)
	signed := stat.NewSigned(d)
	r.Share = signed.HodgesLehmann() / e.Whole
	r.Error = lessSure * signed.Spread() / math.Sqrt(float64(len(d))) / e.Whole
	r.Freedom = len(d) - 1
	return r, true
}

// known gives a reading of medians its error; parts is the sum of the squares of their weights,
// each over the number of its values.
func (e Evidence) known(r bisect.Reading, parts float64) bisect.Reading {
	r.Error = byMedian * e.spread * math.Sqrt(parts) / e.Whole
	r.Freedom = e.freedom
	return r
}

// History returns what pkg/gate/bisect is asked about a series.
func (s *Search) History(key baseline.Key) bisect.History {
	e := s.Evidence(key)
	h := bisect.History{Last: s.Last(), Equal: s.Equals, Readings: e.Readings}
	if effect := math.Log1p(s.Effect) / 2; e.Whole > effect {
		h.Small = math.Max(.1, effect/e.Whole)
	}
	for _, skip := range s.Skips {
		h.Skipped = append(h.Skipped, skip.At)
	}
	for i, c := range s.Commits {
		if c.Revert && i > 0 {
			h.Reverts = append(h.Reverts, i)
		}
	}
	return h
}

// Counted returns what of a session of two sides is to be counted before it can be read, from its
// log so far; nothing where nothing counts.
func (e Evidence) Counted(log baseline.Log) []baseline.Want {
	of := Evidence{Key: baseline.Key{Package: e.Key.Package, Name: e.Key.Name, Unit: baseline.Instructions}, Basis: ByCounts}
	_, refused := log.Uncounted[e.Key.Benchmark()]
	have := min(len(of.side(log, baseline.Base)), len(of.side(log, baseline.Head)))
	if log.Counter == "" || refused || have >= fewCounts || e.Basis == ByExact {
		return nil
	}
	return []baseline.Want{{Package: e.Key.Package, Name: e.Key.Name, Count: true, Rounds: fewCounts - have}}
}

// Read reports whether a session of the search says where its commit stands.
func (s *Search) Read(one Session, key baseline.Key) bool {
	e := s.Evidence(key)
	if one.Probe {
		_, ok := e.probe(one.Log)
		return ok
	}
	_, ok := e.adjacent(one.Log)
	return ok
}

// Failure returns why a probe gave no result at its commit, in words.
func (s *Search) Failure(one Session, key baseline.Key) string {
	for _, p := range one.Log.Problems {
		if p.Side == baseline.Anchor && (p.Name == "" || p.Name == key.Name || baseline.Key{Name: p.Name}.Function() == key.Function() || strings.HasPrefix(key.Function().Name, p.Name)) {
			return "the benchmark fails there: " + cmp.Or(p.Detail, string(p.Kind))
		}
	}
	return "it does not have the benchmark"
}

// Want returns what a probe of a commit needs further before it says on which side the commit
// stands, from its log so far.
func (s *Search) Want(at int, key baseline.Key, log baseline.Log) []baseline.Want {
	with := *s
	with.Sessions = append(slices.Clone(s.Sessions), Session{At: at, Probe: true, Log: log})
	e := with.Evidence(key)
	want := baseline.Want{Package: key.Package, Name: key.Name}
	three := func(basis Basis, unit string) int {
		of := Evidence{Key: baseline.Key{Package: key.Package, Name: key.Name, Unit: unit}, Basis: basis}
		return min(len(of.side(log, baseline.Base)), len(of.side(log, baseline.Anchor)), len(of.side(log, baseline.Head)))
	}
	_, refused := log.Uncounted[key.Benchmark()]
	countable := log.Counter != "" && !refused && (key.Unit == "sec/op" || key.Unit == baseline.Instructions)
	counts := three(ByCounts, baseline.Instructions)
	if have := (Evidence{Key: key}); len(have.side(log, baseline.Anchor)) == 0 && len(have.side(log, baseline.Base)) > 0 {
		return nil // the commit does not have it, or died of it
	}
	settled := false
	if r, ok := e.probe(log); ok {
		settled = r.Settled()
	}
	switch {
	case countable && counts < fewCounts:
		want.Count, want.Rounds = true, fewCounts-counts
	case settled || e.Basis == ByExact:
		return nil
	case e.Basis == ByCounts && counts < mostCounts:
		want.Count, want.Rounds = true, 1
	case e.Basis == ByCounts:
		return nil
	default:
		have := three(ByPairs, key.Unit)
		if tried := len(e.side(log, baseline.Head)); tried > have+looks[0] {
			return nil // it fails too often there
		}
		for _, n := range looks {
			if n > have {
				want.Rounds, want.Shuffled = n-have, true
				return []baseline.Want{want}
			}
		}
		return nil
	}
	return []baseline.Want{want}
}

// Sooner returns what of all that a verdict on the whole range wants is measured before the search
// begins: where counts can show that a benchmark does more work nothing is timed before they have,
// and once they have, and enough of it for the time that was seen, nothing is timed at all.
// log is that of the whole range so far, and d what it is judged.
func (s *Search) Sooner(wants []baseline.Want, log baseline.Log, d gate.Decision) []baseline.Want {
	if s.Unit != "" && s.Unit != baseline.Instructions || s.Last() < 2 {
		return wants
	}
	with := Search{Range: s.Range, Commits: s.Commits, Sessions: []Session{{At: s.Last(), Log: log}}}
	counted := map[baseline.Key]bool{}
	for _, w := range wants {
		if w.Count {
			counted[baseline.Key{Package: w.Package, Name: w.Name}] = true
		}
	}
	for _, r := range d.Rows {
		time := baseline.Key{Package: r.Package, Name: r.Name, Unit: "sec/op"}
		if r.Unit == baseline.Instructions && worsened(r) && (s.Unit == r.Unit || with.Evidence(time).Basis == ByCounts) {
			counted[r.Key().Benchmark()] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(wants), func(w baseline.Want) bool {
		return !w.Count && counted[baseline.Key{Package: w.Package, Name: w.Name}]
	})
}
