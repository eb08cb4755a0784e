package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// When says when the pull request gets a comment.
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
	Commands      io.Writer // takes workflow commands: the step's stdout or stderr
	Key           string    // tells several suites of one repository apart: letters, digits, '.', '_', '-'
	Comment       When      // when to comment
	FailUndecided bool      // what is undecided fails the check run; else it is neutral, with a warning
}

var notInKey = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// name of the check run and of the status.
func (o Options) name() string {
	if key := notInKey.ReplaceAllString(o.Key, "-"); key != "" {
		return "regress (" + key + ")"
	}
	return "regress"
}

// marker of what belongs to this suite.
func (o Options) marker() string {
	return "regress:" + cmp.Or(notInKey.ReplaceAllString(o.Key, "-"), "default")
}

// Post is what a finished job has to say. Markdown is cut to GitHub's sizes if
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

	aside string // Markdown that is added to what is posted
}

// Job is one job's presence on GitHub. Its methods are for one goroutine.
type Job struct {
	env     Context
	opt     Options
	api     *client // nil: commands and summary alone
	check   *check  // nil: not open
	author  string  // who comments with this token; empty: not known
	refused bool    // check runs are
	trouble []string
}

// Start opens the check run on the commit under test, in progress. It asks for
// nothing where the token can only read: a pull request from a fork.
func Start(ctx context.Context, env Context, opt Options) *Job {
	j := open(env, opt)
	j.begin(ctx)
	return j
}

func (j *Job) begin(ctx context.Context) {
	if j.api == nil {
		return
	}
	o := output{title: "measuring", summary: "The benchmarks are being measured."}
	if url := j.env.runURL(); url != "" {
		o.summary += fmt.Sprintf(" [Log](%s)", url)
	}
	j.fail("check run", j.openCheck(ctx, o))
}

// open makes a job that has asked GitHub for nothing yet.
func open(env Context, opt Options) *Job {
	if opt.Commands == nil {
		opt.Commands = io.Discard
	}
	j := &Job{env: env, opt: opt}
	switch {
	case env.readOnly() || env.Owner == "" || env.SHA == "":
		// The caller has the error of FromEnv for the last two.
	case env.Token.Empty():
		j.trouble = append(j.trouble, "there is no token; pass GITHUB_TOKEN: ${{ github.token }} in the environment")
	default:
		var err error
		if j.api, err = dial(env); err != nil {
			j.fail("API", err)
		}
	}
	return j
}

// fail notes what went wrong; a nil error is nothing. Check runs that are
// refused are no trouble while there is a commit status to stand in.
func (j *Job) fail(what string, err error) {
	switch {
	case err == nil:
	case what == "check run" && refused(err):
		j.refused = true
	default:
		if text := what + ": " + explain(err); !slices.Contains(j.trouble, text) {
			j.trouble = append(j.trouble, text)
		}
		if unauthorized(err) {
			j.api = nil // it would be so with everything else
		}
	}
}

// Finish says it all: workflow commands and the job summary first, which need
// nobody's permission, then the check run or status, then the comment. What
// GitHub refused is one ::warning at the end.
func (j *Job) Finish(ctx context.Context, post Post) {
	ctx, cancel := outlive(ctx)
	defer cancel()
	post.Summary = j.env.Token.Redact(post.Summary)
	post.Comment = j.env.Token.Redact(post.Comment)
	post.Headline = j.env.Token.Redact(post.Headline)
	if j.api != nil && j.env.Event == "workflow_run" && j.env.Trigger == "pull_request" {
		j.fail("pull request", j.review(ctx, &post))
		post.Summary = fit(post.Summary, maxMarkdown-len(post.aside)) + post.aside
	}
	all := j.redact(append(j.undecided(post), notes(post)...))
	if j.env.Event != "workflow_run" { // there the lines are those of another commit
		j.fail("commands", commands(j.opt.Commands, all))
	}
	if j.env.Summary != "" {
		j.fail("summary", appendSummary(j.env.Summary, post.Summary))
	}
	if j.api != nil {
		j.publish(ctx, j.outputOf(post, placed(all)), post)
	}
	j.complain()
}

// Abort ends the check run of a job that has no decision to show; why is one sentence. It is
// cancelled, which is not green. What is undecided, and not the mistake of whoever set up the
// job, is neutral unless Options.FailUndecided is set, and a warning says so.
func (j *Job) Abort(ctx context.Context, why string, undecided bool) {
	why = j.env.Token.Redact(figure.Cut(figure.OneLine(why), 1000))
	conclusion := "cancelled"
	if undecided && !j.opt.FailUndecided {
		conclusion = "neutral"
		// Note: where the step's own output is gone there is nobody left to tell.
		_, _ = io.WriteString(j.opt.Commands, command(note{Level: finding.Warning, Title: titleUndecided, Message: why}))
	}
	if j.api != nil {
		o := output{title: figure.Cut("not measured: "+why, maxTitle), summary: figure.Prose("Nothing was decided: " + why), conclusion: conclusion}
		ctx, cancel := outlive(ctx)
		defer cancel()
		j.conclude(ctx, o)
	}
	j.complain()
}

// outlive gives a job that was told to stop the time to say so: a check run that
// nobody completes stays yellow for ever. The runner kills a cancelled step ten
// seconds after it asked it to end.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), 7*time.Second)
}

// publish is the part of Finish that needs a token.
func (j *Job) publish(ctx context.Context, o output, post Post) {
	j.conclude(ctx, o)
	if j.api == nil || post.Comment == "" || j.opt.Comment == WhenNever {
		return
	}
	if j.env.Pull != 0 {
		j.fail("comment", j.comment(ctx, post))
	}
}

// conclude completes the check run, or sets the status that stands in for it.
func (j *Job) conclude(ctx context.Context, o output) {
	if !j.refused {
		if j.check == nil {
			j.fail("check run", j.openCheck(ctx, o))
		} else {
			j.fail("check run", j.updateCheck(ctx, o))
		}
	}
	if j.refused {
		err := j.createStatus(ctx, o)
		if refused(err) {
			err = errors.New("the token may write neither check runs nor statuses; give the job `permissions: checks: write, pull-requests: write`")
		}
		j.fail("status", err)
	}
}

// complain prints everything that went wrong as one warning, once.
func (j *Job) complain() {
	if len(j.trouble) == 0 {
		return
	}
	n := note{
		Level:   finding.Warning,
		Title:   "regress: not everything reached GitHub",
		Message: j.env.Token.Redact("The verdict is not affected. " + strings.Join(j.trouble, "; ")),
	}
	j.trouble = nil
	// Note: where the step's own output is gone there is nobody left to tell.
	_, _ = io.WriteString(j.opt.Commands, command(n))
}

func (j *Job) redact(all []note) []note {
	for i := range all {
		n := &all[i]
		n.Title, n.Message, n.Details = j.env.Token.Redact(n.Title), j.env.Token.Redact(n.Message), j.env.Token.Redact(n.Details)
	}
	return all
}
