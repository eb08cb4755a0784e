package retention

import (
	"cmp"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// Decisions returns which decisions can go, oldest first: as of runs, those that are neither young
// nor among the newest, here of each branch that was compared with, since a branch under review has
// few. kept says how many of the others are kept, by why.
func Decisions(policy Policy, all []baseline.Decision) (forget []baseline.Decision, kept map[Reason]int) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b baseline.Decision) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID(), a.ID())) })
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
