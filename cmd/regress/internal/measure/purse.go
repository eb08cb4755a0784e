package measure

import (
	"fmt"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
)

// purse is the time that may be spent, and what has been.
type purse struct {
	budget    time.Duration // 0: none
	timeout   time.Duration // of one process
	benchtime string
	paired    bool // a few processes of each benchmark come before its rounds
	begin     time.Time
	real      time.Duration // of all rounds
	expected  time.Duration // what they would have cost on an idle machine
	counting  time.Duration // that passed while processes were counted, several at a time
	counted   int           // how many these are
}

// left of the budget; meaningless without one.
func (p *purse) left() time.Duration { return p.budget - time.Since(p.begin) }

// empty reports whether the budget is used up.
func (p *purse) empty() bool { return p.budget > 0 && p.left() <= 0 }

// spent is why nothing more is measured.
func (p *purse) spent() string { return fmt.Sprintf("budget of %v", p.budget) }

// limit is how long a process may take now: a benchmark that hangs must not
// take what is left of the budget and then as much again. The second is for a
// process that was begun just in time.
func (p *purse) limit() time.Duration {
	if p.budget <= 0 {
		return p.timeout
	}
	return min(p.timeout, max(p.left(), 0)+time.Second)
}

// late reports whether the budget has ended a process, and not the timeout, which is no failure of
// its own.
func (p *purse) late(out suite.Outcome) bool { return out.Killed > 0 && out.Killed < p.timeout }

// estimate is the time that one process of e is likely to take: as its others
// did, else as expected, times what others took against their expectation. A count takes as long as
// those of other benchmarks did.
func (p *purse) estimate(e *entry, count bool) time.Duration {
	switch {
	case count && p.counted > 0:
		return p.counting / time.Duration(p.counted)
	case count:
		return firstCount
	case e.ran > 0:
		return e.spent / time.Duration(e.ran)
	case p.expected == 0:
		return p.expect(e)
	}
	// However quick others were, an iteration cannot be cut short.
	return max(time.Duration(e.nsPerOp), time.Duration(float64(p.expect(e))*float64(p.real)/float64(p.expected)))
}

// looks is what finding out how to run e is likely to cost before its first pair.
func (p *purse) looks(e *entry) time.Duration {
	if !p.paired || e.method.Slices > 0 {
		return 0
	}
	const processes = 3
	return processes * p.expect(e)
}

// firstCount is what counting one process is expected to take: hardly more than the start of an
// emulator and of the runtime below it.
const firstCount = 300 * time.Millisecond

// expect is what a process of e costs on an idle machine: as the calibration has seen, or else
// testing approaches the benchtime in growing steps that together cost about half of it again, and
// an iteration cannot be cut short.
func (p *purse) expect(e *entry) time.Duration {
	if e.cost > 0 {
		return e.cost
	}
	d, _ := suite.Benchtime(p.benchtime)
	return d*3/2 + time.Duration(2*e.nsPerOp) + 20*time.Millisecond
}

// took notes what a process of e has cost.
func (p *purse) took(e *entry, wall time.Duration) {
	e.ran++
	e.spent += wall
	p.real += wall
	p.expected += p.expect(e)
}
