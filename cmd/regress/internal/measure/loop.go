package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// loop runs what is wanted until nothing more is, or there is a reason to stop. What the budget
// left without its first rounds is tried again as long as there is time: Next does not know of it.
func (m *measurement) loop(ctx context.Context) (stopped string, err error) {
	first := m.plan.due(nil) // none: gone on from a log that has the first rounds
	spent, err := m.until(ctx, func() (inc increment, err error) {
		if inc, first = first, nil; len(inc) > 0 {
			return inc, nil
		}
		return m.ask()
	})
	if spent {
		return m.purse.spent(), err
	}
	return interrupted(ctx), err
}

// spare runs what Spare asks for, until it asks for nothing or the budget does not suffice, which
// is told and ends no measurement: all that was wanted is there.
func (m *measurement) spare(ctx context.Context) (stopped string, err error) {
	if m.o.Spare == nil || !m.plan.counts {
		return "", nil
	}
	spent, err := m.until(ctx, func() (increment, error) {
		log, err := readLog(m.log.text.Bytes())
		if err != nil {
			return nil, err
		}
		inc := m.plan.wanted(m.o.Spare(log))
		return inc, m.iterations(log, inc)
	})
	if spent {
		return "", m.log.once(ingest.Warning(fmt.Sprintf("the %s left no time to count the instructions of all benchmarks", m.purse.spent())))
	}
	return interrupted(ctx), err
}

// until alternates between asking and running until nothing is asked for or ctx ends; spent: the
// budget does not suffice for any more of it.
func (m *measurement) until(ctx context.Context, ask func() (increment, error)) (spent bool, err error) {
	for ctx.Err() == nil {
		inc, err := ask()
		if err != nil || len(inc) == 0 {
			return false, err
		}
		ran, short, err := m.block(ctx, inc)
		if err != nil {
			return false, err
		}
		if short && ran == 0 && ctx.Err() == nil {
			return true, nil
		}
	}
	return false, nil
}

// interrupted returns why a measurement stopped whose ctx has ended; empty: it has not.
func interrupted(ctx context.Context) string {
	if ctx.Err() != nil {
		return "interrupt"
	}
	return ""
}

// ask returns what is to be run next, as the log stands now.
func (m *measurement) ask() (increment, error) {
	if m.o.Next == nil {
		return m.plan.due(nil), nil
	}
	log, err := readLog(m.log.text.Bytes())
	if err != nil {
		return nil, err
	}
	return m.plan.due(m.o.Next(log)), nil
}

// block runs one increment in random order; short is set when the budget did
// not suffice for all of it.
func (m *measurement) block(ctx context.Context, inc increment) (ran int, short bool, err error) {
	turns := m.plan.layout(inc)
	var kept time.Duration
	if m.plan.paired && m.plan.rounds == 0 {
		kept = m.purse.budget / keptBack
	}
	inBatches(turns, &m.purse, kept)
	done := map[*entry]int{}
	var looked time.Time
	for ctx.Err() == nil {
		if time.Since(looked) > time.Second {
			all := len(turns)
			turns = trim(turns, done, &m.purse, kept)
			short = short || len(turns) < all
			looked = time.Now()
		}
		if len(turns) == 0 {
			break
		}
		all := 0
		for _, t := range turns {
			all += len(t.sides)
		}
		p := Progress{Phase: Measuring, Step: turns[0].entry.key.Name, Done: ran, Total: ran + all, Undecided: len(inc)}
		var did []*entry
		now := m.together(turns)
		if turns[0].count {
			did, err = m.count(ctx, now, p)
		} else {
			did, err = m.turn(ctx, now[0], p)
		}
		turns = turns[len(now):]
		for _, e := range did {
			ran++
			done[e]++
		}
		if err != nil {
			return ran, short, err
		}
	}
	return ran, short, nil
}

// together returns those of the turns that come next that are run at the same time. What else runs
// does not change a count, so that there is one for each processor; each may take up to a gigabyte
// of memory.
func (m *measurement) together(turns []turn) []turn {
	const most = 4
	n := 1
	for turns[0].count && n < min(len(turns), len(m.cpus), most) && turns[n].count {
		n++
	}
	return turns[:n]
}

// turn times the processes of one turn and returns what each was of.
func (m *measurement) turn(ctx context.Context, t turn, p Progress) (did []*entry, err error) {
	e := t.entry
	if m.runnable(t) == 0 {
		return nil, nil
	}
	if m.plan.paired {
		if ready, err := m.prepared(ctx, t, p); !ready || err != nil {
			return nil, err
		}
	}
	if err := m.relink(ctx, t); err != nil {
		return nil, err
	}
	pair := e.last + 1
	for _, side := range t.sides {
		if ctx.Err() != nil || !m.runs(e, side) {
			continue
		}
		number := pair
		if !m.plan.paired {
			number = e.rounds[side] + 1
		}
		m.tell(p, side, number)
		if err := m.round(ctx, t, side, number); err != nil {
			return did, err
		}
		p.Done++
		did = append(did, e)
	}
	return did, nil
}

// tell reports the process that comes next.
func (m *measurement) tell(p Progress, side baseline.Side, number int) {
	p.Side, p.Round = side, number
	if m.o.Budget > 0 {
		p.Left = m.purse.left()
	}
	m.progress(p)
}

// runs reports whether a side of e is still run: it may have been given up since its turn was
// planned.
func (m *measurement) runs(e *entry, side baseline.Side) bool {
	_, has := e.targets[side]
	return has && !e.broken
}

// runnable is how many sides of a turn are still run.
func (m *measurement) runnable(t turn) (n int) {
	for _, side := range t.sides {
		if m.runs(t.entry, side) {
			n++
		}
	}
	return n
}
