// Package retention says which runs a store can forget without losing what it is kept for. A Plan
// is made of the runs and points of one project; it keeps
//
//   - what is young, and the newest runs of each branch and class of machine;
//   - the runs on both sides of each change point of pkg/gate/trend, as many as it takes for the
//     change to be found among what is left, in the same range of commits;
//   - the anchors that were measured beside a run that is kept, sessions in which the anchor moved
//     on, which link the ratios to both, and the runs of a commit that is an anchor.
//
// It looks at values as they are and at their ratios to each anchor. Whole runs are kept or
// forgotten: a run is one text.
package retention

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// Policy says what may go: a run that is neither among the newest nor young.
type Policy struct {
	Keep   int       // newest runs of each branch and class of machine
	Before time.Time // only runs that began before; the zero time: however young
}

// Reason says why a run is kept.
type Reason int

// The reasons, of which the first that holds counts.
const (
	Forgotten Reason = iota // it is not kept
	Newest                  // of its branch and class of machine
	Young                   // or of unknown age
	Linked                  // it belongs to an anchor: see the package
	Change                  // near a change point
)

// Plan collects the runs and points of a project.
type Plan struct {
	policy Policy
	runs   []baseline.RunInfo
	index  map[string]int // of a run, by its ID
	order  []int          // of its commit on its branch, by run
	why    []Reason       // by run
	series map[name]*course
}

// name tells apart what has a course of its own.
type name struct {
	baseline.Key
	branch      string
	fingerprint string // class of machine; empty where values are ratios
	anchor      string // commit that they are ratios to; empty where they are not
}

// course is one series.
type course struct {
	points []point
	near   int // points that are kept on both sides of each change
}

type point struct {
	run   int
	value float64
}

// New returns a plan for these runs, anchors included.
func New(policy Policy, runs []baseline.RunInfo) *Plan {
	p := &Plan{policy: policy, runs: runs, index: map[string]int{}, why: make([]Reason, len(runs)), series: map[name]*course{}}
	for i, r := range runs {
		p.index[r.ID] = i
	}
	p.order = orders(runs)
	return p
}

// Add adds a point of the history. One of a run that the plan was not made of, because it
// was put just now, is left out, as that run is.
func (p *Plan) Add(b baseline.Beside) {
	run, ok := p.index[b.RunID]
	if !ok {
		return
	}
	p.add(name{Key: b.Key, branch: b.Branch, fingerprint: b.Fingerprint}, point{run, b.Center})
	for _, anchor := range b.Anchors {
		if ratio := b.Center / anchor.Center; !math.IsNaN(ratio) && !math.IsInf(ratio, 0) {
			p.add(name{Key: b.Key, branch: b.Branch, anchor: anchor.Commit}, point{run, ratio})
		}
	}
}

func (p *Plan) add(of name, at point) {
	if at.value < 0 { // it has no course
		return
	}
	c := p.series[of]
	if c == nil {
		c = &course{near: leastNear}
		p.series[of] = c
	}
	c.points = append(c.points, at)
}

// orders returns the place of each run's commit on its branch: that in first-parent order where it
// is known of all of them, else by the time at which the commit was first measured.
func orders(runs []baseline.RunInfo) []int {
	type commit struct{ branch, id string }
	first := map[commit]time.Time{}
	placed := map[string]bool{} // by branch
	for _, r := range runs {
		at := commit{r.Branch, r.Commit}
		if t, ok := first[at]; !ok || r.Time.Before(t) {
			first[at] = r.Time
		}
		if r.Side != baseline.Anchor {
			known, seen := placed[r.Branch]
			placed[r.Branch] = (known || !seen) && r.Facts.Place > 0
		}
	}
	commits := make([]commit, 0, len(first))
	for at := range first {
		commits = append(commits, at)
	}
	slices.SortFunc(commits, func(a, b commit) int { return cmp.Or(first[a].Compare(first[b]), cmp.Compare(a.id, b.id)) })
	place := map[commit]int{}
	for i, at := range commits {
		place[at] = i
	}
	out := make([]int, len(runs))
	for i, r := range runs {
		if out[i] = place[commit{r.Branch, r.Commit}]; placed[r.Branch] {
			out[i] = r.Facts.Place
		}
	}
	return out
}

// Result is what a plan comes to.
type Result struct {
	Forget []baseline.RunInfo // oldest first
	Kept   map[Reason]int     // how many runs, by why
}

// Decide returns which runs can go. Each of them can go by itself: where a removal is cut off,
// what is left has all that is to be kept.
func (p *Plan) Decide() Result {
	p.keepNewest()
	p.keepAnchors()
	p.keepChanges()
	p.keepSessions()
	out := Result{Kept: map[Reason]int{}}
	for i, why := range p.why {
		if out.Kept[why]++; why == Forgotten {
			out.Forget = append(out.Forget, p.runs[i])
		}
	}
	delete(out.Kept, Forgotten)
	slices.SortStableFunc(out.Forget, func(a, b baseline.RunInfo) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
	return out
}

// keep keeps run i, and says why unless it is kept already.
func (p *Plan) keep(i int, why Reason) {
	if p.why[i] == Forgotten {
		p.why[i] = why
	}
}

// keepNewest keeps what is young or among the newest. Anchors go with the runs beside them.
func (p *Plan) keepNewest() {
	newest := make([]int, 0, len(p.runs))
	for i, r := range p.runs {
		if r.Side != baseline.Anchor {
			newest = append(newest, i)
		}
	}
	slices.SortStableFunc(newest, func(a, b int) int { return p.runs[b].Time.Compare(p.runs[a].Time) })
	type class struct{ branch, fingerprint string }
	have := map[class]int{}
	for _, i := range newest {
		r := p.runs[i]
		of := class{r.Branch, r.Fingerprint}
		switch {
		case r.Time.IsZero():
			p.keep(i, Young)
		case have[of] < p.policy.Keep:
			have[of]++
			p.keep(i, Newest)
		case !p.policy.Before.IsZero() && !r.Time.Before(p.policy.Before):
			p.keep(i, Young)
		}
	}
}

// keepAnchors keeps sessions with two anchors, and the runs of commits that are anchors.
func (p *Plan) keepAnchors() {
	anchors := map[string]bool{}  // commits
	beside := map[string]string{} // the anchor of a session
	links := map[string]bool{}    // sessions
	for _, r := range p.runs {
		if r.Side != baseline.Anchor || r.Session == "" {
			continue
		}
		anchors[r.Commit] = true
		if other, ok := beside[r.Session]; ok && other != r.Commit {
			links[r.Session] = true
		}
		beside[r.Session] = r.Commit
	}
	for i, r := range p.runs {
		if links[r.Session] && r.Session != "" || r.Side != baseline.Anchor && anchors[r.Commit] {
			p.keep(i, Linked)
		}
	}
}

// keepSessions keeps the anchors beside runs that are kept.
func (p *Plan) keepSessions() {
	kept := map[string]bool{} // sessions
	for i, r := range p.runs {
		if r.Side != baseline.Anchor && r.Session != "" && p.why[i] != Forgotten {
			kept[r.Session] = true
		}
	}
	for i, r := range p.runs {
		if r.Side == baseline.Anchor && (kept[r.Session] || r.Session == "") {
			p.keep(i, Linked)
		}
	}
}
