package site

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Project is what is shown of one project.
type Project struct {
	Name       string
	Branch     string
	Repository string // https://github.com/owner/name; empty: commits are no links
	Page       course.Page
	Units      map[string]baseline.Direction // by tidied name; absent: the unit is not judged
	Machines   map[string]string             // words for a class of machine, by fingerprint
	Targets    []gate.TargetRow              // what the newest run makes of regress.toml's targets
	Measured   time.Time                     // the newest run
}

// book is a project with the numbers by which its documents name things.
type book struct {
	*Project
	packages, units, machines numbered
	authors, environments     numbered
	commits                   []commitRow
	commitOf                  map[int]int // place in Page.Commits → index of commits
	orderOf                   map[string]int
	runs                      []run
	runOf                     map[run]int
}

// run is what the points of several series have in common.
type run struct {
	machine, order int
	time           int64 // Unix seconds
	environment    int
}

// numbered gives each of several texts a number, in the order in which they first come.
type numbered struct {
	all []string
	of  map[string]int
}

func (n *numbered) add(text string) int {
	if i, ok := n.of[text]; ok {
		return i
	}
	if n.of == nil {
		n.of = map[string]int{}
	}
	n.of[text] = len(n.all)
	n.all = append(n.all, text)
	return len(n.all) - 1
}

// commitRow is [commit, author, subject, time in Unix seconds, pull request or 0].
type commitRow [5]any

// bind numbers what p's documents name.
func bind(p *Project) *book {
	b := &book{Project: p, commitOf: map[int]int{}, orderOf: map[string]int{}, runOf: map[run]int{}}
	for i, c := range p.Page.Commits {
		b.orderOf[c.ID] = i
	}
	seen := map[run]bool{}
	used := map[int]bool{}
	for _, s := range p.Page.Series {
		b.packages.add(s.Key.Package)
		b.units.add(s.Key.Unit)
		for _, point := range s.Points {
			r := b.run(s.Fingerprint, point)
			if !seen[r] {
				seen[r] = true
				b.runs = append(b.runs, r)
			}
			used[r.order] = true
		}
	}
	for _, c := range p.Page.Causes {
		used[c.Order], used[c.After], used[c.By] = true, true, true
	}
	slices.SortFunc(b.runs, func(x, y run) int { // one machine's stand together: a series has few gaps
		return cmp.Or(cmp.Compare(x.machine, y.machine), cmp.Compare(x.order, y.order), cmp.Compare(x.time, y.time), cmp.Compare(x.environment, y.environment))
	})
	for i, r := range b.runs {
		b.runOf[r] = i
	}
	for order, c := range p.Page.Commits {
		if !used[order] {
			continue
		}
		b.commitOf[order] = len(b.commits)
		when := int64(0)
		if !c.Time.IsZero() {
			when = c.Time.Unix()
		}
		b.commits = append(b.commits, commitRow{short(c.ID), b.authors.add(c.Author), c.Subject, when, c.Pull})
	}
	return b
}

func (b *book) run(fingerprint string, p course.Point) run {
	when := int64(0)
	if !p.Time.IsZero() {
		when = p.Time.Unix()
	}
	return run{b.machines.add(fingerprint), b.orderOf[p.Commit], when, b.environments.add(p.Environment)}
}

// short returns a commit in as many digits as tell it from others; what is no commit stays.
func short(commit string) string {
	const digits = 12
	if len(commit) > digits && strings.Trim(commit, "0123456789abcdef") == "" {
		return commit[:digits]
	}
	return commit
}

// better returns which way a unit improves: "lower", "higher", or nothing.
func (b *book) better(unit string) string {
	switch b.Units[unit] {
	case baseline.Lower:
		return "lower"
	case baseline.Higher:
		return "higher"
	}
	return ""
}
