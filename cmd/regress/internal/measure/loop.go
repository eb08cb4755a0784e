package measure

import (
	"context"
	"time"
)

// loop alternates between running and asking until nothing is wanted, or there
// is a reason to stop. What the budget left without its first rounds is tried
// again as long as there is time: Next does not know of it.
func (m *measurement) loop(ctx context.Context) (stopped string, err error) {
	inc := m.plan.due(nil)
	for {
		if len(inc) == 0 && ctx.Err() == nil {
			return "", nil
		}
		ran, short, err := m.block(ctx, inc)
		switch {
		case err != nil:
			return "", err
		case ctx.Err() != nil:
			return "interrupt", nil
		case short && ran == 0:
			return m.purse.spent(), nil
		case m.o.Next == nil:
			inc = m.plan.due(nil)
			continue
		}
		log, err := readLog(m.log.text.Bytes())
		if err != nil {
			return "", err
		}
		inc = m.plan.due(m.o.Next(log))
	}
}

// block runs one increment in random order; short is set when the budget did
// not suffice for all of it.
func (m *measurement) block(ctx context.Context, inc increment) (ran int, short bool, err error) {
	slots := m.plan.layout(inc)
	done := map[*entry]int{}
	var looked time.Time
	for ctx.Err() == nil {
		if time.Since(looked) > time.Second {
			all := len(slots)
			slots = trim(slots, done, &m.purse)
			short = short || len(slots) < all
			looked = time.Now()
		}
		if len(slots) == 0 {
			break
		}
		s := slots[0]
		slots = slots[1:]
		if s.entry.broken {
			continue
		}
		if _, has := s.entry.targets[s.side]; !has {
			continue // given up at an older commit
		}
		p := Progress{
			Phase: Measuring, Step: s.entry.key.Name, Side: s.side, Round: s.entry.rounds[s.side] + 1,
			Done: ran, Total: ran + len(slots) + 1, Undecided: len(inc),
		}
		if m.o.Budget > 0 {
			p.Left = m.purse.left()
		}
		m.progress(p)
		if err := m.round(ctx, s); err != nil {
			return ran, short, err
		}
		ran++
		done[s.entry]++
	}
	return ran, short, nil
}
