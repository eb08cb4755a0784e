package trend

import (
	"math"
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
)

// fit is the partition of a series into segments with the least total cost
//
//	Σ over segments ( Σ |x − level| ) + penalty · (segments − 1),
//
// found by dynamic programming over the level of the last segment. It is kept so that one more
// point costs one pass over the levels.
type fit struct {
	penalty float64
	near    float64 // a value with no level as near as this gets one of its own
	memory  float64 // lag-1 autocorrelation of the residuals; 0 where it makes no difference
	scale   float64 // standard deviation of the noise
	settled int     // how many points there were when the above were chosen

	x     []float64           // what it was fitted to; not its own
	level []float64           // possible levels of a segment
	cost  []float64           // by level: of the best partition whose last segment has it
	open  []int32             // by level: where that segment starts
	prev  []int32             // prev[i]: where the last segment of the best partition of the first i points starts
	least [minSegment]float64 // cost of the best partition of the first n, n−1 and n−2 points
}

// checkpoint returns how many of n points choose the constants of a fit to n points: all of few,
// and otherwise the largest number of a series that grows by a quarter from step to step, so that
// what a series says does not depend on when it was asked.
func checkpoint(n int) int {
	at := always
	if n <= at {
		return n
	}
	for {
		next := at + at/4
		if next > n {
			return at
		}
		at = next
	}
}

// follow brings the fit up to the logarithms x: by its new points alone where it can.
func (f *fit) follow(x []float64) {
	if at := checkpoint(len(x)); at != f.settled {
		f.settle(x[:at])
	}
	for n := len(f.x); n < len(x); n++ {
		f.add(x[:n+1])
	}
}

// settle fits x from nothing: with a penalty from its noise, larger where neighbours are alike.
func (f *fit) settle(x []float64) {
	f.settled, f.memory = len(x), 0
	f.scale = noise(x)
	f.near = f.scale / 2
	f.level = levels(f.level[:0], x, f.near)
	penalty := penaltyFactor * math.Log(float64(max(len(x), 2))) * f.scale / math.Sqrt2
	if rho := f.autocorrelation(x, firstPenalty*penalty); inflation(rho) > inflationFloor {
		f.memory = rho
		penalty *= inflation(rho)
	}
	f.begin(x, penalty)
}

// autocorrelation returns how alike neighbours are, as the residuals of a fit tell it; 0 for few
// points. The penalty is large, so that noise that wanders is not cut into pieces that do not.
// Where they are much alike, as on a ramp, even that was too small: it grows with what was found
// until no more is.
func (f *fit) autocorrelation(x []float64, penalty float64) float64 {
	if len(x) < enoughForMemory {
		return 0
	}
	f.begin(x, penalty)
	rho := f.lagOne()
	for range mostFits {
		if inflation(rho) < inflationMore {
			break
		}
		f.begin(x, penalty*inflation(rho))
		more := f.lagOne()
		if more <= rho {
			break
		}
		rho = more
	}
	return rho
}

// inflation returns by how much the variance of a mean of neighbours exceeds that of independent
// values, where each resembles its predecessor by rho.
func inflation(rho float64) float64 { return (1 + rho) / (1 - rho) }

// begin fits x with a penalty. Every value has a level near it, so that none is added.
func (f *fit) begin(x []float64, penalty float64) {
	f.penalty = penalty
	f.cost, f.open = resize(f.cost, len(f.level)), resize(f.open, len(f.level))
	for i := range f.cost {
		f.cost[i] = math.Inf(1)
	}
	f.prev = append(f.prev[:0], 0)
	for i := range f.least {
		f.least[i] = math.Inf(1)
	}
	f.least[0] = -penalty // the first segment is free
	for n := range x {
		f.add(x[:n+1])
	}
}

func resize[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// levels appends to out values of x, such that every value has one near it and no more than
// mostLevels share of the values lies between two.
func levels(out, x []float64, near float64) []float64 {
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	every := max(1, len(sorted)/mostLevels)
	last := -1
	for i, v := range sorted {
		if last < 0 || v != sorted[last] && (v-sorted[last] > near || i-last >= every) {
			out = append(out, v)
			last = i
		}
	}
	return out
}

// add adds the last value of x; it has the others.
func (f *fit) add(x []float64) {
	f.x = x
	n := len(x)
	v := x[n-1]
	start := n - minSegment
	fresh := math.Inf(1)
	var a, b float64
	if start >= 0 {
		fresh = f.least[minSegment-1] + f.penalty
		a, b = x[start], x[start+1]
	}
	least, nearest, at := math.Inf(1), math.Inf(1), int32(0)
	cost, open := f.cost[:len(f.level)], f.open[:len(f.level)]
	// Costs are never negative, so that their bits compare as they do, which takes no branch.
	// Whether a segment begins here is a coin that no processor guesses.
	lowest, closest := math.Float64bits(least), math.Float64bits(nearest)
	for i, g := range f.level {
		d := math.Abs(v - g)
		c, from := math.Float64bits(cost[i]+d), open[i]
		if begun := math.Float64bits(fresh + d + math.Abs(a-g) + math.Abs(b-g)); begun < c {
			c, from = begun, int32(start)
		}
		cost[i], open[i] = math.Float64frombits(c), from
		if c < lowest {
			lowest, at = c, from
		}
		closest = min(closest, math.Float64bits(d))
	}
	least, nearest = math.Float64frombits(lowest), math.Float64frombits(closest)
	if nearest > f.near {
		begun := fresh + math.Abs(a-v) + math.Abs(b-v)
		f.level, f.cost, f.open = append(f.level, v), append(f.cost, begun), append(f.open, int32(start))
		if begun < least {
			least, at = begun, int32(start)
		}
	}
	copy(f.least[1:], f.least[:])
	f.least[0] = least
	f.prev = append(f.prev, at)
}

// path returns the indices at which the segments of the best partition start, but for the first.
func (f *fit) path() []int {
	var out []int
	for at := len(f.x); at > 0; {
		at = int(f.prev[at])
		if at > 0 {
			out = append(out, at)
		}
	}
	slices.Reverse(out)
	return out
}

// lagOne returns the autocorrelation at lag 1 of the distances from the medians of segments,
// between 0 and memoryMost. Pairs across a cut are left out, and distances beyond three robust
// standard deviations drawn in, so that neither a cut nor a spike passes for independence.
func (f *fit) lagOne() float64 {
	apart := make([]float64, 0, len(f.x))
	cuts, from := append(f.path(), len(f.x)), 0
	for _, to := range cuts {
		mid := stat.Median(f.x[from:to])
		for _, v := range f.x[from:to] {
			apart = append(apart, v-mid)
		}
		from = to
	}
	limit := 3 * max(stat.Scale(stat.Sorted(apart)), noiseFloor)
	var product, square, last float64
	from = 0
	for _, to := range cuts {
		for i, r := range apart[from:to] {
			r = max(-limit, min(limit, r))
			square += r * r
			if i > 0 {
				product += r * last
			}
			last = r
		}
		from = to
	}
	if square == 0 {
		return 0
	}
	return max(0, min(memoryMost, product/square))
}
