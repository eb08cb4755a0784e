package watch

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Report is what a watch did, or would do.
type Report struct {
	Input
	Actions []Action
}

// verbs say what is done about a cause, done and to be done.
var verbs = map[Deed][2]string{
	Open:   {"opened", "to be opened"},
	Update: {"updated", "to be updated"},
	Close:  {"closed", "to be closed"},
	Reopen: {"reopened", "to be reopened"},
	Keep:   {"told before", "told before"},
	Untold: {"not told", "not told"},
}

// said returns what was done in words, with the number of the alert.
func said(a Action) string {
	text := verbs[a.Deed][1]
	if a.Done {
		text = verbs[a.Deed][0]
	}
	if a.Known != nil && a.Known.URL != "" { // the numbers of others are nobody's business
		text += fmt.Sprintf(" as #%d", a.Known.Number)
		if a.Deed != Open {
			text = strings.Replace(text, " as #", ", #", 1)
		}
	}
	if a.Why != "" {
		text += ": " + string(a.Why)
	}
	return text
}

// shown returns the actions that are shown one by one, and counts the others by their reason. A
// cause that is old or over is no news.
func (r Report) shown() (out []Action, rest map[Why]int) {
	rest = map[Why]int{}
	for _, a := range r.Actions {
		switch {
		case a.Deed == Untold && a.Why != TooMany, a.Deed == Keep && len(a.Cause.Alive()) == 0:
			rest[a.Why]++
		default:
			out = append(out, a)
		}
	}
	return out, rest
}

// order of the reasons in a report.
var order = []Why{TooFew, NotTheCode, TooOld, NothingLeft}

// end says what was not shown.
func (r Report) end(shown int, rest map[Why]int) string {
	var parts []string
	for _, why := range order {
		if n := rest[why]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d: %s", n, why))
		}
	}
	text := ""
	if shown == 0 {
		text = "Nothing to tell."
	}
	if len(parts) > 0 {
		text = strings.TrimSpace(text + " Causes not told: " + strings.Join(parts, "; ") + ".")
	}
	return text
}

// Text writes a report for a terminal.
func Text(w io.Writer, r Report, width int) error {
	var b strings.Builder
	l := r.looker()
	shown, rest := r.shown()
	for i, a := range shown {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n", l.headline(a, said(a)))
		if len(a.Cause.Steps) > 0 {
			rows := l.table(a.Cause)
			table.Text{Width: width, Indent: 2}.Write(&b, rows)
			if more := len(a.Cause.Steps) - len(rows.Rows); more > 0 {
				fmt.Fprintf(&b, "  and %d more\n", more)
			}
			if command := l.command(a.Cause); command != "" {
				fmt.Fprintf(&b, "  %s\n", figure.Plain(command))
			}
		}
	}
	if end := r.end(len(shown), rest); end != "" {
		if len(shown) > 0 {
			b.WriteString("\n")
		}
		b.WriteString(end + "\n")
	}
	_, err := io.WriteString(w, figure.Uncommand(b.String()))
	return err
}

// headline names a cause and what is done about it.
func (l *looker) headline(a Action, said string) string {
	if len(a.Cause.Steps) == 0 {
		return strings.ToUpper(said[:1]) + said[1:]
	}
	commit := l.Page.Commits[a.Cause.Order]
	text := fmt.Sprintf("%s  %s  %s  %s", figure.Commit(figure.Name(commit.ID)), day(commit.Time), figure.Name(commit.Author), figure.Shorten(figure.Plain(commit.Subject), mostSubject))
	if n := a.Cause.By - a.Cause.After; n > 1 {
		text += fmt.Sprintf(" (the likeliest of %d commits)", n)
	}
	return strings.TrimRight(text, " ") + "\n  " + said
}

// Markdown writes a report as GitHub renders it.
func Markdown(w io.Writer, r Report, _ int) error {
	var b strings.Builder
	l := r.looker()
	shown, rest := r.shown()
	b.WriteString("### Benchmarks of " + figure.Code(r.Project, false) + " over time\n\n")
	for _, a := range shown {
		if len(a.Cause.Steps) == 0 {
			fmt.Fprintf(&b, "%s\n\n", figure.Prose(l.headline(a, said(a))))
			continue
		}
		fmt.Fprintf(&b, "%s (%s)\n\n%s\n%s%s", l.summary(a.Cause), said(a), l.table(a.Cause).Markdown(), l.suspects(a.Cause), l.commands(a.Cause))
	}
	if end := r.end(len(shown), rest); end != "" {
		b.WriteString(end + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// jsonVersion grows when a field changes its meaning or goes away; fields may be added without.
const jsonVersion = 1

// Document is a report, or one action of it, for programs.
type Document struct {
	Version int     `json:"version"`
	Project string  `json:"project"`
	Alerts  []Alert `json:"alerts"`
}

// Alert is one cause and what was done about it.
type Alert struct {
	Action    string        `json:"action"` // open, update, close, reopen, keep or untold
	Done      bool          `json:"done"`   // else it is what would be done
	Why       string        `json:"why,omitempty"`
	Text      string        `json:"text"`            // one line
	Cause     string        `json:"cause,omitempty"` // names it for good
	Ended     string        `json:"ended,omitempty"` // recovered, waived, gone or duplicate
	Issue     int           `json:"issue,omitempty"`
	URL       string        `json:"url,omitempty"`
	Page      string        `json:"page,omitempty"`
	Likeliest string        `json:"likeliest,omitempty"` // commit
	Suspects  []Suspect     `json:"suspects,omitempty"`  // oldest first
	Series    []AlertSeries `json:"series,omitempty"`    // largest first
	Command   string        `json:"command,omitempty"`
	Owners    []string      `json:"owners,omitempty"` // as they are mentioned
}

// Suspect is a commit that may be the cause.
type Suspect struct {
	Commit  string     `json:"commit"`
	Time    *time.Time `json:"time,omitempty"`
	Author  string     `json:"author,omitempty"`
	Subject string     `json:"subject,omitempty"`
}

// AlertSeries is a series that a cause made worse.
type AlertSeries struct {
	Package     string         `json:"package"`
	Name        string         `json:"name"`
	Unit        string         `json:"unit"`
	Fingerprint string         `json:"fingerprint,omitempty"`
	Change      *float64       `json:"change"` // relative; null from or to nothing
	Interval    *stat.Interval `json:"interval,omitempty"`
	From        float64        `json:"from"`
	To          float64        `json:"to"`
	Now         float64        `json:"now"`  // the level
	Runs        int            `json:"runs"` // that are certainly behind the step
	State       State          `json:"state"`
	After       string         `json:"after"` // commits: the cause is behind this one
	By          string         `json:"by"`    // and not behind this one
}

// JSON writes a report for programs.
func JSON(w io.Writer, r Report, _ int) error {
	doc := Document{Version: jsonVersion, Project: r.Project, Alerts: []Alert{}}
	l := r.looker()
	for _, a := range r.Actions {
		doc.Alerts = append(doc.Alerts, l.alert(a, said(a)))
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(figure.JSON(text), '\n'))
	return err
}

// alert returns an action for programs.
func (l *looker) alert(a Action, said string) Alert {
	out := Alert{Action: string(a.Deed), Done: a.Done, Why: string(a.Why), Cause: a.Mark.ID, Ended: string(a.Mark.Ended), Page: l.page(a.Cause), Command: l.command(a.Cause), Owners: l.owners(a.Cause)}
	out.Text = strings.Join(strings.Fields(l.headline(a, said)), " ")
	if a.Known != nil && a.Known.URL != "" {
		out.Issue, out.URL = a.Known.Number, a.Known.URL
	}
	if len(a.Cause.Steps) == 0 {
		return out
	}
	out.Text = l.title(a.Cause) + ", " + said
	out.Likeliest = l.Page.Commits[a.Cause.Order].ID
	for _, c := range l.between(a.Cause) {
		s := Suspect{Commit: c.ID, Author: c.Author, Subject: c.Subject}
		if !c.Time.IsZero() {
			s.Time = &c.Time
		}
		out.Suspects = append(out.Suspects, s)
	}
	for _, s := range a.Cause.Steps {
		out.Series = append(out.Series, l.alertSeries(s))
	}
	return out
}

func (l *looker) alertSeries(s Step) AlertSeries {
	out := AlertSeries{
		Package: s.Key.Package, Name: s.Key.Name, Unit: s.Key.Unit, Fingerprint: s.Fingerprint,
		From: stat.Tidy(s.Change.From), To: stat.Tidy(s.Change.To), Now: stat.Tidy(s.Level), Runs: s.Runs, State: s.State,
		After: l.Page.Commits[s.Change.After].ID, By: l.Page.Commits[s.Change.By].ID,
	}
	if !math.IsNaN(s.Change.Shift) {
		out.Change = stat.Known(math.Expm1(s.Change.Shift))
		out.Interval = &stat.Interval{Lo: stat.Tidy(math.Expm1(s.Change.Interval.Lo)), Hi: stat.Tidy(math.Expm1(s.Change.Interval.Hi)), Level: stat.Tidy(s.Change.Interval.Level)}
	}
	return out
}
