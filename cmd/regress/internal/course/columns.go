package course

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/descartes/regress/pkg/gate/trend"
)

// Columns are the points of many series as Changes needs them: twelve bytes a point, where Point
// has ten times as many. Runs are numbered in order of time.
type Columns struct {
	Runs []Run

	names   []Name
	columns []column
	anchors []string         // commits
	anchor  map[string]int32 // the place of each among them
	place   map[Name]int
	next    int // place of the series that likely comes next
}

// Run is what the points of one run have in common.
type Run struct {
	ID    string
	Point // its commit, time, environment and facts
	used  bool
}

// column is one series.
type column struct {
	runs   []int32
	values []float64
	beside []besides
	state  []byte // what trend has learned of it; nil: nothing
}

// besides is an anchor beside one point.
type besides struct {
	at, anchor int32 // the point, and its place among all anchors
	value      float64
}

// Points returns how many there are.
func (c *Columns) Points() (n int) {
	for i := range c.columns {
		n += len(c.columns[i].values)
	}
	return n
}

// Add adds the point of a series in a run, which must not be older than those before it, with the
// anchors that were measured beside it. A store has millions, and mostly one run has the series of
// the one before, in the same order: looking there first spares the sum over the name.
func (c *Columns) Add(name Name, run int, value float64, beside []Held) {
	at := c.next
	if at >= len(c.names) || c.names[at] != name {
		var known bool
		if at, known = c.place[name]; !known {
			if c.place == nil {
				c.place = map[Name]int{}
			}
			at = len(c.names)
			c.names, c.columns, c.place[name] = append(c.names, name), append(c.columns, column{}), at
		}
	}
	c.next = at + 1
	c.Runs[run].used = true
	to := &c.columns[at]
	for _, h := range beside {
		to.beside = append(to.beside, besides{int32(len(to.values)), c.number(h.Commit), h.Value})
	}
	to.runs, to.values = append(to.runs, int32(run)), append(to.values, value)
}

// number returns the place of a commit among the anchors.
func (c *Columns) number(commit string) int32 {
	n, known := c.anchor[commit]
	if !known {
		if c.anchor == nil {
			c.anchor = map[string]int32{}
		}
		n = int32(len(c.anchors))
		c.anchors, c.anchor[commit] = append(c.anchors, commit), n
	}
	return n
}

// points returns those of a series.
func (c *Columns) points(i int) []Point {
	from := &c.columns[i]
	out := make([]Point, len(from.values))
	next := 0
	for k, v := range from.values {
		p := c.Runs[from.runs[k]].Point
		p.Value, p.Measured = v, v
		for ; next < len(from.beside) && int(from.beside[next].at) == k; next++ {
			p.Beside = append(p.Beside, Held{c.anchors[from.beside[next].anchor], from.beside[next].value})
		}
		out[k] = p
	}
	return out
}

// Changes returns the page that New makes of the same points, but of each series only its name, its
// anchor and its change points. What it learns is kept in c: after more points it looks at those
// alone, where values before them are the same.
func Changes(c *Columns, history []Commit) (Page, error) { return c.page(history, false) }

// Watched is Changes, with all of each series that has a change point. Page.Fill brings the points
// of another.
func Watched(c *Columns, history []Commit) (Page, error) { return c.page(history, true) }

// page returns the page of Changes; of series with a change point all, where whole says so.
func (c *Columns) page(history []Commit, whole bool) (Page, error) {
	page := Page{Series: make([]Series, len(c.names))}
	runs := make([]Point, 0, len(c.Runs))
	for _, r := range c.Runs {
		if r.used {
			runs = append(runs, r.Point)
		}
	}
	place := page.arrange(map[Name][]Point{{}: runs}, history)
	orders := make([]int, len(c.Runs))
	for i, r := range c.Runs {
		orders[i] = place[r.Commit]
	}
	linked := links{}
	if len(c.anchors) > 1 {
		all := make(map[Name][]Point, len(c.names))
		for i, name := range c.names {
			all[name] = c.points(i)
		}
		linked = linksOf(all)
	}
	for i, name := range c.names {
		page.Series[i] = Series{Key: name.Key, Fingerprint: name.Fingerprint, at: i}
	}
	page.fill = func(s *Series) {
		s.Points = c.points(s.at)
		s.arranged(place, linked)
	}
	measured := make([]atomic.Bool, len(page.Commits))
	err := each(page.Series, func(s *Series) error {
		t, _ := series.Get().(*trend.Series)
		defer series.Put(t)
		unit, err := c.follow(s, t, orders, place, linked, measured)
		if err == nil && whole && len(s.Trend.Changes) > 0 {
			page.Fill(s)
			s.Trend = t.Trend()
			s.Trend.Scale(unit)
		}
		return err
	})
	page.Measured = make([]bool, len(measured))
	for i := range measured {
		page.Measured[i] = measured[i].Load()
	}
	page.sort()
	if err != nil {
		return page, err
	}
	page.group()
	return page, nil
}

// scratch spares the garbage of a slice of points a series.
var scratch = sync.Pool{New: func() any { return new([]trend.Point) }}

// series spares that of a course.
var series = sync.Pool{New: func() any { return trend.New(trend.Policy{}) }}

// Fill brings the points of a series of Changes or Watched that has none.
func (p *Page) Fill(s *Series) {
	if p.fill != nil && s.Points == nil {
		p.fill(s)
	}
}

// follow computes the change points of a series in t, and notes the places of the commits that it
// has. It returns what the course is to be multiplied by.
func (c *Columns) follow(s *Series, t *trend.Series, orders []int, place map[string]int, linked links, measured []atomic.Bool) (unit float64, err error) {
	from := &c.columns[s.at]
	buffer, _ := scratch.Get().(*[]trend.Point)
	defer scratch.Put(buffer)
	in := (*buffer)[:0]
	unit = 1
	sorted := slices.IsSortedFunc(from.runs, func(a, b int32) int { return orders[a] - orders[b] })
	if len(from.beside) == 0 && sorted {
		for i, v := range from.values {
			run := &c.Runs[from.runs[i]]
			in = append(in, trend.Point{Order: orders[from.runs[i]], Value: v, Environment: run.Environment})
		}
		*buffer = in
	} else {
		s.Points = c.points(s.at)
		in, unit = s.arranged(place, linked)
		s.Points = nil
	}
	for i := range in {
		if at := &measured[in[i].Order]; !at.Load() { // mostly it is noted
			at.Store(true)
		}
	}
	t.Reset()
	if err := t.Add(in...); err != nil {
		return 0, &SeriesError{Name{s.Key, s.Fingerprint}, err}
	}
	t.Resume(from.state)
	s.Trend = trend.Trend{Points: len(in), Changes: t.Changes()}
	s.Trend.Scale(unit)
	from.state = t.State()
	return unit, nil
}
