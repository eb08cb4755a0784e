package trend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// noisy returns n points of normal noise of a standard deviation, times level(i).
func noisy(n int, sd float64, level func(i int) float64) []Point {
	rng := rand.New(rand.NewPCG(7, uint64(n)))
	out := make([]Point, n)
	for i := range out {
		out[i] = Point{Order: 10 * i, Value: level(i) * math.Exp(sd*rng.NormFloat64()), Environment: "a"}
	}
	return out
}

// steps returns a level that is 100 and times a factor from an index on, for every pair of them.
func steps(pairs ...float64) func(int) float64 {
	return func(i int) float64 {
		v := 100.
		for k := 0; k < len(pairs); k += 2 {
			if float64(i) >= pairs[k] {
				v *= pairs[k+1]
			}
		}
		return v
	}
}

func course(t testing.TB, points []Point) Trend {
	t.Helper()
	got, err := Of(Policy{}, points)
	if err != nil {
		t.Fatal(err)
	}
	tiles(t, got, points)
	return got
}

// tiles checks what holds of every trend.
func tiles(t testing.TB, got Trend, points []Point) {
	t.Helper()
	if len(got.Segments) != len(got.Changes)+1 || got.Points != len(points) {
		t.Fatalf("%d segments, %d changes, %d points of %d", len(got.Segments), len(got.Changes), got.Points, len(points))
	}
	at := 0
	for i, s := range got.Segments {
		if s.From != at || s.To-s.From < min(minSegment, len(points)) {
			t.Fatalf("segment %d is %+v, from %d on", i, s, at)
		}
		at = s.To
		if i == 0 {
			continue
		}
		c := got.Changes[i-1]
		if c.At != s.From || c.First > c.At || c.Last < c.At || c.First < 1 || c.Order != points[c.At].Order || c.After != points[c.First-1].Order || c.By != points[c.Last].Order {
			t.Fatalf("change %+v before segment %+v", c, s)
		}
		if c.P > mostP || !math.IsNaN(c.Shift) && (math.Abs(c.Shift) < math.Log1p(defaultEffect) || c.Interval.Lo > c.Shift || c.Interval.Hi < c.Shift) {
			t.Fatalf("change %+v: too small, not sure, or not in its interval", c)
		}
	}
	if at != len(points) {
		t.Fatalf("segments end at %d of %d", at, len(points))
	}
}

func TestChanges(t *testing.T) {
	sawtooth := func(i int) float64 { return 100 * (1 + .08*float64(i%2)) }
	for name, c := range map[string]struct {
		points []Point
		want   []int // where changes are, ±2
	}{
		"nothing":                   {noisy(100, .01, steps()), nil},
		"one point":                 {noisy(1, .01, steps()), nil},
		"two points":                {noisy(2, .01, steps(1, 2)), nil},
		"a step":                    {noisy(100, .01, steps(60, 1.05)), []int{60}},
		"a step down":               {noisy(100, .01, steps(60, .9)), []int{60}},
		"a step and its recovery":   {noisy(100, .01, steps(40, 1.1, 60, 1/1.1)), []int{40, 60}},
		"less than the least size":  {noisy(100, .001, steps(60, 1.015)), nil},
		"a spike":                   {noisy(100, .01, steps(60, 1.5, 61, 1/1.5)), nil},
		"two bad runs":              {noisy(100, .01, steps(60, 1.5, 62, 1/1.5)), nil},
		"many spikes":               {noisy(100, .01, func(i int) float64 { return 100 + 50*float64((i%9)/8) }), nil},
		"the newest three":          {noisy(100, .01, steps(97, 1.2)), []int{97}},
		"the newest two":            {noisy(100, .01, steps(98, 1.2)), nil},
		"a count that never varied": {noisy(40, 0, steps(30, 13./12)), []int{30}},
		"two values in turn":        {noisy(100, .002, sawtooth), nil},
		"from nothing":              {noisy(60, 0, func(i int) float64 { return float64(i / 40) }), []int{40}},
		"to nothing":                {noisy(60, 0, func(i int) float64 { return float64(1 - i/40) }), []int{40}},
		"nothing at all":            {noisy(60, 0, func(int) float64 { return 0 }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := course(t, c.points).Changes
			if len(got) != len(c.want) {
				t.Fatalf("changes %+v, want them at %v", got, c.want)
			}
			for i, at := range c.want {
				if got[i].At < at-2 || got[i].At > at+2 {
					t.Errorf("a change at %d, want %d", got[i].At, at)
				}
				if from, to := c.points[at-1].Value, c.points[at].Value; (to > from) != (got[i].To > got[i].From) {
					t.Errorf("from %g to %g, want from about %g to %g", got[i].From, got[i].To, from, to)
				}
			}
		})
	}
}

// TestCreep: no step of ten is large, and what they add up to is found.
func TestCreep(t *testing.T) {
	got := course(t, noisy(150, .015, func(i int) float64 { return math.Pow(1.01, float64(max(0, min(10, (i-35)/8)))) })).Changes
	sum := 0.
	for _, c := range got {
		sum += c.Shift
	}
	if len(got) == 0 || sum < .06 || sum > .14 {
		t.Errorf("changes %+v that add up to %.3f, want about .10", got, sum)
	}
}

// TestSize: 12 to 13 is +8.3 %, whatever the unit is counted in; from nothing there is no ratio.
func TestSize(t *testing.T) {
	got := course(t, noisy(40, 0, steps(30, 13./12))).Changes[0]
	if want := math.Log(13. / 12); math.Abs(got.Shift-want) > 1e-9 || got.First != 30 || got.Last != 30 || got.After != 290 || got.By != 300 {
		t.Errorf("have %+v, want a shift of %.4f at 30 alone", got, want)
	}
	got = course(t, noisy(60, 0, func(i int) float64 { return float64(i / 40) })).Changes[0]
	if got.From != 0 || got.To != 1 || !math.IsNaN(got.Shift) || got.Interval.Level != 0 {
		t.Errorf("have %+v, want from 0 to 1 and no ratio", got)
	}
}

// TestEnvironment: what measures is named where it changed with the values, and only there.
func TestEnvironment(t *testing.T) {
	environments := func(at int, of func(i int) string) *Moved {
		points := noisy(100, .01, steps(60, 1.1))
		for i := range points {
			points[i].Environment = of(i - at)
		}
		got := course(t, points).Changes
		if len(got) != 1 {
			t.Fatalf("changes %+v", got)
		}
		return got[0].Environment
	}
	switched := func(i int) string {
		if i < 0 {
			return "old"
		}
		return "new"
	}
	if got := environments(60, switched); got == nil || *got != (Moved{"old", "new"}) {
		t.Errorf("have %v, want from old to new", got)
	}
	if got := environments(40, switched); got != nil {
		t.Errorf("the machine changed long before, and is named: %v", got)
	}
	if got := environments(80, switched); got != nil {
		t.Errorf("the machine changed long after, and is named: %v", got)
	}
	if got := environments(0, func(i int) string { return fmt.Sprint(i % 3) }); got != nil {
		t.Errorf("runners that alternate are named: %v", got)
	}
}

// TestOneByOne: when somebody asks does not change what is said.
func TestOneByOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 20 {
		at := float64(20 + rng.IntN(200))
		points := noisy(260, .005+.03*rng.Float64(), steps(at, 1+.2*rng.Float64(), at/2, 1-.1*rng.Float64()))
		s := New(Policy{})
		for i, p := range points {
			if err := s.Add(p); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(3) > 0 && i < len(points)-1 {
				continue
			}
			if have, want := s.Trend(), course(t, points[:i+1]); !reflect.DeepEqual(have, want) {
				t.Fatalf("one by one up to %d: %+v\nat once: %+v", i, have, want)
			}
		}
	}
}

// TestResume: a series that goes on from a state says what one says that fits all of its points, at
// whatever number of points the state was taken, and a state of other points is refused.
func TestResume(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 9))
	resumed := 0
	for n := range 60 {
		at := float64(10 + rng.IntN(200))
		points := noisy(260, .005+.03*rng.Float64(), steps(at, 1+.2*rng.Float64(), at/2, 1-.1*rng.Float64()))
		if n%4 == 0 {
			points[rng.IntN(260)].Value = 0
		}
		first := New(Policy{})
		var state []byte
		for done := 0; done < len(points); {
			more := 1 + rng.IntN(1+rng.IntN(60))
			done = min(done+more, len(points))
			s := New(Policy{})
			if err := s.Add(points[:done]...); err != nil {
				t.Fatal(err)
			}
			if s.Resume(state) {
				resumed++
			} else if state != nil {
				t.Fatalf("a state of the first points is refused at %d", done)
			}
			want := course(t, points[:done])
			if have := s.Changes(); !reflect.DeepEqual(have, want.Changes) {
				t.Fatalf("at %d: changes %+v, want %+v", done, have, want.Changes)
			}
			if have := s.Trend(); !reflect.DeepEqual(have, want) {
				t.Fatalf("at %d: %+v, want %+v", done, have, want)
			}
			state, first = s.State(), s
		}
		other := slices.Clone(points)
		changed := &other[rng.IntN(len(other))]
		changed.Value = 1.001*changed.Value + 1e-9
		s := New(Policy{})
		if err := s.Add(other...); err != nil || s.Resume(state) || s.Resume(nil) || s.Resume(state[:len(state)-1]) {
			t.Fatalf("the state of other points is used: %v", err)
		}
		if have, want := s.Trend(), course(t, other); !reflect.DeepEqual(have, want) || first.Len() != len(points) {
			t.Fatalf("behind a state that is refused: %+v, want %+v", have, want)
		}
	}
	if resumed < 300 {
		t.Errorf("%d times resumed: too few to tell", resumed)
	}
}

// FuzzResume: no state makes a series fail.
func FuzzResume(f *testing.F) {
	points := noisy(60, .01, steps(30, 1.1))
	s := New(Policy{})
	if err := s.Add(points...); err != nil {
		f.Fatal(err)
	}
	s.Trend()
	f.Add(s.State(), uint16(0), byte(0))
	f.Add(s.State(), uint16(90), byte(255))
	f.Fuzz(func(t *testing.T, state []byte, at uint16, to byte) {
		if len(state) > 0 {
			state = slices.Clone(state)
			state[int(at)%len(state)] = to
		}
		s := New(Policy{})
		if err := s.Add(points...); err != nil {
			t.Fatal(err)
		}
		s.Resume(state)
		s.Trend()
	})
}

// TestBestPartition: with every value among the levels, no partition costs less.
func TestBestPartition(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	cost := func(x []float64) (sum float64) {
		sorted := slices.Sorted(slices.Values(x))
		for _, v := range x {
			sum += math.Abs(v - sorted[len(x)/2])
		}
		return sum
	}
	for range 200 {
		x := make([]float64, 3+rng.IntN(25))
		for i := range x {
			x[i] = rng.NormFloat64() + 3*float64(rng.IntN(2))
		}
		penalty := 3 * rng.Float64()
		best := []float64{-penalty} // of the first n
		for n := 1; n <= len(x); n++ {
			least := math.Inf(1)
			for from := 0; from <= n-minSegment; from++ {
				least = min(least, best[from]+penalty+cost(x[from:n]))
			}
			best = append(best, least)
		}
		var f fit
		f.level = levels(nil, x, 0)
		f.begin(x, penalty)
		if math.Abs(f.least[0]-best[len(x)]) > 1e-9 {
			t.Fatalf("%v: cost %g, the least is %g", x, f.least[0], best[len(x)])
		}
		sum, from := -penalty, 0
		for _, to := range append(f.path(), len(x)) {
			sum += penalty + cost(x[from:to])
			from = to
		}
		if math.Abs(sum-best[len(x)]) > 1e-9 {
			t.Fatalf("%v: the path %v costs %g, the least is %g", x, f.path(), sum, best[len(x)])
		}
	}
}

func TestCheckpoint(t *testing.T) {
	last := 0
	for n := range 5000 {
		at := checkpoint(n)
		if at > n || at < last || n > always && float64(at) < float64(n)/1.26-1 {
			t.Fatalf("of %d: %d, after %d", n, at, last)
		}
		last = at
	}
}

// TestUnits: the unit and the policy's size do what they say.
func TestUnits(t *testing.T) {
	points := noisy(100, .01, steps(60, 1.05))
	want := course(t, points)
	for i := range points {
		points[i].Value *= 1e-9
	}
	got := course(t, points)
	if len(got.Changes) != 1 || got.Changes[0].At != want.Changes[0].At || math.Abs(got.Changes[0].Shift-want.Changes[0].Shift) > 1e-9 {
		t.Errorf("in another unit: %+v, want %+v", got.Changes, want.Changes)
	}
	if got, _ := Of(Policy{MinEffect: .08}, points); len(got.Changes) != 0 {
		t.Errorf("+5 %% where 8 are wanted: %+v", got.Changes)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		points []Point
		want   string
	}{
		{[]Point{{Value: 1}, {Value: -1}}, "point 1 has the value -1"},
		{[]Point{{Value: math.NaN()}}, "point 0 has the value NaN"},
		{[]Point{{Value: math.Inf(1)}}, "point 0 has the value +Inf"},
		{[]Point{{Order: 2, Value: 1}, {Order: 1, Value: 1}}, "in the order of their commits"},
	} {
		s := New(Policy{})
		err := s.Add(c.points...)
		if err == nil || !strings.Contains(err.Error(), c.want) || s.Len() != len(c.points)-1 {
			t.Errorf("%v: %v, %d kept; want %q", c.points, err, s.Len(), c.want)
		}
	}
	if got, err := Of(Policy{}, nil); err != nil || len(got.Segments) != 0 {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
}

func FuzzTrend(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint8(0))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\x00\x00\x00\x00\x00\x00\x00\x00"), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, power uint8) {
		points := make([]Point, min(len(text), 300))
		for i := range points {
			points[i] = Point{Order: i / 2, Value: math.Pow(float64(text[i]), float64(power%120)), Environment: string(text[i : i+1])}
		}
		if len(points) > 0 {
			course(t, points)
		}
	})
}

// TestWandering: noise in which neighbours are alike is not cut into levels, and says how alike.
func TestWandering(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	marked, told := 0, 0
	for range 100 {
		points, last := make([]Point, 150), 0.
		for i := range points {
			last = .6*last + .02*rng.NormFloat64()
			points[i] = Point{Order: i, Value: math.Exp(last)}
		}
		got := course(t, points)
		if len(got.Changes) > 0 {
			marked++
		}
		if got.Memory > .4 && got.Memory < .8 {
			told++
		}
	}
	if marked > 2 || told < 90 {
		t.Errorf("%d of 100 series without a change are marked, %d say how alike neighbours are", marked, told)
	}
}

// TestMemory: beside noise that wanders, the interval of a step is wider.
func TestMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	width := func(rho float64) float64 {
		points, last := make([]Point, 300), 0.
		for i := range points {
			last = rho*last + math.Sqrt(1-rho*rho)*.01*rng.NormFloat64()
			points[i] = Point{Order: i, Value: math.Exp(last + .3*float64(i/150))}
		}
		got := course(t, points).Changes
		if len(got) != 1 {
			t.Fatalf("ρ = %g: changes %+v", rho, got)
		}
		return got[0].Interval.Hi - got[0].Interval.Lo
	}
	if plain, wide := width(0), width(.6); wide < 1.2*plain {
		t.Errorf("the interval is %.4f wide beside independent noise, %.4f beside noise that wanders", plain, wide)
	}
}

// TestFewAgainstMany: values that occur twice do not make the newest step wait.
func TestFewAgainstMany(t *testing.T) {
	points := noisy(103, .001, steps(100, 1.1))
	for i := range points {
		points[i].Value = math.Round(10*points[i].Value) / 10 // to a thousandth, as a log has it
	}
	if got := course(t, points).Changes; len(got) != 1 || got[0].At != 100 {
		t.Errorf("three runs after a step of 10 %% in noise of .1 %%: %+v", got)
	}
}

// TestStepInFewRuns: chance likeness of neighbours among some twenty points does not keep a step of
// ten times the noise from being found.
func TestStepInFewRuns(t *testing.T) {
	found, marked := 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 8))
		points := make([]Point, 23)
		for i := range points {
			points[i] = Point{Order: i, Value: math.Exp(.003 * rng.NormFloat64())}
		}
		marked += len(course(t, points).Changes)
		for i := 18; i < len(points); i++ {
			points[i].Value *= 1.03
		}
		if len(course(t, points).Changes) == 1 {
			found++
		}
	}
	if found < 190 || marked > 0 {
		t.Errorf("found in %d of 200 series, marked in %d without it", found, marked)
	}
}
