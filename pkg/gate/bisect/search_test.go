package bisect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// course is a simulated history: the share that every commit has, and what cannot be measured.
type course struct {
	History
	level []float64
	noise float64 // of one reading
	stray float64 // chance that it says anything at all
}

func newCourse(last int) *course {
	c := &course{level: make([]float64, last+1)}
	c.Last = last
	return c
}

// step puts a step of a share at a commit.
func (c *course) step(at int, share float64) *course {
	for i := at; i < len(c.level); i++ {
		c.level[i] += share
	}
	return c
}

// search runs the search to its end and returns how many comparisons it took, the confirmation
// included.
func (c *course) search(t *testing.T, random *rand.Rand) (comparisons int) {
	t.Helper()
	comparisons = 1
	for range 10*c.Last + 20 {
		s := c.Next()
		if s.Kind == Done {
			return comparisons
		}
		comparisons += s.Comparisons()
		noise := c.noise
		if s.Kind == Probe {
			noise *= .87 // a probe has the mean of two
		}
		r := Reading{From: s.From, At: s.At, Error: noise, Freedom: 11, Direct: s.Kind == Adjacent}
		r.Share = c.level[s.At] - c.level[s.From] + noise*random.NormFloat64()
		if random.Float64() < c.stray {
			r.Share = random.Float64()*3 - 1
		}
		c.Readings = append(c.Readings, r)
	}
	t.Fatalf("the search of %d commits does not end: %+v", c.Last, c.History)
	return 0
}

func random(t *testing.T, seed uint64) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seed, 1))
}

// TestOneCulprit: what is claimed is right in 99 of a hundred, and costs little.
func TestOneCulprit(t *testing.T) {
	histories := 500 // of each noise
	if testing.Short() {
		histories = 60
	}
	r := random(t, 7)
	var allClaimed, allWrong, dear int
	noises := []float64{.02, .05, .1, .15, .2, .3}
	for _, noise := range noises {
		var claimed, wrong, over int
		var most float64
		for range histories {
			last := 8 + r.IntN(120)
			culprit := 1 + r.IntN(last)
			c := newCourse(last).step(culprit, 1)
			c.noise, c.stray = noise, .02
			cost := float64(c.search(t, r))
			limit := math.Ceil(3 * math.Log2(float64(last)))
			most = max(most, cost/limit)
			if cost > limit {
				over++
			}
			if best := c.Likeliest(c.Believe()); best.P >= Sure {
				claimed++
				if best.From >= culprit || best.To < culprit {
					wrong++
				}
			}
		}
		t.Logf("noise %.2f of the step: of %d histories %d claimed, %d of them wrong; %d dearer than 3·log2, the dearest %.1f times", noise, histories, claimed, wrong, over, most)
		allClaimed, allWrong = allClaimed+claimed, allWrong+wrong
		if noise <= .2 {
			dear += over
		}
	}
	if allWrong*100 > allClaimed {
		t.Errorf("%d of %d claims are wrong, more than one in a hundred", allWrong, allClaimed)
	}
	if all := histories * len(noises); allClaimed*100 < all*95 {
		t.Errorf("%d of %d histories end with a claim", allClaimed, all)
	}
	if all := histories * (len(noises) - 1); dear*20 > all {
		t.Errorf("%d of %d cost more than 3·log2 of their commits", dear, all)
	}
}

// TestSkipped: what cannot be measured stands in one cell with its neighbour.
func TestSkipped(t *testing.T) {
	r := random(t, 11)
	for culprit := 20; culprit <= 24; culprit++ {
		c := newCourse(64).step(culprit, 1)
		c.noise, c.Skipped = .05, []int{21, 22, 23}
		c.search(t, r)
		best := c.Likeliest(c.Believe())
		want := Pair{20, 24}
		if culprit == 20 {
			want = Pair{19, 20}
		}
		if best.P < Sure || (Pair{best.From, best.To}) != want {
			t.Errorf("culprit %d: %+v, want %v at %v", culprit, best, want, Sure)
		}
		for _, reading := range c.Readings {
			if !c.measurable(reading.At) || !c.measurable(reading.From) {
				t.Errorf("culprit %d: %+v was to be measured and cannot", culprit, reading)
			}
		}
	}
}

// TestEqual: commits with one program are on one side without a measurement.
func TestEqual(t *testing.T) {
	h := History{Last: 8, Equal: []Pair{{0, 4}}}
	b := h.Believe()
	for c := 1; c <= 4; c++ {
		if b.One[c] > 1e-9 {
			t.Errorf("commit %d has the program of the good one and is believed with %g", c, b.One[c])
		}
	}
	if s := h.Next(); s != (Step{Probe, 0, 6}) {
		t.Errorf("next is %+v, want commit 6, the middle of what is left", s)
	}
}

// TestReverted: a step that was taken back is not the answer, the later one is.
func TestReverted(t *testing.T) {
	r := random(t, 5)
	right := 0
	const histories = 60
	for range histories {
		up, down := 2+r.IntN(28), 0
		down = up + 1 + r.IntN(10)
		again := down + 1 + r.IntN(63-down)
		c := newCourse(64).step(up, 1).step(down, -1).step(again, 1)
		c.noise, c.Reverts = .08, []int{down}
		c.search(t, r)
		best := c.Likeliest(c.Believe())
		if best.P < Sure {
			continue
		}
		if best.To != again {
			t.Errorf("up at %d, back at %d, again at %d: %+v", up, down, again, best)
		}
		right++
	}
	if right < histories*9/10 {
		t.Errorf("%d of %d histories with a revert end with a claim", right, histories)
	}
}

// TestSeveral: where no one commit did it none is named, and the parts are those that were made.
func TestSeveral(t *testing.T) {
	r := random(t, 3)
	for range 50 {
		first := 2 + r.IntN(25)
		second := first + 6 + r.IntN(25)
		c := newCourse(64).step(first, .5).step(second, .5)
		c.noise = .04
		c.search(t, r)
		b := c.Believe()
		if b.Several < listed {
			t.Errorf("steps of a half at %d and %d: several is believed with %.3f, %+v with most", first, second, b.Several, c.Likeliest(b))
			continue
		}
		var clear []int
		for _, p := range c.Parts() {
			if c.Clear(p) {
				clear = append(clear, p.From, p.To)
			}
		}
		if want := []int{first - 1, first, second - 1, second}; !slices.Equal(clear, want) {
			t.Errorf("steps at %d and %d: parts %v, want %v", first, second, clear, want)
		}
	}
}

// TestCreep: of many small steps none is named.
func TestCreep(t *testing.T) {
	r := random(t, 9)
	for range 50 {
		c := newCourse(64)
		for at := 1; at <= 64; at++ {
			c.step(at, 1./64)
		}
		c.noise = .08
		c.search(t, r)
		if b := c.Believe(); b.Several < listed {
			t.Errorf("a creep: several is believed with %.3f, %+v with most", b.Several, c.Likeliest(b))
		}
		sum := 0.
		for _, p := range c.Parts() {
			sum += p.Share
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("the parts sum to %g", sum)
		}
	}
}

// TestUnlucky: one measurement that says the opposite does not lead astray.
func TestUnlucky(t *testing.T) {
	for culprit := 1; culprit <= 32; culprit++ {
		c := newCourse(32).step(culprit, 1)
		first := true
		for range 60 {
			s := c.Next()
			if s.Kind == Done {
				break
			}
			share := c.level[s.At] - c.level[s.From]
			if first {
				share = 1 - share
			}
			first = false
			c.Readings = append(c.Readings, Reading{From: s.From, At: s.At, Share: share, Error: .01, Direct: s.Kind == Adjacent})
		}
		if best := c.Likeliest(c.Believe()); best.P < Sure || best.To != culprit {
			t.Errorf("culprit %d: %+v after one wrong measurement", culprit, best)
		}
	}
}
