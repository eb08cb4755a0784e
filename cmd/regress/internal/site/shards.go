package site

import (
	"hash/fnv"
	"math"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/gate/stat"
	"github.com/descartes/regress/pkg/gate/trend"
)

// shardBytes is how large a file of series is on the average: with the page itself, the index and
// five hundred commits a view stays below 300 kB, also where chance makes one twice as large.
const shardBytes = 24 << 10

// runsFile is what the points of all series refer to.
type runsFile struct {
	Authors      []string    `json:"authors"`
	Environments []string    `json:"environments"`
	Commits      []commitRow `json:"commits"` // in order
	Machine      []int       `json:"machine"` // of a run
	Commit       []int       `json:"commit"`
	Time         []int64     `json:"time"` // Unix seconds, the first as it is, then differences
	Environment  []int       `json:"environment"`
}

// seriesFile is a shard: all series of some benchmarks.
type seriesFile struct {
	Series []seriesData `json:"series"`
}

type seriesData struct {
	Package int      `json:"p"`
	Name    string   `json:"name"`
	Unit    int      `json:"u"`
	Machine int      `json:"m"`
	Runs    [][2]int `json:"runs"` // [first, how many] of runsFile, in order
	Values  packed   `json:"v"`
	Half    *packed  `json:"h,omitempty"` // half of the 95 % interval of each value; absent: unknown
	Held    *held    `json:"held,omitempty"`
	levels
}

// held says that values are held against an anchor, and what was measured.
type held struct {
	Anchor string  `json:"anchor"` // the newest
	Value  float64 `json:"value"`  // what it mostly takes: a value over it is the ratio
	Left   int     `json:"left"`   // runs without an anchor beside them, which are left out
	Moves  int     `json:"moves"`  // of the anchor, to one that was never measured beside the one before
	Values packed  `json:"v"`
	Half   *packed `json:"h,omitempty"`
	levels
}

// levels are where the values of a series lie.
type levels struct {
	Noise    float64      `json:"noise"`
	Segments [][3]float64 `json:"segments"` // [index of its first point, of the next segment's, level]
	Changes  []change     `json:"changes"`
}

type change struct {
	At    int `json:"at"`    // index of the first point of the new level, as it fits best
	First int `json:"first"` // it is one of these
	Last  int `json:"last"`
	After int `json:"after"` // the cause came after this commit, index of runsFile.Commits
	By    int `json:"by"`    // and up to this one
	sized
	Between int      `json:"between"`         // how many commits that are
	Moved   []string `json:"moved,omitempty"` // the environment before and after, where it changed
}

func (b *book) runsFile() runsFile {
	out := runsFile{Authors: b.authors.all, Environments: b.environments.all, Commits: b.commits, Machine: []int{}, Commit: []int{}, Time: []int64{}, Environment: []int{}}
	before := int64(0)
	for _, r := range b.runs {
		out.Machine = append(out.Machine, r.machine)
		out.Commit = append(out.Commit, b.commitOf[r.order])
		out.Time = append(out.Time, r.time-before)
		out.Environment = append(out.Environment, r.environment)
		before = r.time
	}
	return out
}

// shards returns the files of series.
func (b *book) shards() []seriesFile {
	size := 0 // bytes, about
	for _, s := range b.Page.Series {
		size += 300 + 6*len(s.Points)
		if s.Anchor != nil {
			size += 300 + 6*len(s.Points)
		}
	}
	out := make([]seriesFile, 1+size/shardBytes)
	for i := range out {
		out[i].Series = []seriesData{}
	}
	for i := range b.Page.Series {
		s := &b.Page.Series[i]
		at := shardOf(s.Key.Package, s.Key.Name, len(out))
		out[at].Series = append(out[at].Series, b.series(s))
	}
	return out
}

// shardOf returns the shard of a benchmark. The page computes the same: names are hashed as JSON
// carries them.
func shardOf(pkg, name string, shards int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToValidUTF8(pkg, "\uFFFD") + "\n" + strings.ToValidUTF8(name, "\uFFFD")))
	return int(h.Sum32() % uint32(shards))
}

func (b *book) series(s *course.Series) seriesData {
	out := seriesData{Package: b.packages.add(s.Key.Package), Name: s.Key.Name, Unit: b.units.add(s.Key.Unit), Machine: b.machines.add(s.Fingerprint), Runs: [][2]int{}}
	for _, p := range s.Points {
		at := b.runOf[b.run(s.Fingerprint, p)]
		if last := len(out.Runs) - 1; last >= 0 && out.Runs[last][0]+out.Runs[last][1] == at {
			out.Runs[last][1]++
		} else {
			out.Runs = append(out.Runs, [2]int{at, 1})
		}
	}
	out.Values, out.Half = columns(s.Points)
	out.levels = b.course(s, s.Trend)
	if s.Anchor != nil { // whose noise the two sides have in common is not in the spread of one
		out.Held, out.Half = b.held(s), nil
	}
	return out
}

// held returns what was measured of a series that is held against an anchor, with levels of its
// own: a new toolchain moves the anchor too, and shows there alone.
func (b *book) held(s *course.Series) *held {
	measured, in := make([]course.Point, len(s.Points)), make([]trend.Point, len(s.Points))
	for i, p := range s.Points {
		p.Value = p.Measured
		measured[i], in[i] = p, trend.Point{Order: b.orderOf[p.Commit], Value: p.Value, Environment: p.Environment}
	}
	out := &held{Anchor: short(s.Anchor.Commit), Value: stat.Tidy(s.Anchor.Value), Left: s.Anchor.Left, Moves: s.Anchor.Moves}
	out.Values, out.Half = columns(measured)
	// Note: course has checked that values can be followed; what it could not has no levels here.
	if followed, err := trend.Of(trend.Policy{}, in); err == nil {
		out.levels = b.course(s, followed)
	}
	return out
}

// columns returns the values of points, and half of their intervals where some are known.
func columns(points []course.Point) (values packed, interval *packed) {
	all, halves, known := make([]float64, len(points)), make([]float64, len(points)), false
	for i, p := range points {
		all[i], halves[i] = p.Value, half(p)
		known = known || halves[i] > 0
	}
	if known {
		h := packRough(halves)
		interval = &h
	}
	return pack(all), interval
}

func (b *book) course(s *course.Series, of trend.Trend) levels {
	out := levels{Noise: stat.Tidy(of.Noise), Segments: [][3]float64{}, Changes: []change{}}
	for _, seg := range of.Segments {
		out.Segments = append(out.Segments, [3]float64{float64(seg.From), float64(seg.To), stat.Tidy(seg.Level)})
	}
	for _, c := range of.Changes {
		one := change{At: c.At, First: c.First, Last: c.Last, After: b.commitOf[c.After], By: b.commitOf[c.By], Between: c.By - c.After, sized: b.sized(c, s.Key.Unit)}
		if c.Environment != nil {
			one.Moved = []string{c.Environment.From, c.Environment.To}
		}
		out.Changes = append(out.Changes, one)
	}
	return out
}

// half returns half of about the 95 % interval of the median of a run, by the spread of its rounds;
// 0 where it has too few to say. The factor is the normal median's, √(π/2), times Student's
// quantile. It says how sure a run is of itself, and nothing of the noise between runs.
func half(p course.Point) float64 {
	const fewest = 3
	if p.Rounds < fewest {
		return 0
	}
	n := float64(p.Rounds - 1)
	z := stat.NormalQuantile(.975)
	student := z + (z*z*z+z)/(4*n) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*n*n) // Abramowitz and Stegun 26.7.5
	return student * math.Sqrt(math.Pi/2) * p.Spread / math.Sqrt(float64(p.Rounds))
}

// listing is what a search looks through: every series, in order of key.
type listing struct {
	Series []listed `json:"series"`
}

// listed is one row of a search.
type listed struct {
	Package int      `json:"p"`
	Name    string   `json:"name"`
	Unit    int      `json:"u"`
	Machine int      `json:"m"`
	Points  int      `json:"n"`
	Last    float64  `json:"last"` // value
	Noise   float64  `json:"noise"`
	Spark   string   `json:"spark"`            // values in order, as digits of 36 between the lowest and the highest
	Change  *float64 `json:"change,omitempty"` // the latest, relative; 0 from or to nothing; absent: there is none
	Sense   int      `json:"sense,omitempty"`
	By      int      `json:"by,omitempty"` // of the latest change, index of runsFile.Commits
	Causes  []int    `json:"c,omitempty"`
}

func (b *book) listing(causes []cause) listing {
	of := map[course.Name][]int{}
	for _, c := range causes {
		for _, s := range c.series {
			name := course.Name{Key: s.Key, Fingerprint: s.Fingerprint}
			of[name] = append(of[name], c.ID)
		}
	}
	out := listing{Series: []listed{}}
	for _, s := range b.Page.Series {
		row := listed{
			Package: b.packages.add(s.Key.Package), Name: s.Key.Name, Unit: b.units.add(s.Key.Unit), Machine: b.machines.add(s.Fingerprint),
			Points: len(s.Points), Last: stat.Tidy(s.Points[len(s.Points)-1].Value), Noise: stat.Tidy(s.Trend.Noise), Spark: spark(s.Points),
			Causes: of[course.Name{Key: s.Key, Fingerprint: s.Fingerprint}],
		}
		if n := len(s.Trend.Changes); n > 0 {
			last := s.Trend.Changes[n-1]
			size := b.sized(last, s.Key.Unit)
			row.Change, row.Sense, row.By = size.Change, size.Sense, b.commitOf[last.By]
			if row.Change == nil {
				row.Change = new(float64)
			}
		}
		out.Series = append(out.Series, row)
	}
	return out
}

// spark returns a small picture of a course: medians of neighbours, as digits of 36.
func spark(points []course.Point) string {
	const most, alphabet = 32, "0123456789abcdefghijklmnopqrstuvwxyz"
	const leastSpan = .05 // noise must not look like a mountain
	n := min(most, len(points))
	values := make([]float64, n)
	var few []float64
	for i := range values {
		few = few[:0]
		for _, p := range points[i*len(points)/n : (i+1)*len(points)/n] {
			few = append(few, p.Value)
		}
		values[i] = stat.Median(few)
	}
	sorted := stat.Sorted(values)
	lo, hi := sorted[0], sorted[n-1]
	wider := max(0, leastSpan*hi-(hi-lo)) / 2
	lo, hi = lo-wider, hi+wider
	text := make([]byte, n)
	for i, v := range values {
		part := .5
		if hi > lo {
			part = (v/2 - lo/2) / (hi/2 - lo/2)
		}
		text[i] = alphabet[int(math.Round(min(max(part, 0), 1)*float64(len(alphabet)-1)))]
	}
	return string(text)
}
