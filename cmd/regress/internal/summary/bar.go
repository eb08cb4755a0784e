package summary

import (
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate/stat"
)

const barWidth = 20 // characters of the longest bar: a table with spreads still fits a page

// scale is the logarithmic scale of the bars of one table.
type scale struct{ lo, hi float64 }

// scaleOf covers values from the power of ten below the least; false when there is
// nothing above zero to draw.
func scaleOf(values []float64) (scale, bool) {
	s := scale{math.Inf(1), 0}
	for _, v := range values {
		if v > 0 {
			s.lo, s.hi = min(s.lo, v), max(s.hi, v)
		}
	}
	if s.hi == 0 {
		return s, false
	}
	s.lo = math.Pow(10, math.Floor(math.Log10(s.lo)))
	return s, s.lo > 0 && s.hi > s.lo
}

// at returns how many characters of a bar reach to a value.
func (s scale) at(v float64) int {
	if !(v > s.lo) {
		return 0
	}
	part := (math.Log(v) - math.Log(s.lo)) / (math.Log(s.hi) - math.Log(s.lo))
	return min(barWidth, int(math.Round(part*barWidth)))
}

// shades of a bar up to its first mark, up to those between, up to the last.
const shades = "█▓▒░"

// shade returns the shade up to mark i of n.
func shade(i, n int) rune {
	palette := []rune(shades)
	if i == n-1 && i > 0 {
		return palette[len(palette)-1]
	}
	return palette[min(i, len(palette)-1)]
}

// bar draws the marks of one distribution, ascending: each shade reaches to its mark.
func (s scale) bar(marks []float64) string {
	var b strings.Builder
	from := 0
	for i, v := range marks {
		to := max(from, s.at(v))
		if i == 0 {
			to = max(1, to) // something is always to be seen
		}
		b.WriteString(strings.Repeat(string(shade(i, len(marks))), to-from))
		from = to
	}
	return b.String()
}

const (
	sparkMost = 40  // rounds that a line shows: the newest
	sparkSpan = .10 // of the median, that the height of a line covers at least, so that small noise looks small
)

// spark draws the rounds of a series in order, as heights about their median.
func spark(rounds []float64) string {
	rounds = rounds[max(0, len(rounds)-sparkMost):]
	mid := stat.Median(rounds)
	half := max(slices.Max(rounds)-mid, mid-slices.Min(rounds), math.Abs(mid)*sparkSpan/2)
	return figure.Spark(rounds, mid-half, mid+half)
}
