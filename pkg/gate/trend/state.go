package trend

import (
	"encoding/binary"
	"math"
)

// State returns what Trend has learned of the points so far, for Resume: nil where it was not asked
// yet. It takes 4 bytes a point and a kilobyte. Another version of this package may not know it.
func (s *Series) State() []byte {
	f := &s.fit
	if f.settled == 0 {
		return nil
	}
	out := make([]byte, 0, 96+20*len(f.level)+4*len(f.prev))
	whole := func(v uint32) { out = binary.LittleEndian.AppendUint32(out, v) }
	real := func(v float64) { out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v)) }
	whole(stateVersion)
	whole(uint32(len(f.x)))
	whole(uint32(f.settled))
	whole(uint32(len(f.level)))
	out = binary.LittleEndian.AppendUint64(out, sum(s.points[:len(f.x)]))
	for _, v := range []float64{f.penalty, f.near, f.memory, f.scale, f.least[0], f.least[1], f.least[2]} {
		real(v)
	}
	for i := range f.level {
		real(f.level[i])
		real(f.cost[i])
		whole(uint32(f.open[i]))
	}
	for _, v := range f.prev {
		whole(uint32(v))
	}
	return out
}

// stateVersion changes with the constants of the fit, and with what a state holds.
const stateVersion = 2

// Resume makes use of what State returned of a series with the same first points, so that Trend
// fits the points behind them alone. It reports whether it could; else nothing is changed, and
// Trend fits all. Either way Trend says the same.
func (s *Series) Resume(state []byte) bool {
	in := reader{state}
	if in.whole() != stateVersion {
		return false
	}
	n, settled, levels := in.whole(), in.whole(), in.whole()
	if n < 1 || n > len(s.points) || settled != checkpoint(n) || len(in.left) != 8+7*8+20*levels+4*(n+1) || in.long() != sum(s.points[:n]) {
		return false
	}
	s.know(max(0, n-minSegment))
	old := &s.fit
	f := fit{
		settled: settled, x: s.logs[:n],
		level: resize(old.level, levels), cost: resize(old.cost, levels), open: resize(old.open, levels), prev: resize(old.prev, n+1),
	}
	for _, v := range []*float64{&f.penalty, &f.near, &f.memory, &f.scale, &f.least[0], &f.least[1], &f.least[2]} {
		*v = in.real()
	}
	for i := range f.level {
		f.level[i], f.cost[i], f.open[i] = in.real(), in.real(), int32(in.whole())
		if int(f.open[i]) >= n || f.open[i] < 0 {
			s.fit = fit{}
			return false
		}
	}
	for i := range f.prev {
		f.prev[i] = int32(in.whole())
		if f.prev[i] < 0 || i > 0 && int(f.prev[i]) >= i {
			s.fit = fit{}
			return false
		}
	}
	s.fit = f
	return true
}

// reader reads a state. Behind its end are zeros.
type reader struct{ left []byte }

func (r *reader) take(n int) []byte {
	if len(r.left) < n {
		r.left = make([]byte, n)
	}
	out := r.left[:n]
	r.left = r.left[n:]
	return out
}

func (r *reader) whole() int    { return int(binary.LittleEndian.Uint32(r.take(4))) }
func (r *reader) long() uint64  { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *reader) real() float64 { return math.Float64frombits(r.long()) }

// sum returns a number that differs where values do, but by chance once in 2⁶⁴.
func sum(points []Point) uint64 {
	h := uint64(len(points))
	for i := range points {
		h = (h ^ math.Float64bits(points[i].Value)) * 0x9e3779b97f4a7c15 // Knuth's multiplier: 2⁶⁴ over the golden ratio
		h ^= h >> 32
	}
	return h
}
