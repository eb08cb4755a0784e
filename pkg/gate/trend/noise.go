package trend

import (
	"math"
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
)

// noise returns a robust standard deviation of what differs between neighbours: steps are few
// among the differences and hardly show. At least noiseFloor.
func noise(x []float64) float64 {
	if len(x) < 2 {
		return noiseFloor
	}
	apart := make([]float64, 0, len(x)-1)
	for i, v := range x[1:] {
		apart = append(apart, math.Abs(v-x[i]))
	}
	slices.Sort(apart)
	// The median is blind to noise that leaves most neighbours equal, as where a count has two
	// values; the mean of all but the largest tenth sees it.
	typical := normalMAD * stat.Quantile(apart, .5) / math.Sqrt2
	kept := apart[:len(apart)-len(apart)/10]
	sum := 0.
	for _, v := range kept {
		sum += v
	}
	mean := sum / float64(len(kept)) / trimmedMean
	return max(typical, mean, noiseFloor)
}
