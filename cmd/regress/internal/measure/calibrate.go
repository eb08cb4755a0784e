package measure

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// calibration finds out how the processes of one benchmark are to be run, from a few of them, the
// values of which are thrown away.
type calibration struct {
	*measurement
	entry *entry
	side  baseline.Side
	draw  int
	limit time.Duration // of a process; 0: as of any other
	late  bool          // ctx or the budget has ended one
}

// prepared makes sure that the log says how the processes of a turn are run and, where they are to
// be counted, how their time was spent; false: ctx or the budget came before.
func (m *measurement) prepared(ctx context.Context, t turn, p Progress) (ready bool, err error) {
	e := t.entry
	c := calibration{measurement: m, entry: e, side: m.judged().Side, draw: t.draw}
	if _, has := e.targets[c.side]; !has {
		c.side = t.sides[0]
	}
	if e.method.Slices == 0 {
		p.Side = c.side
		m.progress(p)
		if method := c.find(ctx); !c.late {
			e.method = method
			if len(m.o.Command) == 0 {
				err = m.log.write(method.Mark(e.key))
			}
		}
	}
	if err != nil || c.late || !t.count || e.workTold {
		return !c.late, err
	}
	work := c.work(ctx)
	if c.late {
		return false, nil
	}
	e.workTold = true
	if err := m.log.write(ingest.Work(e.key, work)); err != nil || !work.Children {
		return true, err
	}
	return true, m.uncountable(e, "other processes work for it, which are not counted")
}

// work returns how the benchmark spends its time; nothing where that cannot be seen.
func (c *calibration) work(ctx context.Context) (w baseline.Work) {
	by := c.entry.method
	if by.Counted == 0 {
		return w
	}
	op, few, further := math.Inf(1), max(1, int(workTime/4/countTime)*by.Counted), max(1, int(workTime/countTime)*by.Counted)
	looks := []ingest.Method{{Iterations: few, Slices: 1, One: by.One}, {Iterations: few + further, Slices: 1, One: by.One}}
	if by.Iterations > 0 { // what else runs does not reach all slices
		looks = append(looks, ingest.Method{Iterations: by.Iterations, One: by.One})
	}
	var shots []shot
	for _, look := range looks {
		if look.Slices == 0 {
			look.Slices = trying(shots[0].each(look.Iterations))
		}
		s := c.shoot(ctx, look, nil)
		if !s.ok() {
			return w
		}
		shots, op = append(shots, s), min(op, s.op())
	}
	return share(shots[0].out.Used, shots[1].out.Used, further, op)
}

// find returns the method. A process that fails says nothing here: its rounds will.
func (c *calibration) find(ctx context.Context) ingest.Method {
	whole, err := suite.Benchtime(c.o.Benchtime)
	if len(c.o.Command) > 0 || err != nil || whole == 0 { // iterations: they are what was asked for
		return ingest.Method{Slices: 1, Counted: counting(max(1, c.entry.nsPerOp), 0)}
	}
	first := c.shoot(ctx, ingest.Method{Slices: 1}, nil)
	if !first.ok() {
		return ingest.Method{Slices: 1}
	}
	plain := ingest.Method{Slices: 1, Counted: first.counting(first.op())}
	least := sliceTime
	if first.own == timesOwn {
		least = ownSlice
	}
	iterations, _ := slicing(first.op(), 0, whole, least)
	settled := first.own == othersOwn && first.out.Used.Children // one value, on any processor
	if settled || iterations == 0 || first.spans[0] > longestLook {
		plain.One = c.alone(first) && first.processors() >= busy
		return plain
	}
	freed, ok := c.free(ctx, first.op())
	if !ok {
		return plain
	}
	free := freed.judged
	m := ingest.Method{Iterations: iterations, Slices: trying(free.each(iterations)), One: !freed.parallel && c.alone(free)}
	slower, tries, limit := float64(slowed), 2, time.Second+10*free.out.Wall
	if free.out.Used.Children && len(c.cpus) > 0 {
		m.One, slower, tries, limit = true, together, 1, time.Second/4+2*free.out.Wall
	}
	for range mostTries {
		tried, ok := c.try(ctx, &m, slower*max(first.op(), free.op()), tries, limit)
		if !ok {
			return plain
		}
		op := max(tried.op(), freed.slower) // all sides run as many iterations
		plain.One, plain.Counted = m.One, tried.counting(op)
		next := m
		next.Iterations, next.Slices = slicing(op, tried.setup(), whole, least)
		if first.own == othersOwn || next.Iterations == 0 {
			return plain
		}
		// The time of few iterations can be another one than that of many.
		if m.Iterations <= unlike*next.Iterations && next.Iterations <= unlike*m.Iterations {
			next.Counted = plain.Counted
			c.entry.cost = tried.start + time.Duration(next.Slices)*tried.each(next.Iterations)
			return next
		}
		m.Iterations, m.Slices = next.Iterations, trying(tried.each(next.Iterations))
	}
	plain.One = false
	return plain
}

// try runs a process by m and, where an iteration takes longer than most nanoseconds on one
// processor, or the process longer than limit, on any, which m says then. So many times, since what
// else runs there may be what slows it.
func (c *calibration) try(ctx context.Context, m *ingest.Method, most float64, times int, limit time.Duration) (tried shot, ok bool) {
	c.limit = limit
	defer func() { c.limit = 0 }()
	for range times {
		if m.One {
			tried = c.shoot(ctx, *m, nil)
			if c.late || tried.ok() && tried.op() <= most {
				return tried, tried.ok()
			}
			c.draw++
		}
	}
	c.limit, m.One = 0, false
	tried = c.shoot(ctx, *m, nil)
	return tried, tried.ok()
}

// alone reports whether a benchmark needs one processor and no more.
func (c *calibration) alone(s shot) bool {
	return len(c.cpus) > 0 && !s.out.Used.Children && s.processors() < several
}

// shoot runs one process by a method; one without iterations is a short look.
func (c *calibration) shoot(ctx context.Context, by ingest.Method, env []string) shot {
	return c.shootSide(ctx, c.side, by, env)
}

// shootSide runs one process of a side, with more arguments.
func (c *calibration) shootSide(ctx context.Context, side baseline.Side, by ingest.Method, env []string, args ...string) shot {
	e := c.entry
	got := reading{entry: e, bare: by.One, began: time.Now()}
	var probes []suite.Probe
	if by.One {
		probes, env = append(probes, c.pin(c.draw)), append(env, oneProc)
	}
	long, count := benchtime(by, sliceTime.String())
	limit := func() time.Duration {
		if c.limit > 0 {
			return min(c.limit, c.purse.limit())
		}
		return c.purse.limit()
	}
	target := c.target(e, side, long, count, env...)
	target.Argv = append(slices.Clip(target.Argv), args...)
	out := c.measurement.side(side).Runner.Run(ctx, target, suite.Limit{Of: limit}, got.line, probes...)
	c.late = out.Canceled || out.Killed > 0 && c.purse.empty()
	return got.shot(out)
}

// own says which units a result line has that testing does not print by itself.
type own int

const (
	noneOwn   own = iota
	timesOwn      // times and rates, which mean the same of fewer iterations, but for a percentile of few
	othersOwn     // they may depend on how many iterations there were, as what a leak adds up to does
)

// ownUnits returns what units a result line has.
func ownUnits(line string) (found own) {
	fields := strings.Fields(line)
	for i := 3; i < len(fields); i += 2 {
		switch unit := fields[i]; {
		case unit == "ns/op", unit == "B/op", unit == "allocs/op", unit == "MB/s":
		case strings.HasSuffix(unit, "/s"), strings.HasSuffix(unit, "-ns"), strings.HasSuffix(unit, "-sec"):
			found = max(found, timesOwn)
		default:
			return othersOwn
		}
	}
	return found
}

// oneProc is in the environment of a process that runs on one processor.
var oneProc = fmt.Sprintf("GOMAXPROCS=%d", pinnedProcs)

// pin returns the probe that has a process run on the processor that was drawn.
func (m *measurement) pin(draw int) *suite.Pin { return &suite.Pin{CPU: m.cpus[draw%len(m.cpus)]} }

// target returns a process of one side of a benchmark.
func (m *measurement) target(e *entry, side baseline.Side, benchtime string, count int, env ...string) suite.Target {
	t := e.targets[side]
	if len(m.o.Command) == 0 {
		t.Argv = append(slices.Clip(t.Argv), "-test.benchtime="+benchtime, "-test.count="+strconv.Itoa(count))
	}
	t.Env = env
	return t
}
