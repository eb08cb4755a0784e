package site

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
	"github.com/descartes/regress/pkg/gate/trend"
)

// What the first file holds at most, so that every view loads fast; a search has the rest.
const (
	mostCauses   = 40
	mostSteps    = 6
	mostSuspects = 8
	mostTargets  = 200

	// leastRuns at one level is how many a series needs before a step can be told from noise: with
	// fewer on either side no rank test reaches the level that change points are held to.
	leastRuns = 6
)

// index is what every view reads first.
type index struct {
	Version      int           `json:"version"`
	Project      string        `json:"project"`
	Branch       string        `json:"branch"`
	Repository   string        `json:"repository"`
	Order        string        `json:"order"`
	Measured     *time.Time    `json:"measured"`
	Series       int           `json:"series"`
	Benchmarks   int           `json:"benchmarks"`
	Runs         int           `json:"runs"`
	Commits      int           `json:"commits"` // of which there is a run
	Shards       int           `json:"shards"`
	Packages     []string      `json:"packages"`
	Units        []unitInfo    `json:"units"`
	Machines     []machineInfo `json:"machines"`
	Procs        []int         `json:"procs"`  // what go test adds to names, 1 where it adds nothing
	Judged       int           `json:"judged"` // series with leastRuns at the present level or more
	Noise        noiseInfo     `json:"noise"`
	Causes       []cause       `json:"causes"`       // the latest, by commit, newest first
	CausesBefore int           `json:"causesBefore"` // how many older ones are left out
	Targets      []target      `json:"targets"`
	MoreTargets  int           `json:"moreTargets"`
}

type unitInfo struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // time, bytes, share, or empty for a count: which prefixes it is written with
	Better string `json:"better,omitempty"`
}

type machineInfo struct {
	ID    string `json:"id"` // fingerprint
	Words string `json:"words"`
	Runs  int    `json:"runs"`
}

// noiseInfo is the noise between runs, as robust standard deviations of natural logarithms, of
// series that have any.
type noiseInfo struct {
	Median float64 `json:"median"`
	Series [4]int  `json:"series"` // how many series have less than 1 %, 3 %, 10 %, and more
}

type cause struct {
	ID      int    `json:"id"`      // place among all causes of the project, in order of their commits
	Commit  int    `json:"commit"`  // the likeliest; index of runs.commits
	After   int    `json:"after"`   // the cause came after this commit
	By      int    `json:"by"`      // and up to this one
	Between int    `json:"between"` // how many commits that are
	Names   []who  `json:"names"`   // of these, oldest first
	Moved   bool   `json:"moved"`   // what measures changed too
	Worse   int    `json:"worse"`   // series
	Better  int    `json:"better"`
	Other   int    `json:"other"` // without a direction
	Steps   []step `json:"steps"`
	More    int    `json:"more"`

	Weight float64 `json:"weight"` // of those for the worse: the sum of their |natural logarithms|
	at     int     // Page's order of By
	order  int     // and of Commit
	series []trend.Step
}

type who struct {
	Commit  string `json:"commit"`
	Author  string `json:"author"`
	Subject string `json:"subject"`
	Time    int64  `json:"time"`
}

// step is a change of one series, with the numbers of its names.
type step struct {
	Package int    `json:"p"`
	Name    string `json:"name"`
	Unit    int    `json:"u"`
	Machine int    `json:"m"`
	sized
}

// sized is how large a change is.
type sized struct {
	Change *float64 `json:"change"` // relative; null from or to nothing
	Lo     *float64 `json:"lo"`     // its interval
	Hi     *float64 `json:"hi"`
	From   float64  `json:"from"`
	To     float64  `json:"to"`
	Sense  int      `json:"sense"` // 1: for the worse, -1: for the better, 0: the unit has no direction
}

type target struct {
	Name      string         `json:"name"`
	Package   string         `json:"package"`
	Benchmark string         `json:"benchmark"`
	Unit      string         `json:"unit"`
	Kind      string         `json:"kind"`
	Limit     float64        `json:"limit"`
	Below     bool           `json:"below"`
	Value     *float64       `json:"value"`
	Interval  *stat.Interval `json:"interval"`
	Margin    *float64       `json:"margin"`
	Verdict   string         `json:"verdict"`
}

// index returns the first file, and all causes in order of their commits.
func (b *book) index(shards int) (index, []cause) {
	out := index{
		Version: 1, Project: b.Name, Branch: b.Branch, Repository: b.Repository, Order: "first-parent",
		Series: len(b.Page.Series), Runs: len(b.runs), Shards: shards,
		Packages: b.packages.all, Units: []unitInfo{}, Machines: []machineInfo{}, Causes: []cause{}, Targets: []target{},
	}
	if b.Page.ByTime {
		out.Order = "measured"
	}
	if !b.Measured.IsZero() {
		out.Measured = &b.Measured
	}
	for _, name := range b.units.all {
		out.Units = append(out.Units, unitInfo{name, kind(name), b.better(name)})
	}
	runs, commits := map[int]int{}, map[int]bool{}
	for _, r := range b.runs {
		runs[r.machine]++
		commits[r.order] = true
	}
	out.Commits = len(commits)
	for i, id := range b.machines.all {
		out.Machines = append(out.Machines, machineInfo{id, cmp.Or(b.Machines[id], id), runs[i]})
	}
	out.Procs = b.procs()
	b.sum(&out)
	all := b.causes()
	for i := len(all) - 1; i >= 0 && len(out.Causes) < mostCauses; i-- {
		out.Causes = append(out.Causes, all[i])
	}
	out.CausesBefore = len(all) - len(out.Causes)
	for _, t := range b.Targets[:min(len(b.Targets), mostTargets)] {
		out.Targets = append(out.Targets, target{
			Name: t.Target, Package: t.Package, Benchmark: t.Name, Unit: t.Unit, Kind: kind(t.Unit), Limit: t.Limit, Below: t.Below,
			Value: t.Value, Interval: t.Interval, Margin: t.Margin, Verdict: string(t.Verdict),
		})
	}
	out.MoreTargets = len(b.Targets) - len(out.Targets)
	return out, all
}

// procs returns the values of GOMAXPROCS that the names of all machines tell.
func (b *book) procs() []int {
	names := map[string][]string{} // by fingerprint
	for _, s := range b.Page.Series {
		of := names[s.Fingerprint]
		if len(of) == 0 || of[len(of)-1] != s.Key.Name { // one in several units stands together
			names[s.Fingerprint] = append(of, s.Key.Name)
		}
	}
	out := baseline.Procs{}
	for _, all := range names {
		out = out.Join(baseline.ProcsOf(all))
	}
	return out
}

// sum counts what is known of all series together.
func (b *book) sum(out *index) {
	var noise []float64
	benchmarks := map[[2]string]bool{}
	for _, s := range b.Page.Series {
		benchmarks[[2]string{s.Key.Package, s.Key.Name}] = true
		if last, ok := s.Trend.Latest(); ok && last.To-last.From >= leastRuns {
			out.Judged++
		}
		if len(s.Points) < leastRuns {
			continue
		}
		if s.Trend.Noise == 0 {
			continue // a count that is the same in nearly every run
		}
		noise = append(noise, s.Trend.Noise)
		for i, under := range []float64{.01, .03, .1, math.Inf(1)} {
			if s.Trend.Noise < under {
				out.Noise.Series[i]++
				break
			}
		}
	}
	out.Benchmarks = len(benchmarks)
	out.Noise.Median = stat.Tidy(stat.Median(noise))
}

// causes returns all of them, oldest first.
func (b *book) causes() []cause {
	out := make([]cause, 0, len(b.Page.Causes))
	for _, c := range b.Page.Causes {
		one := cause{
			Commit: b.commitOf[c.Order], After: b.commitOf[c.After], By: b.commitOf[c.By], Between: c.By - c.After,
			Names: []who{}, Moved: c.Moved, Steps: []step{}, More: max(0, len(c.Steps)-mostSteps), at: c.By, order: c.Order, series: c.Steps,
		}
		for _, named := range b.Page.Commits[c.After+1 : c.By+1][:min(c.By-c.After, mostSuspects)] {
			w := who{Commit: short(named.ID), Author: named.Author, Subject: named.Subject}
			if !named.Time.IsZero() {
				w.Time = named.Time.Unix()
			}
			one.Names = append(one.Names, w)
		}
		var sizes []sized
		for _, s := range c.Steps {
			size := b.sized(s.Change, s.Key.Unit)
			sizes = append(sizes, size)
			switch size.Sense {
			case 1:
				one.Worse++
				one.Weight += weight(s.Change)
			case -1:
				one.Better++
			default:
				one.Other++
			}
		}
		for _, i := range worseFirst(sizes)[:min(len(sizes), mostSteps)] {
			s := c.Steps[i]
			one.Steps = append(one.Steps, step{b.packages.add(s.Key.Package), s.Key.Name, b.units.add(s.Key.Unit), b.machines.add(s.Fingerprint), sizes[i]})
		}
		one.Weight = stat.Tidy(one.Weight)
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(x, y cause) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.Commit, y.Commit)) })
	for i := range out {
		out[i].ID = i
	}
	return out
}

// worseFirst returns the places of sizes: first those for the worse, else in order.
func worseFirst(sizes []sized) []int {
	places := make([]int, len(sizes))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(x, y int) int { return -cmp.Compare(sizes[x].Sense, sizes[y].Sense) })
	return places
}

// weight returns how large a change is: |natural logarithm|, 1 from or to nothing.
func weight(c trend.Change) float64 {
	if math.IsNaN(c.Shift) {
		return 1
	}
	return math.Abs(c.Shift)
}

func (b *book) sized(c trend.Change, unit string) sized {
	out := sized{From: stat.Tidy(c.From), To: stat.Tidy(c.To)}
	if !math.IsNaN(c.Shift) {
		out.Change, out.Lo, out.Hi = stat.Known(stat.Tidy(math.Expm1(c.Shift))), stat.Known(stat.Tidy(math.Expm1(c.Interval.Lo))), stat.Known(stat.Tidy(math.Expm1(c.Interval.Hi)))
	}
	s := trend.Step{Direction: b.Units[unit], Change: c}
	switch {
	case s.Worse():
		out.Sense = 1
	case s.Better():
		out.Sense = -1
	}
	return out
}

// kind returns which prefixes the values of a unit are written with.
func kind(unit string) string {
	return map[figure.Kind]string{figure.Time: "time", figure.Bytes: "bytes", figure.Share: "share"}[figure.KindOf(unit)]
}
