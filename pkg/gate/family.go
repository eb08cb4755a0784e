package gate

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// family is series that share a budget for false alarms, and how much of it they have.
type family struct {
	series []*series
	alpha  float64
}

// families returns the families of series: all are one, where a measurement was not divided. Each
// shard of a divided one is a family of its own and has an equal part of the budget, whatever it
// finds: when a shard stops, no other is known, and so the verdicts that it stops with are those
// that all of them together have. One of them is wrong at most as often as all parts together.
func (f facts) families(all []*series) []family {
	parts := map[int][]*series{}
	var order []int
	for _, s := range all {
		part := f.part(s.key)
		if parts[part] == nil {
			order = append(order, part)
		}
		parts[part] = append(parts[part], s)
	}
	slices.Sort(order)
	died := map[int]bool{}
	for _, p := range f.in.Log.Problems {
		if p.Name != "" && p.Kind.Died() {
			died[f.part(benchmarkOf(p))] = true
		}
	}
	out := make([]family, len(order))
	for i, part := range order {
		out[i] = family{parts[part], f.alpha()}
		if died[part] {
			out[i].alpha *= 1 - crashShare // the rest is for crashes: see crash.go
		}
	}
	return out
}

// alpha is the budget of a family.
func (f facts) alpha() float64 { return f.in.Policy.Alpha / float64(max(f.in.Log.Shards.Of, 1)) }

// part is the shard that a benchmark is of; 0 where the measurement was not divided.
func (f facts) part(key baseline.Key) int { return f.in.Log.Shards.Part(key.Function()) }
