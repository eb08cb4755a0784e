package course

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// large returns columns of many series with a step in one of ten, in n runs, and adds runs to them.
func large(series, n int) (c *Columns, add func(*Columns)) {
	random := rand.New(rand.NewPCG(4, 4))
	add = func(c *Columns) {
		i := len(c.Runs)
		c.Runs = append(c.Runs, Run{ID: fmt.Sprint(i), Point: Point{Commit: id(i), Time: start.Add(time.Duration(i) * time.Hour)}})
		for s := range series {
			level := 1e-6
			if s%10 == 0 && i >= n/2 {
				level *= 1.1
			}
			c.Add(named0(fmt.Sprint("S", s), "sec/op"), i, level*math.Exp(.01*random.NormFloat64()), nil)
		}
	}
	c = &Columns{}
	for range n {
		add(c)
	}
	return c, add
}

// BenchmarkChanges says what changed in 1,000 series of 1,000 runs: in a store that was never seen,
// and in one of which all runs but the last are kept, reading what is kept included.
func BenchmarkChanges(b *testing.B) {
	const series, n = 1000, 1000
	c, add := large(series, n)
	ask := func(b *testing.B, c *Columns) {
		page, err := Changes(c, nil)
		if err != nil || len(page.Series) != series || len(page.Causes) == 0 {
			b.Fatal(len(page.Series), len(page.Causes), err)
		}
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			for i := range c.columns {
				c.columns[i].state = nil
			}
			ask(b, c)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
	})
	ask(b, c)
	text := c.Encode()
	b.Run("one-more", func(b *testing.B) {
		for b.Loop() {
			again, ok := Decode(text)
			if !ok {
				b.Fatal("what was kept is not read")
			}
			for i := range again.Runs {
				again.Runs[i] = c.Runs[i]
			}
			add(again)
			ask(b, again)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
	})
}
