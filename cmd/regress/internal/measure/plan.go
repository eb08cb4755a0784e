package measure

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// slot is one process to run.
type slot struct {
	entry *entry
	side  baseline.Side
}

// increment is what to run next: how many further rounds of each side.
type increment map[*entry]int

// translate turns wants into an increment. Benchmarks that the suite does not
// have, or that failed, cannot be run: leaving them out ends the asking.
func (m *measurement) translate(wants []Want) increment {
	inc := increment{}
	whole := m.entries[baseline.Key{}]
	for _, w := range wants {
		e := m.entries[baseline.Key{Package: w.Package, Name: w.Name}]
		if e == nil {
			e = whole
		}
		if e != nil && !e.broken && w.Rounds > 0 && (e.same == "" || m.o.All) {
			inc[e] = max(inc[e], w.Rounds)
		}
	}
	return inc
}

// first is the increment before anybody is asked: as many rounds of every
// benchmark as bring each side that has it to Options.Rounds.
func (m *measurement) first() increment {
	inc := increment{}
	for _, e := range m.entries {
		if more := m.o.Rounds - e.least(); more > 0 && !e.broken && (e.same == "" || m.o.All) {
			inc[e] = more
		}
	}
	return inc
}

// sides in the order in which they are laid out before the shuffle.
var sides = []baseline.Side{baseline.None, baseline.Base, baseline.Head}

// least is the number of rounds of the side that has fewest.
func (e *entry) least() int {
	n := -1
	for side := range e.targets {
		if n < 0 || e.rounds[side] < n {
			n = e.rounds[side]
		}
	}
	return n
}

// slots are the processes that bring each side to more rounds than the side
// with fewest has now. After an interrupt that evens the sides out.
func (e *entry) slots(more int) []slot {
	var out []slot
	for _, side := range sides {
		if _, ok := e.targets[side]; !ok {
			continue
		}
		for range e.least() + more - e.rounds[side] {
			out = append(out, slot{e, side})
		}
	}
	return out
}

// fit takes benchmarks out of inc, the dearest first, until the rest is likely
// to be done in time: as many benchmarks as possible get a whole increment, since
// half an increment decides nothing.
func (m *measurement) fit(inc increment) {
	if m.o.Budget <= 0 {
		return
	}
	cost := func(e *entry) time.Duration { return time.Duration(len(e.slots(inc[e]))) * m.estimate(e) }
	entries := sorted(inc)
	slices.SortStableFunc(entries, func(a, b *entry) int { return int(cost(b) - cost(a)) })
	var total time.Duration
	for _, e := range entries {
		total += cost(e)
	}
	for _, e := range entries {
		if total <= m.left() {
			return
		}
		total -= cost(e)
		delete(inc, e)
	}
}

// estimate is the time that one process of e is likely to take.
func (m *measurement) estimate(e *entry) time.Duration {
	if e.ran > 0 {
		return time.Duration(e.spent / float64(e.ran) * float64(time.Second))
	}
	// testing approaches the benchtime in growing steps that together cost about
	// half of it again, and an iteration cannot be cut short.
	d, _ := benchtime(m.o.Benchtime)
	return d*3/2 + time.Duration(2*e.nsPerOp) + 20*time.Millisecond
}

// layout puts every process of the increment into one random order. It depends on
// the seed, on how many rounds the log has already, and on the increment alone.
func (m *measurement) layout(inc increment) []slot {
	var slots []slot
	for _, e := range sorted(inc) {
		slots = append(slots, e.slots(inc[e])...)
	}
	random := rand.New(rand.NewPCG(m.o.Seed, uint64(m.rounds)))
	random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	return slots
}

// left of the budget; meaningless without one.
func (m *measurement) left() time.Duration { return m.o.Budget - time.Since(m.begin) }

// limit is how long a process may take now: a benchmark that hangs must not
// take the budget with it and then as much again. The second is for a process that was
// begun just in time.
func (m *measurement) limit() time.Duration {
	if m.o.Budget <= 0 {
		return m.o.Timeout
	}
	return min(m.o.Timeout, max(m.left(), 0)+time.Second)
}

func sorted(inc increment) []*entry {
	out := make([]*entry, 0, len(inc))
	for e := range inc {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return a.key.Compare(b.key) })
	return out
}
