package retention

import (
	"cmp"
	"slices"
	"time"
)

// Decided is a stored decision as far as its age matters.
type Decided struct {
	ID      string
	Against string // the branch that was compared with
	Time    time.Time
}

// Decisions returns which decisions can go, oldest first: as of runs, those that are neither young
// nor among the newest, here of each branch that was compared with, since a branch under review has
// few. kept says how many of the others are kept, by why.
func Decisions(policy Policy, all []Decided) (forget []Decided, kept map[Reason]int) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Decided) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	have := map[string]int{} // by the branch that was compared with
	kept = map[Reason]int{}
	for _, d := range all {
		switch {
		case have[d.Against] < policy.Keep:
			have[d.Against]++
			kept[Newest]++
		case !policy.Before.IsZero() && !d.Time.Before(policy.Before):
			kept[Young]++
		default:
			forget = append(forget, d)
		}
	}
	slices.Reverse(forget)
	return forget, kept
}
