package ingest

import (
	"math"
	"strconv"
	"strings"
)

// chance tells how likely it is that results are equal without being copies.
type chance struct {
	all     []*span
	columns map[column]*values // of all spans; nil: not looked for yet
}

// column is one of the numbers that a benchmark prints.
type column struct {
	context, name string
	i             int // of the field
}

// values are what was printed in a column.
type values struct {
	lo, hi, step float64
	times        map[float64]int // each of them, in the row that may be a copy
	n            int
}

// bits returns how much noise there is in a column: how many values there are
// between the least and the greatest, in steps of the last digit. Where a row has
// equal values itself, there are fewer than that: then half of what its own values
// tell.
func (v *values) bits() float64 {
	if len(v.times) == v.n {
		return min(math.Log2(1+(v.hi-v.lo)/v.step), 2*enough)
	}
	same := 0.
	for _, n := range v.times {
		same += float64(n) * float64(n) / float64(v.n) / float64(v.n)
	}
	return -math.Log2(same) / 2
}

// bits returns how unlikely it is that lines are equal to those above by chance: for
// each line, the bits of its noisiest column, summed up.
func (c *chance) bits(row []placed) (sum float64) {
	if c.columns == nil {
		c.measure()
	}
	mine := map[column]*values{}
	for _, l := range row {
		l.numbers(l.of.context, func(at column, v, _ float64) {
			have := mine[at]
			if have == nil {
				all := c.columns[at]
				have = &values{lo: all.lo, hi: all.hi, step: all.step, times: map[float64]int{}}
				mine[at] = have
			}
			have.times[v]++
			have.n++
		})
	}
	bits := map[column]float64{}
	for at, v := range mine {
		bits[at] = v.bits()
	}
	for _, l := range row {
		most := 0.
		l.numbers(l.of.context, func(at column, _, _ float64) { most = max(most, bits[at]) })
		sum += most
	}
	return sum
}

// measure finds the least and the greatest value of each column.
func (c *chance) measure() {
	c.columns = map[column]*values{}
	for _, s := range c.all {
		for _, l := range s.read() {
			l.numbers(s.context, func(at column, v, step float64) {
				have := c.columns[at]
				if have == nil {
					have = &values{lo: v, hi: v, step: step}
					c.columns[at] = have
				}
				have.lo, have.hi, have.step = min(have.lo, v), max(have.hi, v), max(have.step, step)
			})
		}
	}
}

// numbers calls do with every number of a result: the count, and the values.
func (l *resultLine) numbers(context string, do func(c column, v, step float64)) {
	fields := strings.Fields(string(l.text))
	for i := 1; i < len(fields); i += 1 + min(i-1, 1) {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil && i > 1 {
			continue
		}
		_, decimals, _ := strings.Cut(fields[i], ".")
		do(column{context, fields[0], i}, v, math.Pow10(-len(decimals)))
	}
}
