package summary

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/baseline"
)

// page is Markdown as it grows.
type page struct {
	Summary
	strings.Builder
}

// line writes one line of Markdown.
func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// table writes a table, and leaves a line behind it.
func (p *page) table(t table.Table) { p.line("%s", t.Markdown()) }

// bullets writes sentences as a list; nothing where there are none.
func (p *page) bullets(items []string) {
	for _, item := range items {
		p.line("- %s", figure.Prose(item))
	}
	if len(items) > 0 {
		p.line("")
	}
}

// fold hides what write writes behind a title of our own words.
func (p *page) fold(title string, write func()) {
	p.line("<details><summary>%s</summary>\n", title)
	write()
	p.line("</details>\n")
}

// Markdown writes the page: what to choose, the targets, every table, and where
// the figures are from.
func Markdown(w io.Writer, s Summary) error {
	p := &page{Summary: s}
	title := "Benchmark summary"
	if s.Project != "" {
		title += " of " + figure.Code(s.Project, false)
	}
	p.line("# %s\n", title)
	p.top()
	p.recommended()
	p.gains()
	p.targets()
	for i := range s.Machines {
		p.results(&s.Machines[i])
	}
	p.facts()
	if _, err := io.WriteString(w, strings.TrimRight(p.String(), "\n")+"\n"); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// top writes what this is, and what is wrong with it.
func (p *page) top() {
	for _, m := range p.Machines {
		p.line("%s\n", figure.Prose(m.headline()))
	}
	p.line("Made from a raw log by `regress summary`; nothing on this page is written by hand. Figures are medians of rounds (a round is one process), ± the robust standard deviation of one round where there are several.\n")
	if p.Stopped != "" {
		p.line("> **Not everything was measured:** %s.\n", figure.Prose("stopped by the "+p.Stopped))
	}
	if n := len(p.Problems); n > 0 {
		p.line("> **%s** in the results: see the end of this page.\n", figure.Counted(n, "problem"))
	}
}

// headline returns a sentence on a machine: commit, day, rounds.
func (m Machine) headline() string {
	r := m.Run
	at := "commit unknown"
	if r.Commit != "" {
		at = "commit " + figure.Commit(r.Commit)
	}
	if r.Branch != "" {
		at += " on " + r.Branch
	}
	if r.Dirty {
		at += ", with uncommitted changes"
	}
	if !r.Time.IsZero() {
		at += ", measured on " + r.Time.UTC().Format(time.DateOnly)
	}
	names := map[baseline.Key]bool{}
	least, most := 0, 0
	for i, s := range m.Series {
		names[s.Key.Benchmark()] = true
		n := len(s.Rounds)
		if i == 0 || n < least {
			least = n
		}
		most = max(most, n)
	}
	rounds := figure.Counted(most, "round")
	if least != most {
		rounds = fmt.Sprintf("%d to %d rounds", least, most)
	}
	return fmt.Sprintf("%s: %s of %s on %s.", strings.ToUpper(at[:1])+at[1:], figure.Counted(len(names), "benchmark"), rounds, m.machine())
}

// machine returns the machine in a clause: "AMD EPYC, 2 cores, linux/amd64".
func (m Machine) machine() string {
	e := m.Run.Environment
	var parts []string
	if e.CPU != "" {
		parts = append(parts, e.CPU)
	}
	if e.Cores > 0 {
		parts = append(parts, figure.Counted(e.Cores, "core"))
	}
	if e.OS+e.Arch != "" {
		parts = append(parts, strings.Trim(e.OS+"/"+e.Arch, "/"))
	}
	if len(parts) == 0 {
		return "an unknown machine"
	}
	return strings.Join(parts, ", ")
}

// facts writes the last section: the machine, the problems, the warnings.
func (p *page) facts() {
	p.line("## How it was measured\n")
	for _, m := range p.Machines {
		r, e := m.Run, m.Run.Environment
		say := func(key, value string) {
			if value != "" {
				p.line("- %s: %s", key, figure.Prose(value))
			}
		}
		say("commit", strings.TrimSpace(r.Commit+" "+r.Branch))
		if !r.Time.IsZero() {
			say("started", r.Time.UTC().Format(time.DateTime)+" UTC")
		}
		say("machine", m.machine()+" (class "+e.Fingerprint()+")")
		say("CPU quota", unless(e.Quota == 0, fmt.Sprintf("%g cores", e.Quota)))
		say("GOMAXPROCS", unless(e.Procs == 0, fmt.Sprint(e.Procs)))
		say("memory", unless(e.MemoryMiB == 0, fmt.Sprintf("%d MiB", e.MemoryMiB)))
		say("kernel", e.Kernel)
		say("virtual", e.Virtual)
		say("governor", e.Governor)
		say("toolchain", e.GoVersion)
		say("suite", e.SuiteFlags)
		say("part of the suite", p.Bench)
		say("order", unless(p.Seed == 0, fmt.Sprintf("random, seed %d", p.Seed)))
		if p.TwoSided {
			p.line("- the log has a base side as well; this page is about head alone")
		}
		p.line("")
	}
	p.items("Problems", len(p.Problems), func(i int) string { return report.Where(p.Problems[i]) + report.ProblemText(p.Problems[i]) })
	p.items("Warnings", len(p.Warnings), func(i int) string { return report.WarningText(p.Warnings[i]) })
}

// unless returns say, or nothing where it is absent.
func unless(absent bool, say string) string {
	if absent {
		return ""
	}
	return say
}

// items writes a list of the first, folded where they are many, and says how many more
// there are.
func (p *page) items(title string, n int, item func(int) string) {
	const most, open = 20, 5
	if n == 0 {
		return
	}
	list := func() {
		for i := range min(n, most) {
			p.line("- %s", figure.Prose(item(i)))
		}
		if n > most {
			p.line("- and %d more, in the JSON form of this page", n-most)
		}
		p.line("")
	}
	if title = fmt.Sprintf("%s (%d)", title, n); n > open {
		p.fold(title, list)
		return
	}
	p.line("**%s**\n", title)
	list()
}
