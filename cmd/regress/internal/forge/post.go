package forge

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// When says when a change gets a comment.
type When string

// When there is a comment. One that is there already is always kept up to date.
const (
	WhenAuto   When = "auto"   // when there is more to say than "nothing regressed"; also the zero value
	WhenAlways When = "always" // also then, in one line
	WhenNever  When = "never"
)

// ParseWhen reads auto, always or never; empty is auto.
func ParseWhen(text string) (When, error) {
	switch c := cmp.Or(When(text), WhenAuto); c {
	case WhenAuto, WhenAlways, WhenNever:
		return c, nil
	}
	return "", fmt.Errorf("when to comment is %q: use auto, always or never", text)
}

// Options of a job. The zero value is a sensible one but for Commands.
type Options struct {
	Commands      io.Writer // takes workflow commands and warnings: the step's stdout or stderr
	Key           string    // tells several suites of one repository apart: letters, digits, '.', '_', '-'
	Comment       When      // when to comment
	FailUndecided bool      // what is undecided fails the check run; else it is neutral, with a warning
}

var notInKey = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Name returns the name of the check run and of the status.
func (o Options) Name() string {
	if key := notInKey.ReplaceAllString(o.Key, "-"); key != "" {
		return "regress (" + key + ")"
	}
	return "regress"
}

// Marker returns the mark of what belongs to this suite.
func (o Options) Marker() string {
	return "regress:" + cmp.Or(notInKey.ReplaceAllString(o.Key, "-"), "default")
}

// Post is what a finished job has to say. Markdown is cut to the forge's sizes if
// it is larger, and escaped by whoever wrote it.
type Post struct {
	finding.Source
	Headline string                                     // of Decision
	Summary  string                                     // Markdown of the check run and the job summary
	Comment  string                                     // Markdown of the comment; empty: none
	Write    func(map[baseline.Key]report.Cause) string // workflow_run: makes both once it is known which claims hold; nil: they stay
	Claims   []Claim                                    // workflow_run: in place of Causes, what the raw log says they are
	Policy   string                                     // workflow_run: regress.toml as decided with, relative to the repository
	Waivers  []gate.Waiver                              // as the decision had them
	Today    time.Time                                  // as the decision had it
	Aside    string                                     // Markdown that is added to what is posted
}

// Quiet reports whether the decision has nothing that anybody would want to read.
func (p Post) Quiet() bool {
	d := p.Decision
	return d.Outcome == gate.Pass && d.Counts[gate.Improved] == 0 && d.Counts[gate.Waived] == 0
}

// Body returns the text of the comment that the run with this number keeps: the mark, who wrote
// it, and the report, or one line when all is well. page is that of the run; empty: there is none.
func (p Post) Body(o Options, run int64, page string) string {
	head := fmt.Sprintf("<!-- %s -->\n<!-- run %d -->\n", o.Marker(), run)
	text := p.Comment
	if p.Quiet() {
		text = fmt.Sprintf("✅ %s: %s", o.Name(), figure.Prose(figure.Cut(p.Headline, 500)))
		if page != "" {
			text += fmt.Sprintf(" · [what it could not have seen](%s)", page)
		}
		text += "\n"
	}
	return head + Fit(text, MaxMarkdown-len(head)-len(p.Aside)) + p.Aside
}

// Redacted returns the post without the token.
func (p Post) Redacted(token Secret) Post {
	p.Summary, p.Comment, p.Headline = token.Redact(p.Summary), token.Redact(p.Comment), token.Redact(p.Headline)
	return p
}

// Comments reports whether there is to be a comment, and whether one is written where none is yet.
func (o Options) Comments(p Post) (keep, write bool) {
	return p.Comment != "" && o.Comment != WhenNever, !p.Quiet() || o.Comment == WhenAlways
}

// Outlive gives a job that was told to stop the time to say so: a check run that
// nobody completes stays yellow for ever. The runner kills a cancelled step ten
// seconds after it asked it to end.
func Outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), 7*time.Second)
}

// Unposted returns the sentence that says at the end of a job what did not reach the forge.
func Unposted(trouble []string) string {
	return "The verdict is not affected. " + strings.Join(trouble, "; ")
}
