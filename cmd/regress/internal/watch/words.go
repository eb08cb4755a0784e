package watch

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/baseline"
)

const (
	mostSteps    = 50 // rows of an alert
	mostSuspects = 20 // commits of an alert
	mostOwners   = 20 // handles of an alert
	mostSubject  = 80 // characters of a commit's subject
	mostName     = 120
	mostUnit     = 40
	mostTitle    = 250
	mostCommand  = 1000 // longer ones are not for typing
)

// Words are what an alert says that only the caller knows.
type Words struct {
	Page     string                                              // address of the page; empty: none
	Commits  func(after, by string) string                       // address of what lies between two commits; nil: none
	Culprit  func(good, bad string, of baseline.Key) string      // command that finds the culprit among several commits; nil: none
	Evidence func(parent, commit string, of baseline.Key) string // command that shows what one commit did; nil: none
}

// title returns the title of an alert, one line, without anything that GitHub would take for more
// than a name.
func (l *looker) title(c Cause) string {
	alive := c.Alive()
	if len(alive) == 0 {
		alive = c.Steps
	}
	first := alive[0]
	what := figure.Shorten(figure.Plain(first.Key.Name), mostName) + " " + figure.Shorten(figure.Plain(first.Key.Unit), mostUnit)
	worse := "Worse"
	if allWork(alive) {
		worse = "More work"
	}
	text := fmt.Sprintf("%s since %s: %s %s", worse, figure.Shorten(figure.Commit(l.Page.Commits[c.Order].ID), 40), what, size(first))
	if more := benchmarks(alive) - 1; more > 0 {
		text += " and " + figure.Counted(more, "more benchmark")
	}
	return figure.Shorten(strings.NewReplacer("@", "@\u200b", "`", "'").Replace(text), mostTitle)
}

// text returns the whole text of an alert, with its mark.
func (l *looker) text(a Action) string {
	var b strings.Builder
	b.WriteString(a.Mark.Line() + "\n")
	if a.Mark.Ended != "" {
		b.WriteString("**" + l.ended(a) + "**\n\n")
	}
	if len(a.Cause.Steps) > 0 {
		b.WriteString(l.summary(a.Cause) + "\n\n")
		if who := l.owners(a.Cause); len(who) > 0 {
			b.WriteString("Owners: " + strings.Join(who, " ") + "\n\n")
		}
		b.WriteString(l.table(a.Cause).Markdown() + "\n")
		if more := len(a.Cause.Steps) - mostSteps; more > 0 {
			fmt.Fprintf(&b, "and %d more.\n\n", more)
		}
		if slices.ContainsFunc(a.Cause.Steps, func(s Step) bool { return s.Key.Unit == baseline.Instructions }) {
			b.WriteString(course.OfWork + "\n\n")
		}
		b.WriteString(l.suspects(a.Cause))
		b.WriteString(l.commands(a.Cause))
	}
	const over = "How it went over time"
	if page := cmp.Or(figure.Link(over, l.page(a.Cause)), figure.Link(over, l.Words.Page)); page != "" {
		b.WriteString(page + "\n\n")
	}
	b.WriteString("This is kept up to date by `regress watch`, and closed when the benchmarks recover or a `[[waiver]]` in regress.toml accepts what is left. Close it by hand to hear no more of this cause.\n")
	return b.String()
}

// owners returns who is mentioned in an alert: those of its benchmarks, recovered ones included, so
// that it does not change with every run; the owners of what is most worse come first.
func (l *looker) owners(c Cause) (who []string) {
	for _, s := range c.Steps {
		at := slices.IndexFunc(l.Owners, func(o Owner) bool { return o.Benchmark == nil || o.Benchmark.MatchString(s.Key.Path()) })
		if at < 0 {
			continue
		}
		for _, handle := range l.Owners[at].Handles {
			if len(who) < mostOwners && !slices.Contains(who, handle) {
				who = append(who, handle)
			}
		}
	}
	return who
}

// page returns the address of the page, of the most worsened series where it shows one; empty where
// there is none.
func (l *looker) page(c Cause) string {
	if l.Words.Page == "" || len(c.Steps) == 0 {
		return l.Words.Page
	}
	of := append(c.Alive(), c.Steps...)[0]
	page, _, _ := strings.Cut(l.Words.Page, "#")
	query := url.Values{"package": {of.Key.Package}, "name": {of.Key.Name}, "unit": {of.Key.Unit}}
	return page + "#/series?" + query.Encode()
}

// summary returns the first sentence of an alert.
func (l *looker) summary(c Cause) string {
	alive := c.Alive()
	shown := alive
	if len(alive) == 0 {
		shown = c.Steps
	}
	n := benchmarks(shown)
	text := fmt.Sprintf("%s %s since %s", figure.Counted(n, "benchmark"), verb(n, len(alive) > 0, allWork(shown)), l.since(c))
	if len(shown) > 1 {
		text += ", the most by " + size(shown[0]) + interval(shown[0])
	} else {
		text += ": " + size(shown[0]) + interval(shown[0])
	}
	text += "."
	if rest := len(c.Steps) - len(shown); rest > 0 {
		text += fmt.Sprintf(" %d more recovered or are waived.", rest)
	}
	if c.Better > 0 {
		text += " It made " + figure.Counted(c.Better, "other") + " better."
	}
	return text
}

// verb returns what so many benchmarks do, or did.
func verb(n int, now, work bool) string {
	all := [2][2]string{{"was worse", "were worse"}, {"is worse", "are worse"}}
	if work {
		all = [2][2]string{{"did more work", "did more work"}, {"does more work", "do more work"}}
	}
	words := all[0]
	if now {
		words = all[1]
	}
	if n > 1 {
		return words[1]
	}
	return words[0]
}

// benchmarks returns of how many benchmarks steps are.
func benchmarks(steps []Step) int {
	all := map[baseline.Key]bool{}
	for _, s := range steps {
		all[s.Key.Benchmark()] = true
	}
	return len(all)
}

// allWork reports whether all of some steps are of counted work.
func allWork(steps []Step) bool {
	return !slices.ContainsFunc(steps, func(s Step) bool { return !baseline.Counted(s.Key.Unit) })
}

// since names the commit, or the commits, in Markdown.
func (l *looker) since(c Cause) string {
	commits := l.Page.Commits
	after, by := figure.Commit(commits[c.After].ID), figure.Commit(commits[c.By].ID)
	n := c.By - c.After
	text := figure.Code(by, false)
	if n > 1 {
		text = fmt.Sprintf("one of %d commits, %s", n, figure.Code(after+".."+by, false))
	}
	if l.Words.Commits != nil {
		if link := figure.Link("what changed", l.Words.Commits(commits[c.After].ID, commits[c.By].ID)); link != "" {
			text += " (" + link + ")"
		}
	}
	return text
}

// size returns how much worse a step made its series, as short as can be.
func size(s Step) string {
	if math.IsNaN(s.Change.Shift) {
		ends := figure.Alike(s.Key.Unit, false, s.Change.From, s.Change.To)
		return figure.Shorten(ends[0], mostUnit) + " → " + figure.Shorten(ends[1], mostUnit)
	}
	return figure.Change(math.Expm1(s.Change.Shift))
}

// interval returns that of a step, in parentheses; empty from or to nothing.
func interval(s Step) string {
	if math.IsNaN(s.Change.Shift) {
		return ""
	}
	return " (" + figure.Between(math.Expm1(s.Change.Interval.Lo), math.Expm1(s.Change.Interval.Hi)) + ")"
}

// table returns a row for each step.
func (l *looker) table(c Cause) table.Table {
	out := table.Table{Columns: []table.Column{
		{Title: "BENCHMARK", Wraps: true}, {Title: "UNIT"}, {Title: "CHANGE", Right: true}, {Title: "BETWEEN"}, {Title: "COMMITS"}, {Title: "RUNS SINCE", Right: true}, {Title: "NOW"},
	}}
	machines := map[string]bool{}
	for _, s := range c.Steps {
		machines[s.Fingerprint] = true
	}
	if len(machines) > 1 {
		out.Columns = append(out.Columns, table.Column{Title: "MACHINE"})
	}
	for _, s := range c.Steps[:min(len(c.Steps), mostSteps)] {
		between := strings.Trim(interval(s), " ()")
		where := figure.Commit(l.Page.Commits[s.Change.By].ID)
		if s.Change.By-s.Change.After > 1 {
			where = figure.Commit(l.Page.Commits[s.Change.After].ID) + ".." + where
		}
		row := []table.Cell{
			table.Named(figure.Shorten(s.Key.Path(), mostName)), table.Say(figure.Shorten(s.Key.Unit, mostUnit)), table.Figure(size(s)), table.Figure(between), table.Named(where),
			table.Figure(counted(s.Runs)), table.Say(l.now(s)),
		}
		if len(machines) > 1 {
			row = append(row, table.Named(s.Fingerprint))
		}
		out.Add(row)
	}
	return out
}

// counted writes a number of runs so that an alert does not change with every run.
func counted(runs int) string {
	const many = 10
	if runs > many {
		return strconv.Itoa(many) + "+"
	}
	return strconv.Itoa(runs)
}

// now says what became of a series.
func (l *looker) now(s Step) string {
	switch s.State {
	case Recovered:
		return "recovered by " + figure.Commit(l.Page.Commits[s.Back].ID)
	case Waived:
		return "waived until " + s.Waiver.Expires.Format(time.DateOnly) + ": " + figure.Shorten(s.Waiver.Reason, mostSubject)
	}
	return "worse"
}

// suspects returns the commits that may be the cause, the likeliest marked.
func (l *looker) suspects(c Cause) string {
	out := table.Table{Columns: []table.Column{{Title: "COMMIT"}, {Title: "DATE"}, {Title: "AUTHOR"}, {Title: "SUBJECT", Wraps: true}}}
	all := l.between(c)
	from := 0
	if len(all) > mostSuspects { // those about the likeliest
		from = min(max(0, c.Order-c.After-1-mostSuspects/2), len(all)-mostSuspects)
	}
	for _, commit := range all[from:min(len(all), from+mostSuspects)] {
		id := table.Named(figure.Commit(commit.ID))
		if commit.ID == l.Page.Commits[c.Order].ID && len(all) > 1 {
			id = append(id.Strong(), table.Say(" likeliest")...)
		}
		out.Add([]table.Cell{id, table.Say(day(commit.Time)), table.Say(figure.Shorten(commit.Author, mostSubject)), table.Say(figure.Shorten(commit.Subject, mostSubject))})
	}
	text := out.Markdown() + "\n"
	if more := len(all) - len(out.Rows); more > 0 {
		text += fmt.Sprintf("and %d more commits.\n\n", more)
	}
	return text
}

// between returns the commits among which the cause is.
func (l *looker) between(c Cause) []course.Commit { return l.Page.Commits[c.After+1 : c.By+1] }

func day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.Format(time.DateOnly)
}

// command returns the command that finds the culprit, or shows what the only suspect did; empty
// where there is none.
func (l *looker) command(c Cause) string {
	if len(c.Steps) == 0 || c.After == c.By {
		return ""
	}
	of := append(c.Alive(), c.Steps...)[0].Key
	command := l.Words.Culprit
	if c.By-c.After == 1 {
		command = l.Words.Evidence
	}
	if command == nil {
		return ""
	}
	text := command(l.Page.Commits[c.After].ID, l.Page.Commits[c.By].ID, of)
	if len(text) > mostCommand {
		return ""
	}
	return text
}

func (l *looker) commands(c Cause) string {
	command := l.command(c)
	if command == "" {
		return ""
	}
	title := "Find the culprit:"
	if c.By-c.After == 1 {
		title = "See it again:"
	}
	return title + "\n\n" + figure.Fenced("sh", figure.Plain(command)) + "\n"
}

// ended says why an alert is over, in one sentence of Markdown.
func (l *looker) ended(a Action) string {
	switch a.Mark.Ended {
	case BackAgain:
		last := slices.MaxFunc(a.Cause.Steps, func(a, b Step) int { return cmp.Compare(a.Back, b.Back) })
		return "Recovered: less than half of the step is left, since " + figure.Code(figure.Commit(l.Page.Commits[last.Back].ID), false) + "."
	case Accepted:
		return "Accepted: waivers in regress.toml cover what did not recover."
	case Gone:
		return "With more runs there is no step here any more."
	case Duplicate:
		return fmt.Sprintf("The same cause as #%d.", a.Of)
	}
	return ""
}

// closed returns the comment on an alert that is closed.
func (l *looker) closed(a Action) string { return l.ended(a) + " Closed by `regress watch`.\n" }

// reopened returns the comment on an alert that is opened again.
func (l *looker) reopened() string { return "It is back. Reopened by `regress watch`.\n" }
