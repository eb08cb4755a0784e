package measure

import (
	"cmp"
	"context"
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

// increment is what to run next.
type increment map[*entry]need

// need is how many further rounds, and of which sides: the head and another, or
// all where against is empty.
type need struct {
	rounds  int
	against baseline.Side
}

// due are the rounds that bring every benchmark to Options.Rounds on each
// side that has it, and what is wanted beyond. Benchmarks that the suite does not
// have, or that failed, cannot be run: leaving them out ends the asking.
func (m *measurement) due(wants []Want) increment {
	inc := increment{}
	add := func(e *entry, n need) {
		if e == nil || n.rounds <= 0 || e.broken || e.same != "" && !m.o.All {
			return
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
	for _, e := range m.entries {
		add(e, need{rounds: m.o.Rounds - e.least("")})
	}
	whole := m.entries[baseline.Key{}]
	for _, w := range wants {
		add(cmp.Or(m.entries[baseline.Key{Package: w.Package, Name: w.Name}], whole), need{w.Rounds, w.Against})
	}
	return inc
}

// sides in the order in which they are laid out before the shuffle.
var sides = []baseline.Side{baseline.None, baseline.Base, baseline.Anchor, baseline.Head}

// takesPart says whether a side is run where the head is held against that one.
func (e *entry) takesPart(side, against baseline.Side) bool {
	_, has := e.targets[side]
	return has && (against == "" || side == against || side.Judged())
}

// least is the number of rounds of the side that has fewest, of those that take part.
func (e *entry) least(against baseline.Side) int {
	n := -1
	for side := range e.targets {
		if e.takesPart(side, against) && (n < 0 || e.rounds[side] < n) {
			n = e.rounds[side]
		}
	}
	return n
}

// slots are the processes that bring each side that takes part to more rounds than the
// one with fewest has now. After an interrupt that evens the sides out.
func (e *entry) slots(n need) []slot {
	var out []slot
	for _, side := range sides {
		if !e.takesPart(side, n.against) {
			continue
		}
		for range e.least(n.against) + n.rounds - e.rounds[side] {
			out = append(out, slot{e, side})
		}
	}
	return out
}

// trim takes benchmarks out of what is left of an increment until the rest is
// likely to be done within the budget: half an increment decides nothing, so it
// is better to give up some benchmarks than to give all of them too little. Those
// of which least was done go first, of these the dearest. What was measured has
// no say in it.
func (m *measurement) trim(slots []slot, done map[*entry]int) []slot {
	if m.o.Budget <= 0 {
		return slots
	}
	cost := map[*entry]time.Duration{}
	var total time.Duration
	var entries []*entry
	for _, s := range slots {
		if _, seen := cost[s.entry]; !seen {
			entries = append(entries, s.entry)
		}
		cost[s.entry] += m.estimate(s.entry)
		total += m.estimate(s.entry)
	}
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(done[a], done[b]), cmp.Compare(cost[b], cost[a]), a.key.Compare(b.key))
	})
	gone := map[*entry]bool{}
	for _, e := range entries {
		if total <= m.left() {
			break
		}
		total -= cost[e]
		gone[e] = true
	}
	return slices.DeleteFunc(slots, func(s slot) bool { return gone[s.entry] })
}

// estimate is the time that one process of e is likely to take: as its others
// did, else as expected, times what others took against their expectation.
func (m *measurement) estimate(e *entry) time.Duration {
	if e.ran > 0 {
		return e.spent / time.Duration(e.ran)
	}
	if m.expected == 0 {
		return m.expect(e)
	}
	return time.Duration(float64(m.expect(e)) * float64(m.spent) / float64(m.expected))
}

// expect is what a process of e costs on an idle machine: testing approaches the
// benchtime in growing steps that together cost about half of it again, and an
// iteration cannot be cut short.
func (m *measurement) expect(e *entry) time.Duration {
	d, _ := benchtime(m.o.Benchtime)
	return d*3/2 + time.Duration(2*e.nsPerOp) + 20*time.Millisecond
}

// took notes what a process of e has cost.
func (m *measurement) took(e *entry, wall time.Duration) {
	e.ran++
	e.spent += wall
	m.spent += wall
	m.expected += m.expect(e)
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
// take what is left of the budget and then as much again. The second is for a
// process that was begun just in time.
func (m *measurement) limit() time.Duration {
	if m.o.Budget <= 0 {
		return m.o.Timeout
	}
	return min(m.o.Timeout, max(m.left(), 0)+time.Second)
}

// exec runs a process within the timeout and the budget. late: the budget has ended it, and not the
// timeout, which is no failure of its own.
func (m *measurement) exec(ctx context.Context, t target, idle bool, line func(string)) (out outcome, late bool) {
	out = t.run(ctx, m.limit, idle, line)
	return out, out.killed > 0 && out.killed < m.o.Timeout
}

func sorted(inc increment) []*entry {
	out := make([]*entry, 0, len(inc))
	for e := range inc {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return a.key.Compare(b.key) })
	return out
}
