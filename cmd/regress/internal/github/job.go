package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"
)

// Job is one job's presence on GitHub. Its methods are for one goroutine.
type Job struct {
	env     Context
	opt     forge.Options
	api     *client // nil: commands and summary alone
	check   *check  // nil: not open
	author  string  // who comments with this token; empty: not known
	refused bool    // check runs are
	trouble []string
}

// Start opens the check run on the commit under test, in progress. It asks for
// nothing where the token can only read: a pull request from a fork.
func Start(ctx context.Context, env Context, opt forge.Options) *Job {
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
func open(env Context, opt forge.Options) *Job {
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
func (j *Job) Finish(ctx context.Context, post forge.Post) {
	ctx, cancel := forge.Outlive(ctx)
	defer cancel()
	post = post.Redacted(j.env.Token)
	if j.api != nil && j.env.Event == "workflow_run" && j.env.Trigger == "pull_request" {
		j.fail("pull request", j.review(ctx, &post))
		post.Summary = forge.Fit(post.Summary, forge.MaxMarkdown-len(post.Aside)) + post.Aside
	}
	all := j.redact(append(j.undecided(post), notes(post)...))
	if j.env.Event != "workflow_run" { // there the lines are those of another commit
		j.fail("commands", commands(j.opt.Commands, all))
	}
	if j.env.Summary != "" {
		j.fail("summary", forge.AppendSummary(j.env.Summary, post.Summary))
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
		ctx, cancel := forge.Outlive(ctx)
		defer cancel()
		j.conclude(ctx, o)
	}
	j.complain()
}

// publish is the part of Finish that needs a token.
func (j *Job) publish(ctx context.Context, o output, post forge.Post) {
	j.conclude(ctx, o)
	keep, write := j.opt.Comments(post)
	if j.api != nil && keep && j.env.Pull != 0 {
		j.fail("comment", j.comment(ctx, post, write))
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
		Message: j.env.Token.Redact(forge.Unposted(j.trouble)),
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
