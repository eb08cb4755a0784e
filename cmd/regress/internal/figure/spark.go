package figure

import (
	"math"
	"strings"
)

// Spark draws values in order as bars of eight heights, of which the lowest stands for lo and the
// highest for hi. Each value is drawn at the nearest height; where hi is not above lo, all stand in
// the middle.
func Spark(values []float64, lo, hi float64) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		part := .5
		if hi > lo {
			part = min(max((v/2-lo/2)/(hi/2-lo/2), 0), 1)
		}
		b.WriteRune(bars[int(math.Round(part*float64(len(bars)-1)))])
	}
	return b.String()
}
