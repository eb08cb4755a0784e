package gate

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// subject is a benchmark that can be timed in pairs and counted.
type subject struct {
	name         string
	sd           float64                          // of a difference of times
	slower, more float64                          // what head takes and does more, relative
	counts       func(*rand.Rand) float64         // factor on a count; nil: 1 ± .0002
	slices       func(*rand.Rand, bool) []float64 // of a process of head or base, relative; nil: one value
	bytes        [2]float64                       // B/op of base and head; zero: none
}

// pairedLab measures subjects as Next asks.
type pairedLab struct {
	*bench
	rng    *rand.Rand
	all    map[string]subject
	counts map[string]int
	asked  int // rounds

	wanted func(w baseline.Want, have int) // told of each want for rounds, and of how many there are
}

func newPairedLab(seed uint64, all ...subject) *pairedLab {
	l := &pairedLab{bench: newBench(baseline.Paired), rng: rand.New(rand.NewPCG(seed, 1)), all: map[string]subject{}, counts: map[string]int{}}
	l.log.Counter = "test"
	l.log.Work = map[baseline.Key]baseline.Work{}
	l.log.Units = map[string]baseline.Unit{}
	for name, unit := range units {
		l.log.Units[name] = unit
	}
	l.log.Units[baseline.Instructions] = baseline.Unit{Name: baseline.Instructions, Direction: baseline.Lower}
	for _, s := range all {
		l.all[s.name] = s
		l.log.Work[sec(s.name).Benchmark()] = baseline.Work{User: .95, System: .01}
	}
	return l
}

var both = []baseline.Side{baseline.Base, baseline.Head}

func (l *pairedLab) time(s subject, n int) {
	for range n {
		drift, round := math.Exp(.2*l.rng.NormFloat64()), len(l.rounds(s.name))
		for i, side := range both {
			factor := []float64{1, 1 + s.slower}[i]
			values := []float64{1}
			if s.slices != nil {
				values = s.slices(l.rng, side == baseline.Head)
			}
			noise := math.Exp(s.sd / math.Sqrt2 * l.rng.NormFloat64())
			for i := range values {
				values[i] *= 100 * drift * factor * noise
			}
			l.add(side, sec(s.name), values...)
			sample := l.sample(side, s.name)
			for i := range values {
				sample.Rounds[len(sample.Rounds)-1-i] = round + 1
			}
		}
		for i, side := range both {
			if s.bytes != [2]float64{} {
				l.add(side, baseline.Key{Package: "p", Name: s.name, Unit: "B/op"}, s.bytes[i])
			}
		}
	}
}

func (l *pairedLab) sample(side baseline.Side, name string) *baseline.Sample {
	run := l.runs[side]
	if run == nil {
		return &baseline.Sample{}
	}
	for i := range run.Samples {
		if run.Samples[i].Key == sec(name) {
			return &run.Samples[i]
		}
	}
	return &baseline.Sample{}
}

func (l *pairedLab) rounds(name string) []int {
	numbers, _, _ := l.sample(baseline.Base, name).ByRound()
	return numbers
}

func (l *pairedLab) count(s subject, n int) {
	l.counts[s.name] += n
	for range n {
		for i, side := range both {
			factor := []float64{1, 1 + s.more}[i]
			luck := 1 + .0002*l.rng.Float64()
			if s.counts != nil {
				luck = s.counts(l.rng)
			}
			l.add(side, baseline.Key{Package: "p", Name: s.name, Unit: baseline.Instructions}, 1e5*factor*luck)
		}
	}
}

// run measures until nothing is wanted.
func (l *pairedLab) run(t *testing.T) Decision {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(l.all)) {
		l.time(l.all[name], 2)
	}
	for range 40 {
		in := l.input()
		for _, run := range in.Log.Runs {
			slices.SortFunc(run.Samples, func(a, b baseline.Sample) int { return a.Compare(b.Key) })
		}
		next := Next(in)
		if len(next) == 0 {
			return Decide(in)
		}
		for _, w := range next {
			if l.wanted != nil {
				l.wanted(w, len(l.rounds(w.Name)))
			}
			if w.Count {
				l.count(l.all[w.Name], w.Rounds)
			} else {
				l.asked += w.Rounds
				l.time(l.all[w.Name], w.Rounds)
			}
		}
	}
	t.Fatal("it does not end")
	return Decision{}
}

func series1(d Decision, unit string) Row {
	for _, r := range d.Rows {
		if r.Unit == unit {
			return r
		}
	}
	return Row{}
}

// TestConfirmationIsShuffled: programs are linked in other orders for what confirms, and for
// nothing else: not for the screen, and not in the procedure that had no pairs.
func TestConfirmationIsShuffled(t *testing.T) {
	seen := map[bool]int{}
	l := newPairedLab(7, subject{name: "A", sd: .005}, subject{name: "B", sd: .01, slower: .1}, subject{name: "C", sd: .03, slower: .02})
	l.wanted = func(w baseline.Want, have int) {
		if w.Count {
			return
		}
		seen[w.Shuffled]++
		if w.Shuffled != (have >= inPairs.screenEnd()) {
			t.Errorf("after %d rounds %+v is wanted", have, w)
		}
	}
	l.run(t)
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("not both a screen and a confirmation were asked for: %v", seen)
	}
	b := newBench(baseline.TwoStage)
	slow, quick := []float64{1.3, 1.31, 1.32, 1.3, 1.31, 1.33, 1.3, 1.32}, []float64{1, 1.01, 1.02, 1, 1.01, 1.03, 1, 1.02}
	b.add(baseline.Base, sec("A"), quick...).add(baseline.Head, sec("A"), slow...)
	if next := Next(b.input()); len(next) != 1 || next[0].Shuffled {
		t.Errorf("without pairs %+v is wanted", next)
	}
}

// TestNoisyImprovement: a benchmark that is four times as fast is improved, also where its pairs
// lie so far apart that the screen does not let it pass.
func TestNoisyImprovement(t *testing.T) {
	for seed := range uint64(20) {
		l := newPairedLab(seed, subject{name: "A", sd: .08, slower: -.75})
		l.log.Counter = "" // nothing counts
		if row := series1(l.run(t), "sec/op"); row.Verdict != Improved {
			t.Errorf("seed %d: %s (%s), want improved", seed, row.Verdict, row.Reason.Code)
		}
	}
}

// TestNoisyImprovementByWork: that less work lets go of a benchmark keeps nobody from saying that
// it is faster.
func TestNoisyImprovementByWork(t *testing.T) {
	for seed := range uint64(20) {
		l := newPairedLab(seed, subject{name: "A", sd: .08, slower: -.75, more: -.75})
		if row := series1(l.run(t), "sec/op"); row.Verdict != Improved {
			t.Errorf("seed %d: %s (%s), want improved", seed, row.Verdict, row.Reason.Code)
		}
	}
}

// TestWork: what counts decide where time cannot, and what they leave alone.
func TestWork(t *testing.T) {
	check := func(what string, s subject, change func(*pairedLab), time, work Verdict, why Code) Decision {
		t.Helper()
		s.name = "A"
		l := newPairedLab(7, s)
		if change != nil {
			change(l)
		}
		d := l.run(t)
		if r := series1(d, "sec/op"); r.Verdict != time {
			t.Errorf("%s: time is %s (%s), want %s", what, r.Verdict, r.Reason.Code, time)
		}
		r := series1(d, baseline.Instructions)
		if r.Verdict != work || r.Reason.Code != why {
			t.Errorf("%s: work is %q (%s), want %q (%s)", what, r.Verdict, r.Reason.Code, work, why)
		}
		return d
	}
	poor := func(w baseline.Work) func(*pairedLab) {
		return func(l *pairedLab) { l.log.Work[sec("A").Benchmark()] = w }
	}
	d := check("noisy, the same work", subject{sd: .4}, nil, SameWork, Unchanged, SameCount)
	if d.Outcome != Pass || !slices.ContainsFunc(d.Cannot, func(l Limit) bool { return l.Code == WorkAlone && l.Effect > .05 && len(l.Benchmarks) == 1 }) {
		t.Errorf("same work: %s, limits %+v", d.Outcome, d.Cannot)
	}
	d = check("noisy, 6 % more work", subject{sd: .4, more: .06}, nil, Inconclusive, Regressed, MoreWork)
	if d.Outcome != Fail || d.Reasons[0].Row.Unit != baseline.Instructions {
		t.Errorf("more work: %s %+v", d.Outcome, d.Reasons)
	}
	check("noisy, 5 % more but for what is done once", subject{sd: .4, more: .0498}, nil, Inconclusive, Regressed, MoreWork)
	check("noisy, 4 % more work", subject{sd: .4, more: .04}, nil, Inconclusive, Unchanged, CountGrew)
	check("noisy, 3 % more work", subject{sd: .4, more: .03}, nil, Inconclusive, Unchanged, CountGrew)
	check("noisy, less work", subject{sd: .4, more: -.3}, nil, SameWork, Unchanged, SameCount)
	check("quiet", subject{sd: .005}, nil, Unchanged, "", "")
	check("quiet and slower", subject{sd: .005, slower: .1, more: .1}, nil, Regressed, Regressed, MoreWork)
	check("slower, the same work", subject{sd: .005, slower: .1}, nil, Regressed, Unchanged, SameCount)
	check("waits", subject{sd: .4}, poor(baseline.Work{User: .3}), Inconclusive, Unchanged, CountPartly)
	check("works in the kernel", subject{sd: .4}, poor(baseline.Work{User: .9, System: .2}), Inconclusive, Unchanged, CountPartly)
	check("others work for it", subject{sd: .4}, poor(baseline.Work{User: .9, Children: true}), Inconclusive, Unchanged, CountPartly)
	d = check("how it spends its time is unknown", subject{sd: .4}, func(l *pairedLab) { l.log.Work = nil }, Inconclusive, Unchanged, CountPartly)
	if w := series1(d, baseline.Instructions).Reason.Work; w != nil {
		t.Errorf("unknown work is told as %+v", w)
	}
	check("waits, more work", subject{sd: .4, more: .1}, poor(baseline.Work{User: .3}), Inconclusive, Regressed, MoreWork)
	check("allocates more", subject{sd: .4, bytes: [2]float64{64, 128}}, nil, Inconclusive, Unchanged, SameCount)
	d = check("cannot be counted", subject{sd: .4, more: .1}, func(l *pairedLab) {
		l.log.Uncounted = map[baseline.Key]string{sec("A").Benchmark(): "it crashes"}
	}, Inconclusive, "", "")
	if why := series1(d, "sec/op").Reason.Text; why != "it crashes" {
		t.Errorf("cannot be counted: the reason is %q", why)
	}
	check("nothing counts", subject{sd: .4, more: .1}, func(l *pairedLab) { l.log.Counter = "" }, Inconclusive, "", "")
	wavering := subject{sd: .4, counts: func(r *rand.Rand) float64 { return 1 + .1*r.Float64() }}
	check("wavers", wavering, nil, Inconclusive, NotJudged, CountWavers)
	number := 0
	broken := subject{sd: .4, more: .1, counts: func(*rand.Rand) float64 {
		if number++; number > 6 { // one of the fresh counts
			return 0
		}
		return 1
	}}
	check("does nothing", broken, nil, Inconclusive, NotJudged, CountWavers)
}

// TestWorkSaysWhatItCannotSee: every time that is judged by its work says which slowdown could not
// have been seen, also where the screen did not give it up.
func TestWorkSaysWhatItCannotSee(t *testing.T) {
	seen := 0
	for seed := range uint64(20) {
		d := newPairedLab(seed, subject{name: "A", sd: .1}).run(t)
		for _, r := range d.Rows {
			if r.Verdict == SameWork && r.Detectable == nil {
				t.Errorf("seed %d: nothing is known of %+v", seed, r)
			}
		}
		for _, l := range d.Cannot {
			if l.Code == WorkAlone {
				seen++
				if !(l.Effect > .02 && l.Effect < 2) {
					t.Errorf("seed %d: a slowdown below %v", seed, l.Effect)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("nothing was judged by its work")
	}
}

// TestWorkIsNoTime: work that time does not show is no regression.
func TestWorkIsNoTime(t *testing.T) {
	seen := 0
	for seed := range uint64(40) {
		s := subject{name: "A", sd: .045, slower: -.03, more: .08}
		l := newPairedLab(seed, s)
		d := l.run(t)
		time, work := series1(d, "sec/op"), series1(d, baseline.Instructions)
		if time.Verdict != Unchanged && time.Verdict != Improved || work.Verdict == "" {
			continue
		}
		seen++
		if work.Verdict != NotJudged || work.Reason.Code != WorkNotTime || d.Outcome != Pass {
			t.Errorf("seed %d: time %s, work %s (%s), %s", seed, time.Verdict, work.Verdict, work.Reason.Code, d.Outcome)
		}
	}
	if seen == 0 {
		t.Error("no time was judged after its work had been counted")
	}
}

// TestWorkOfWhatIsRed: where the time is told, nobody waits for the work to be, such as one that
// has grown by about as much as is red.
func TestWorkOfWhatIsRed(t *testing.T) {
	about := func(r *rand.Rand) float64 { return 1 + .004*r.Float64() }
	notes := 0
	for seed := range uint64(40) {
		d := newPairedLab(seed, subject{name: "A", sd: .005, slower: .1, more: .0448, counts: about}).run(t)
		for _, r := range d.Rows {
			switch {
			case r.Unit == "sec/op" && r.Verdict != Regressed, r.Verdict == Inconclusive:
				t.Errorf("seed %d: %s is %s (%s)", seed, r.Unit, r.Verdict, r.Reason.Code)
			case r.Unit == baseline.Instructions && r.Verdict == NotJudged:
				notes++
				if r.Reason.Code != CountUnused || r.Change == nil || !(*r.Change > .04 && *r.Change < .05) {
					t.Errorf("seed %d: the work is %+v", seed, r)
				}
			}
		}
	}
	if notes == 0 {
		t.Error("all work was told before the time was")
	}
}

// TestWorkIsAskedForInOneGo: where fewer counts could not tell whatever they were, more are asked
// for at once.
func TestWorkIsAskedForInOneGo(t *testing.T) {
	for others, want := range map[int]int{0: 6, 3: 8} {
		all := []subject{{name: "A", sd: .4, more: .1}}
		for i := range others {
			all = append(all, subject{name: string(rune('B' + i)), sd: .4, more: .1})
		}
		l := newPairedLab(3, all...)
		most := 0
		l.wanted = func(w baseline.Want, _ int) {
			if w.Count && w.Name == "A" {
				most = max(most, w.Rounds)
			}
		}
		if l.run(t); most != want {
			t.Errorf("beside %d others %d counts a side are asked for, want %d", others, most, want)
		}
	}
}

// TestWorkFalseAlarms: where a count is several times too large now and then, as when garbage of
// the setup is collected meanwhile, unchanged work is not called more.
func TestWorkFalseAlarms(t *testing.T) {
	lucky := func(r *rand.Rand) float64 {
		if r.IntN(3) == 0 {
			return 4.3
		}
		return 1 + .0005*r.Float64()
	}
	red, settled := 0, 0
	for seed := range uint64(300) {
		var all []subject
		for i := range 10 {
			all = append(all, subject{name: string(rune('A' + i)), sd: .5, counts: lucky})
		}
		d := newPairedLab(seed, all...).run(t)
		red += min(1, d.Counts[Regressed])
		settled += d.Counts[SameWork]
	}
	if red > 7 { // of 300, at 1 %: more than seven has a chance of 1 in 100
		t.Errorf("%d of 300 unchanged pull requests are red", red)
	}
	if settled == 0 {
		t.Error("nothing was settled by its work")
	}
}

// TestRepetitions: the value of a process is a low quantile of its repetitions, and what that
// hides is judged by their median.
func TestRepetitions(t *testing.T) {
	preempted := func(r *rand.Rand, _ bool) []float64 {
		out := make([]float64, 20)
		for i := range out {
			out[i] = 1 + .002*r.Float64()
			if r.IntN(3) > 0 {
				out[i] += 5 * r.Float64()
			}
		}
		return out
	}
	l := newPairedLab(3, subject{name: "A", sd: .002, slices: preempted})
	if d := l.run(t); series1(d, "sec/op").Verdict != Unchanged || l.asked > 2 {
		t.Errorf("preempted repetitions: %+v after %d more rounds", series1(d, "sec/op"), l.asked)
	}
	collects := func(r *rand.Rand, head bool) []float64 {
		out := make([]float64, 20)
		for i := range out {
			out[i] = 1 + .002*r.Float64()
			if head && i > 6 {
				out[i] += .3
			}
		}
		return out
	}
	d := newPairedLab(4, subject{name: "A", sd: .002, slices: collects}).run(t)
	if r := series1(d, "sec/op"); r.Verdict != Regressed || r.Reason.Code != ToldByMedian || *r.Change < .25 {
		t.Errorf("two thirds of the repetitions slower: %s %s %v", r.Verdict, r.Reason.Code, r.Change)
	}
	less := func(r *rand.Rand, head bool) []float64 {
		out := collects(r, false)
		for i := range out {
			if i > 6 && !head {
				out[i] += .3
			}
		}
		return out
	}
	d = newPairedLab(5, subject{name: "A", sd: .002, slices: less}).run(t)
	if r := series1(d, "sec/op"); r.Verdict != Unchanged || r.Middle == nil || r.Middle.Change > -.2 {
		t.Errorf("two thirds of the repetitions faster: %s, medians %+v", r.Verdict, r.Middle)
	}
}

// TestWorkEffort: equal work ends the pairs of a benchmark that did not seem slower, and what seems
// to do more shares the budget with all others that do, so that it takes more counts to be sure.
func TestWorkEffort(t *testing.T) {
	confirmed := 0
	for seed := range uint64(60) {
		l := newPairedLab(seed, subject{name: "A", sd: .06, slower: -.01})
		if l.run(t); l.asked > inPairs.screenEnd() {
			confirmed++
		}
	}
	if confirmed > 12 { // those that seemed slower: 3; all that survive the screen are 39
		t.Errorf("%d of 60 benchmarks with the same work were confirmed by time", confirmed)
	}
	var all []subject
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		all = append(all, subject{name: name, sd: .4, more: .1})
	}
	l := newPairedLab(7, all...)
	if d := l.run(t); d.Counts[Regressed] != 5 {
		t.Errorf("%v, want five regressed", d.Counts)
	}
	for name, n := range l.counts { // 1/C(12,6) over the share of .3 is .0036, and a fifth of .01 less
		if n != countScreen[0]+countConfirm[1] {
			t.Errorf("%s: %d counts a side, want %d", name, n, countScreen[0]+countConfirm[1])
		}
	}
}
