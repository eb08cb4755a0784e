package measure

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// plan is which processes are run, and in which order.
type plan struct {
	sides   []baseline.Side // as they are laid out before the shuffle, the judged one last
	entries map[baseline.Key]*entry
	seed    uint64
	rounds  int  // in the log, resumed ones included
	least   int  // of each side before anything is asked
	all     bool // also what is the same
}

// entry is one benchmark. A command that runs its whole suite in one process
// has a single entry with an empty key.
type entry struct {
	key     baseline.Key // Unit empty
	run     string       // name by which testing selects it: with "Benchmark", without -procs
	targets map[baseline.Side]suite.Target
	rounds  map[baseline.Side]int // with a result
	tried   map[baseline.Side]int // with or without one
	nsPerOp float64               // of one iteration, from the survey
	spent   time.Duration         // of all its processes
	ran     int                   // processes
	hung    int                   // of them, ended by the timeout
	broken  bool                  // not run again
	same    bool                  // the code is the same on the first other side
}

// entry returns that of a key, and makes it where it is new.
func (p *plan) entry(key baseline.Key) *entry {
	e := p.entries[key]
	if e == nil {
		e = &entry{key: key, targets: map[baseline.Side]suite.Target{}, rounds: map[baseline.Side]int{}, tried: map[baseline.Side]int{}}
		p.entries[key] = e
	}
	return e
}

// slot is one process to run.
type slot struct {
	entry *entry
	side  baseline.Side
}

// increment is what to run next.
type increment map[*entry]need

// need is how many further rounds, and of which sides: the head and another, or
// all where against is empty.
type need struct {
	rounds  int
	against baseline.Side
	wanted  bool // by the decision
}

// due are the rounds that bring every benchmark to the least number on each
// side that has it, and what is wanted beyond. A round that failed counts: how
// often it fails is for the decision to weigh, which asks for more. Benchmarks
// that the suite does not have, or that were given up, cannot be run: leaving
// them out ends the asking.
func (p *plan) due(wants []baseline.Want) increment {
	inc := increment{}
	add := func(e *entry, n need) {
		if e == nil || n.rounds <= 0 || e.broken || e.same && !p.all {
			return
		}
		if _, has := e.targets[p.sides[len(p.sides)-1]]; n.wanted && !has {
			return // without a head there is nothing to weigh
		}
		if _, has := e.targets[n.against]; n.against != "" && !has {
			return // it failed there, and the decision has not heard of it yet
		}
		if old, planned := inc[e]; planned {
			n.rounds = max(n.rounds, old.rounds)
			if old.against != n.against {
				n.against = ""
			}
		}
		inc[e] = n
	}
	for e := range maps.Values(p.entries) {
		add(e, need{rounds: p.least - p.fewest(e, "")})
	}
	whole := p.entries[baseline.Key{}]
	for _, w := range wants {
		add(cmp.Or(p.entries[baseline.Key{Package: w.Package, Name: w.Name}], whole), need{rounds: w.Rounds, against: w.Against, wanted: true})
	}
	return inc
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

// slots are the processes that bring each side that takes part to more rounds than the
// one with fewest has now. After an interrupt that evens the sides out.
func (p *plan) slots(e *entry, n need) []slot {
	var out []slot
	for _, side := range p.sides {
		if !p.takesPart(e, side, n.against) {
			continue
		}
		for range p.fewest(e, n.against) + n.rounds - e.tried[side] {
			out = append(out, slot{e, side})
		}
	}
	return out
}

// layout puts every process of the increment into one random order. It depends on
// the seed, on how many rounds the log has already, and on the increment alone.
func (p *plan) layout(inc increment) []slot {
	var slots []slot
	for _, e := range slices.SortedFunc(maps.Keys(inc), func(a, b *entry) int { return a.key.Compare(b.key) }) {
		slots = append(slots, p.slots(e, inc[e])...)
	}
	random := rand.New(rand.NewPCG(p.seed, uint64(p.rounds)))
	random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	return slots
}

// trim takes benchmarks out of what is left of an increment until the rest is
// likely to be done within the budget: half an increment decides nothing, so it
// is better to give up some benchmarks than to give all of them too little. Those
// of which least was done go first, of these the dearest. What was measured has
// no say in it.
func trim(slots []slot, done map[*entry]int, money *purse) []slot {
	if money.budget <= 0 {
		return slots
	}
	cost := map[*entry]time.Duration{}
	var total time.Duration
	var entries []*entry
	for _, s := range slots {
		if _, seen := cost[s.entry]; !seen {
			entries = append(entries, s.entry)
		}
		cost[s.entry] += money.estimate(s.entry)
		total += money.estimate(s.entry)
	}
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(done[a], done[b]), cmp.Compare(cost[b], cost[a]), a.key.Compare(b.key))
	})
	gone := map[*entry]bool{}
	for _, e := range entries {
		if total <= money.left() {
			break
		}
		total -= cost[e]
		gone[e] = true
	}
	return slices.DeleteFunc(slots, func(s slot) bool { return gone[s.entry] })
}
