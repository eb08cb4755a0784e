package measure

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// plan is which processes are run, and in which order.
type plan struct {
	sides   []baseline.Side // as they are laid out before the shuffle, the judged one last
	entries map[baseline.Key]*entry
	seed    uint64
	rounds  int  // in the log, resumed ones included
	least   int  // of each side before anything is asked
	all     bool // also what is the same
	paired  bool // a round is a process of each side, one right after the other
	counts  bool // instructions can be counted
}

// entry is one benchmark. A command that runs its whole suite in one process
// has a single entry with an empty key.
type entry struct {
	key     baseline.Key // Unit empty
	run     string       // name by which testing selects it: with "Benchmark", without -procs
	targets map[baseline.Side]suite.Target
	rounds  map[baseline.Side]int // with a result
	tried   map[baseline.Side]int // with or without one
	last    int                   // number of the newest pair, 0: none
	counted map[baseline.Side]int // counts
	nsPerOp float64               // of one iteration, from the survey
	spent   time.Duration         // of all its processes
	ran     int                   // processes
	hung    int                   // of them, ended by the timeout
	broken  bool                  // not run again
	same    bool                  // the code is the same on the first other side

	method      ingest.Method // how its processes are run; without slices: not known yet
	cost        time.Duration // of a process, from the calibration; 0: not known
	workTold    bool          // the log has a mark of its work
	uncountable bool          // the log says why
}

// entry returns that of a key, and makes it where it is new.
func (p *plan) entry(key baseline.Key) *entry {
	e := p.entries[key]
	if e == nil {
		e = &entry{
			key: key, targets: map[baseline.Side]suite.Target{}, rounds: map[baseline.Side]int{}, tried: map[baseline.Side]int{},
			counted: map[baseline.Side]int{},
		}
		p.entries[key] = e
	}
	return e
}

// turn is what is run with nothing between: in pairs one process of each side that takes part, else
// one process.
type turn struct {
	entry *entry
	count bool // instructions, in place of time
	sides []baseline.Side
	draw  int // from which the processor follows that all of them run on

	wanted bool // by the decision

	wave  int   // its number among those of its job
	order int64 // of the functions in its programs: see suite.Relink; 0: as they were built
}

// job is one benchmark and what to find out of it.
type job struct {
	entry *entry
	count bool
}

// increment is what to run next.
type increment map[job]need

// need is how many further rounds, and of which sides: the head and another, or
// all where against is empty.
type need struct {
	rounds  int
	against baseline.Side
	wanted  bool // by the decision

	shuffled bool // each round with programs linked in another order
}

// due are the rounds that bring every benchmark to the least number on each
// side that has it, and what is wanted beyond. A round that failed counts: how
// often it fails is for the decision to weigh, which asks for more.
func (p *plan) due(wants []baseline.Want) increment {
	inc := p.wanted(wants)
	for e := range maps.Values(p.entries) {
		p.add(inc, job{entry: e}, need{rounds: p.least - p.fewest(e, "")})
	}
	return inc
}

// wanted are the rounds that are asked for. Benchmarks that the suite does not have, or that were
// given up, cannot be run: leaving them out ends the asking.
func (p *plan) wanted(wants []baseline.Want) increment {
	inc := increment{}
	whole := p.entries[baseline.Key{}]
	for _, w := range wants {
		e := cmp.Or(p.entries[baseline.Key{Package: w.Package, Name: w.Name}], whole)
		p.add(inc, job{e, w.Count}, need{rounds: w.Rounds, against: w.Against, wanted: true, shuffled: w.Shuffled})
	}
	return inc
}

// add adds what one job needs to an increment, if it can be run.
func (p *plan) add(inc increment, it job, n need) {
	e := it.entry
	if e == nil || n.rounds <= 0 || e.broken || e.same && !p.all || it.count && (!p.counts || e.uncountable) {
		return
	}
	if _, has := e.targets[p.sides[len(p.sides)-1]]; n.wanted && !has {
		return // without a head there is nothing to weigh
	}
	if _, has := e.targets[n.against]; n.against != "" && !has {
		return // it failed there, and the decision has not heard of it yet
	}
	if old, planned := inc[it]; planned {
		n.rounds, n.shuffled, n.wanted = max(n.rounds, old.rounds), n.shuffled || old.shuffled, n.wanted || old.wanted
		if old.against != n.against {
			n.against = ""
		}
	}
	inc[it] = n
}

// takesPart says whether a side of e is run where the head is held against another.
func (p *plan) takesPart(e *entry, side, against baseline.Side) bool {
	_, has := e.targets[side]
	return has && (against == "" || side == against || side == p.sides[len(p.sides)-1])
}

// fewest is the number of rounds tried of the side that has fewest, of those that take part.
func (p *plan) fewest(e *entry, against baseline.Side) int {
	n := -1
	for side := range e.targets {
		if p.takesPart(e, side, against) && (n < 0 || e.tried[side] < n) {
			n = e.tried[side]
		}
	}
	return n
}

// turns are the processes of a job. Counts are in an order that knows no sides. In pairs each
// round has one of every side that takes part, and what an interrupt has left without its other
// half stays so. Else they bring each side that takes part to more rounds than the one with fewest
// has now, so that the sides are even after an interrupt.
func (p *plan) turns(it job, n need) (out []turn) {
	var sides []baseline.Side
	for _, side := range p.sides {
		if p.takesPart(it.entry, side, n.against) {
			sides = append(sides, side)
		}
	}
	switch {
	case it.count:
		for wave := range n.rounds {
			for _, side := range sides { // what else the machine does is nothing to a count
				out = append(out, turn{entry: it.entry, count: true, sides: []baseline.Side{side}, wave: wave, wanted: n.wanted})
			}
		}
	case p.paired:
		for wave := range n.rounds {
			t := turn{entry: it.entry, sides: slices.Clone(sides), wave: wave, wanted: n.wanted}
			if n.shuffled {
				t.order = 1 // layout draws it
			}
			out = append(out, t)
		}
	default:
		for _, side := range sides {
			for range p.fewest(it.entry, n.against) + n.rounds - it.entry.tried[side] {
				out = append(out, turn{entry: it.entry, sides: []baseline.Side{side}, wanted: n.wanted})
			}
		}
	}
	return out
}

// layout puts the turns of the increment into a random order, those that count before all others
// so that several can run at a time, and the sides of a pair into one of their own. It depends on
// the seed, on how many rounds the log has already, and on the increment alone.
func (p *plan) layout(inc increment) []turn {
	var turns []turn
	order := func(a, b job) int {
		if c := a.entry.key.Compare(b.entry.key); c != 0 || a.count == b.count {
			return c
		}
		if a.count {
			return 1
		}
		return -1
	}
	for _, it := range slices.SortedFunc(maps.Keys(inc), order) {
		turns = append(turns, p.turns(it, inc[it])...)
	}
	random := rand.New(rand.NewPCG(p.seed, uint64(p.rounds)))
	random.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	if p.paired {
		for i := range turns {
			sides := turns[i].sides
			random.Shuffle(len(sides), func(i, j int) { sides[i], sides[j] = sides[j], sides[i] })
			turns[i].draw = random.IntN(math.MaxInt32)
		}
		inWaves(turns, random)
	}
	slices.SortStableFunc(turns, func(a, b turn) int {
		switch {
		case a.count == b.count:
			return 0
		case a.count:
			return -1
		}
		return 1
	})
	return turns
}

// inWaves gives the turns whose programs are linked in another order that of their wave, and puts
// the turns of a wave together, so that a package is linked once for all of its benchmarks.
func inWaves(turns []turn, random *rand.Rand) {
	orders := map[int]int64{}
	waves := 1
	for _, t := range turns {
		if t.order != 0 {
			waves = max(waves, t.wave+1)
		}
	}
	for wave := range waves {
		orders[wave] = 1 + orderStep*random.Int64N(1<<40)
	}
	shuffled := false
	for i := range turns {
		t := &turns[i]
		if t.order != 0 {
			t.order, shuffled = orders[t.wave], true
		}
	}
	if shuffled {
		slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.wave, b.wave) })
	}
}

// batchSize is how many benchmarks get their first rounds before others begin, where the budget is
// not likely to suffice for all. Evenly spread, a minute gave none of 106 the four pairs that it
// takes to say anything.
const batchSize = 8

// keptBack is the part of the budget that the first increment of pairs leaves for what it raises:
// counts, and fresh pairs of what looks slower.
const keptBack = 4

// bill is what turns are likely to cost.
type bill struct {
	entries []*entry // in the order of their turns
	cost    map[*entry]time.Duration
	wanted  map[*entry]bool
	total   time.Duration
}

func newBill(turns []turn, money *purse) bill {
	b := bill{cost: map[*entry]time.Duration{}, wanted: map[*entry]bool{}}
	for _, t := range turns {
		if _, seen := b.cost[t.entry]; !seen {
			b.entries = append(b.entries, t.entry)
			b.cost[t.entry] = money.looks(t.entry)
			b.total += b.cost[t.entry]
		}
		each := money.estimate(t.entry, t.count) * time.Duration(len(t.sides))
		b.cost[t.entry] += each
		b.total += each
		b.wanted[t.entry] = b.wanted[t.entry] || t.wanted
	}
	return b
}

// inBatches puts turns for which the budget may not suffice so that some benchmarks are done before
// others begin, and what the decision wants before first rounds; kept is what they may not spend.
func inBatches(turns []turn, money *purse, kept time.Duration) {
	b := newBill(turns, money)
	if money.budget <= 0 || !money.paired || b.total <= money.left()-kept {
		return
	}
	batch := map[*entry]int{}
	for _, e := range b.entries {
		if !b.wanted[e] {
			batch[e] = 1 + len(batch)/batchSize
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(batch[a.entry], batch[b.entry]) })
}

// trim takes benchmarks out of what is left of an increment until the rest is likely to be done
// within the budget less what is kept of it: half an increment decides nothing, so it is better to
// give up some benchmarks than to give all of them too little. Those that the decision does not ask
// for go first, of these those of which least was done, of these the dearest. What was measured has
// no say in it.
func trim(turns []turn, done map[*entry]int, money *purse, kept time.Duration) []turn {
	if money.budget <= 0 {
		return turns
	}
	bill := newBill(turns, money)
	left := money.left() - kept
	wanted := func(e *entry) int {
		if bill.wanted[e] {
			return 1
		}
		return 0
	}
	slices.SortFunc(bill.entries, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(wanted(a), wanted(b)), cmp.Compare(done[a], done[b]), cmp.Compare(bill.cost[b], bill.cost[a]), a.key.Compare(b.key))
	})
	gone := map[*entry]bool{}
	for _, e := range bill.entries {
		if bill.total <= left {
			break
		}
		bill.total -= bill.cost[e]
		gone[e] = true
	}
	return slices.DeleteFunc(turns, func(t turn) bool { return gone[t.entry] })
}
