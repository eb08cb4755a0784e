package trend_test

import (
	"fmt"
	"math"

	"github.com/descartes/regress/pkg/gate/trend"
)

// A ratio to the last release that wavers by half a per cent, has a bad run, and steps up by 8 %.
func Example() {
	var points []trend.Point
	for i, percent := range []float64{
		.2, -.4, .5, .1, -.3, .4, -.1, -.5, .3, 6.1, 0, .2, -.2, .4,
		8.3, 7.6, 8.4, 8.1, 7.7, 8.2, 7.9, 8.5,
	} {
		points = append(points, trend.Point{Order: 100 + i, Value: 1 + percent/100})
	}
	course, err := trend.Of(trend.Policy{}, points)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range course.Segments {
		fmt.Printf("points %d to %d at %.3f\n", s.From, s.To-1, s.Level)
	}
	for _, c := range course.Changes {
		fmt.Printf("%+.1f %% [%+.1f, %+.1f] by a commit after %d, up to %d\n",
			100*math.Expm1(c.Shift), 100*math.Expm1(c.Interval.Lo), 100*math.Expm1(c.Interval.Hi), c.After, c.By)
	}
	// Output:
	// points 0 to 13 at 1.001
	// points 14 to 21 at 1.081
	// +8.0 % [+7.6, +8.3] by a commit after 113, up to 114
}
