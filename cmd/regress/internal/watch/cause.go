package watch

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/trend"
)

const (
	enoughRuns  = 3    // certainly behind a step before anybody is told
	slack       = 1    // measured commits between two ranges that can still be one: a move by two
	fewOfMany   = 4    // a cause with at most a fourth of its neighbour's series is counted with it
	mostReach   = 20   // measured commits that noise moves a step at most
	reachFactor = 30   // times (noise/step)²: how far it moves one, nearly always
	falseAlarm  = .025 // chance that noise alone makes a step, over all places and all series of a page
	DefaultDays = 60
	DefaultMost = 10
)

// Input is what is looked at.
type Input struct {
	Page      course.Page
	Project   string                               // as the store calls it
	Key       string                               // tells suites of one repository apart; empty: the only one
	Direction func(unit string) baseline.Direction // which way a unit improves
	Waivers   []gate.Waiver
	Today     time.Time
	Days      int // how old the newest suspect of a new alert may be; 0: DefaultDays
	Most      int // how many alerts may be open; 0: DefaultMost
	Words     Words
	Owners    []Owner
}

// Owner says who is mentioned where a benchmark became worse; of several that match it the first
// one counts.
type Owner struct {
	Benchmark *regexp.Regexp // of "package.Name", unanchored; nil: every benchmark
	Handles   []string       // such as "@jane", and nothing that Markdown or a forge takes for more
}

// State says what became of a series that a cause made worse.
type State string

// The states of a series.
const (
	Worse     State = "worse"     // it still is
	Recovered State = "recovered" // less than half of the step is left
	Waived    State = "waived"    // a waiver of regress.toml accepts it
)

// Step is one series that a cause made worse.
type Step struct {
	trend.Step
	State  State
	Level  float64     // of the series now, in the unit of the values
	Runs   int         // that are certainly behind the step, and at its level
	Chance float64     // p of the step times the places that its series has: of noise making it
	Reach  int         // how many measured commits noise may have moved it
	Waiver gate.Waiver // of a waived one
	Back   int         // of a recovered one: place among Page.Commits where it came back, at the latest
}

// Cause is what made series worse. After, By and Order are places among Page.Commits.
type Cause struct {
	After, By int    // one of the commits behind After, up to and including By
	Order     int    // the likeliest
	Steps     []Step // largest first
	Better    int    // how many series it made better
	Moved     bool   // what measures changed too, at most of the steps
}

// Alive returns the steps that are still worse.
func (c Cause) Alive() (out []Step) {
	for _, s := range c.Steps {
		if s.State == Worse {
			out = append(out, s)
		}
	}
	return out
}

// looker is an Input with what is looked up in it often.
type looker struct {
	Input
	place  map[string]int // of a commit among Page.Commits
	rank   []int          // of each commit: how many measured ones there are up to it
	series map[course.Name]*course.Series
}

func (in Input) looker() *looker {
	l := &looker{Input: in, place: map[string]int{}, series: map[course.Name]*course.Series{}}
	for i, c := range in.Page.Commits {
		l.place[c.ID] = i
	}
	for i := range in.Page.Series {
		s := &in.Page.Series[i]
		l.series[course.Name{Key: s.Key, Fingerprint: s.Fingerprint}] = s
	}
	l.rank = make([]int, len(in.Page.Commits))
	n := 0
	for i, measured := range in.Page.Measured {
		if measured {
			n++
		}
		l.rank[i] = n
	}
	return l
}

// apart returns how many measured commits lie between two ranges, each behind after and up to by;
// negative where they overlap.
func (l *looker) apart(after, by, otherAfter, otherBy int) int {
	return max(l.rank[after], l.rank[otherAfter]) - min(l.rank[by], l.rank[otherBy])
}

// causes returns all that made series worse, the largest first.
func (l *looker) causes() []Cause {
	var out []Cause
	for _, from := range l.Page.Causes {
		c := Cause{After: from.After, By: from.By, Order: from.Order}
		for _, s := range from.Steps {
			s.Direction = l.Direction(s.Key.Unit)
			switch {
			case s.Worse():
				c.Steps = append(c.Steps, l.step(s))
			case s.Better():
				c.Better++
			}
		}
		if len(c.Steps) > 0 {
			c.arrange()
			out = append(out, c)
		}
	}
	out = l.joined(out)
	slices.SortStableFunc(out, func(a, b Cause) int { return cmp.Or(-cmp.Compare(a.size(), b.size()), cmp.Compare(a.By, b.By)) })
	return out
}

// step returns a step with what became of its series.
func (l *looker) step(s trend.Step) Step {
	of := l.series[course.Name{Key: s.Key, Fingerprint: s.Fingerprint}]
	out := Step{
		Step: s, State: Worse, Level: s.Change.To, Runs: behind(of, s.Change),
		Chance: s.Change.P * float64(len(of.Points)) / 2,
	}
	if ratio := of.Trend.Noise / out.weight(); ratio > 0 {
		out.Reach = int(min(mostReach, reachFactor*ratio*ratio))
	}
	if latest, ok := of.Trend.Latest(); ok {
		out.Level = latest.Level
	}
	if place, ok := back(of, s.Change); ok {
		out.State, out.Back = Recovered, place
		return out
	}
	for _, w := range l.Waivers {
		if w.Series != nil && w.Series.MatchString(s.Key.String()) && l.Today.Before(w.Expires) && out.worsening() <= w.Ceiling {
			out.State, out.Waiver = Waived, w
			return out
		}
	}
	return out
}

// behind returns how many runs are certainly behind a step, up to the next one, and nearer to its
// level than to the one before. Of a new step the detector takes three for behind it, and may be
// one early.
func behind(of *course.Series, c trend.Change) (runs int) {
	end := len(of.Points)
	for _, later := range of.Trend.Changes {
		if later.At > c.At {
			end = min(end, later.At)
		}
	}
	half := (c.From + c.To) / 2
	for _, p := range of.Points[min(c.Last, end):end] {
		if (p.Value < half) == (c.To < half) {
			runs++
		}
	}
	return runs
}

// back returns the last commit of those that may have brought a series back behind the middle of a
// step, the first time; false where it never came back. What makes it worse later is another cause.
func back(of *course.Series, c trend.Change) (place int, ok bool) {
	half := (c.From + c.To) / 2
	for _, later := range of.Trend.Changes {
		if later.At > c.At && (later.To < half) == (c.From < half) {
			return later.By, true
		}
	}
	return 0, false
}

// worsening returns the relative size of a step, infinite from or to nothing.
func (s Step) worsening() float64 {
	if math.IsNaN(s.Change.Shift) {
		return math.Inf(1)
	}
	return math.Abs(math.Expm1(s.Change.Shift))
}

// weight returns how large a step is: |natural logarithm|, 1 from or to nothing.
func (s Step) weight() float64 {
	if math.IsNaN(s.Change.Shift) {
		return 1
	}
	return math.Abs(s.Change.Shift)
}

// size returns the sum of the steps.
func (c Cause) size() (sum float64) {
	for _, s := range c.Steps {
		sum += s.weight()
	}
	return sum
}

// arrange puts the steps in order and says whether what measures moved at most of them. Steps that
// look alike are in the order of their names, so that an alert does not change with every run.
func (c *Cause) arrange() {
	shown := func(s Step) float64 { return math.Round(1000 * s.weight()) }
	slices.SortStableFunc(c.Steps, func(a, b Step) int {
		return cmp.Or(-cmp.Compare(shown(a), shown(b)), a.Key.Compare(b.Key), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	moved := 0
	for _, s := range c.Steps {
		if s.Change.Environment != nil {
			moved++
		}
	}
	c.Moved = 2*moved > len(c.Steps)
}

// reach returns how many measured commits noise may have moved all steps of a cause.
func (c Cause) reach() int {
	return slices.MinFunc(c.Steps, func(a, b Step) int { return cmp.Compare(a.Reach, b.Reach) }).Reach
}

// joined returns the causes with those counted with a larger neighbour that may be the same: noise
// moves a small step by a few commits, and of fifty series that one commit made worse, the range of
// one or two misses it.
func (l *looker) joined(all []Cause) []Cause {
	slices.SortStableFunc(all, func(a, b Cause) int { return -cmp.Compare(len(a.Steps), len(b.Steps)) })
	var out []Cause
	for _, c := range all {
		best, nearest := -1, 0
		for i, o := range out {
			far := c.reach() + o.reach()
			if len(c.Steps)*fewOfMany <= len(o.Steps) {
				far += slack
			}
			if apart := l.apart(c.After, c.By, o.After, o.By); apart <= far && (best < 0 || apart < nearest) && !o.shares(c) {
				best, nearest = i, apart
			}
		}
		if best < 0 {
			out = append(out, c)
			continue
		}
		out[best].Steps, out[best].Better = append(out[best].Steps, c.Steps...), out[best].Better+c.Better
		out[best].arrange()
	}
	return out
}

// shares reports whether two causes have a series in common: then they are two.
func (c Cause) shares(other Cause) bool {
	mine := map[course.Name]bool{}
	for _, s := range c.Steps {
		mine[s.name()] = true
	}
	return slices.ContainsFunc(other.Steps, func(s Step) bool { return mine[s.name()] })
}

// merged returns several causes as one, whose range holds all of theirs; of a series that occurs
// twice the larger step stays. There is at least one.
func merged(all []Cause) Cause {
	out := all[0]
	if len(all) == 1 {
		return out
	}
	steps := map[course.Name]Step{}
	for _, c := range all {
		out.After, out.By = min(out.After, c.After), max(out.By, c.By)
		for _, s := range c.Steps {
			name := s.name()
			if have, ok := steps[name]; !ok || have.weight() < s.weight() {
				steps[name] = s
			}
		}
	}
	out.Better = 0
	for _, c := range all {
		out.Better += c.Better
	}
	out.Steps = slices.Collect(maps.Values(steps))
	out.arrange()
	return out
}
