package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/google/go-github/v60/github"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/watch"
)

// The limits of one watch.
const (
	boardRequests = 200 // pages of issues, mostly
	boardRounds   = 3   // listing, doing, and looking again
	lookBack      = 400 * 24 * time.Hour
	shortPause    = 2 * time.Second // before looking whether an issue was opened
)

// Label stands on every issue that a Board opens, so that people can filter them.
const Label = "regress"

// Board is the issues of a repository that tell of causes: one issue a cause.
type Board struct {
	api    *client
	env    Context
	author string // who opens issues with this token; empty: an App, of which nothing is known
	asked  bool
}

// OpenBoard returns the board of a job's repository; nothing is sent. The error says why there is
// none: what belongs to a pull request does not speak for the main branch, and without a token
// nobody speaks.
func OpenBoard(env Context) (*Board, error) {
	switch {
	case env.Owner == "":
		return nil, errors.New("GITHUB_REPOSITORY does not name a repository: is this a GitHub Actions job?")
	case env.Fork || env.Pull != 0:
		return nil, errors.New("a job of a pull request opens no issues; watch on push and schedule")
	case env.Token.Empty():
		return nil, errors.New("there is no token; pass GITHUB_TOKEN: ${{ github.token }} in the environment, and give the job `permissions: issues: write`")
	}
	dialled, err := dial(env)
	if err != nil {
		return nil, err
	}
	dialled.wire.Allow(boardRequests)
	return &Board{api: dialled, env: env}, nil
}

// Known returns the alerts that the board has, of all projects and suites: the open ones, and those
// closed in the last year. An alert is an issue that begins with a mark and was opened by this
// token's own account, or by an App where the account cannot be asked: anybody can write a mark.
func (b *Board) Known(ctx context.Context) ([]watch.Known, error) {
	if !b.asked {
		user, _, err := b.api.Users.Get(ctx, "")
		if err != nil && !refused(err) { // an App's token must not ask
			return nil, fmt.Errorf("ask who writes with this token: %w", err)
		}
		b.asked, b.author = true, user.GetLogin()
	}
	var out []watch.Known
	since := b.api.wire.Now().Add(-lookBack)
	for _, q := range []api.IssueListByRepoOptions{
		// A label can be taken off, and an App can have any name: one of the two is enough.
		{State: "open", Creator: cmp.Or(b.author, "github-actions[bot]")},
		{State: "open", Labels: []string{Label}},
		{State: "closed", Creator: cmp.Or(b.author, "github-actions[bot]"), Since: since},
		{State: "closed", Labels: []string{Label}, Since: since},
	} {
		q.Sort, q.Direction, q.PerPage = "created", "asc", 100
		for q.Page = 1; q.Page != 0; {
			list, resp, err := b.api.Issues.ListByRepo(ctx, b.env.Owner, b.env.Repo, &q)
			if err != nil {
				return nil, fmt.Errorf("list the issues: %w", err)
			}
			for _, issue := range list {
				if k, ok := b.known(issue); ok && !slices.ContainsFunc(out, func(o watch.Known) bool { return o.Number == k.Number }) {
					out = append(out, k)
				}
			}
			q.Page = resp.NextPage
		}
	}
	return out, nil
}

// known returns an issue as an alert; false where it is none of ours.
func (b *Board) known(issue *api.Issue) (watch.Known, bool) {
	m, ok := watch.ReadMark(issue.GetBody())
	ours := issue.GetUser().GetType() == "Bot"
	if b.author != "" {
		ours = strings.EqualFold(issue.GetUser().GetLogin(), b.author)
	}
	return watch.Known{
		Number: issue.GetNumber(), Mark: m, Open: issue.GetState() == "open",
		Text: issue.GetBody(), URL: issue.GetHTMLURL(),
	}, ok && ours && !issue.IsPullRequest()
}

// Follow carries out what plan says about the alerts that there are, and returns what was done,
// and of the others what the last plan said. After an issue was opened, or may have been, it looks
// again: of two jobs that opened one at once the later gives way, and what a fault of GitHub hides
// is found. The error says what could not be done.
func (b *Board) Follow(ctx context.Context, plan func([]watch.Known) []watch.Action) ([]watch.Action, error) {
	f := following{Board: b}
	for range boardRounds {
		known, err := b.Known(ctx)
		if err != nil {
			return f.report(plan(nil)), fmt.Errorf("%s", explainIssues(err))
		}
		f.again = false
		last := plan(f.with(known))
		for _, a := range last {
			if err := f.carry(ctx, a); err != nil {
				return f.report(last), fmt.Errorf("%s", explainIssues(err))
			}
		}
		if !f.again {
			return f.report(last), f.trouble
		}
	}
	return f.report(plan(f.with(nil))), errors.Join(f.trouble, errors.New("whether all issues were opened is not known: GitHub did not say; the next run looks again"))
}

// following is one Follow.
type following struct {
	*Board
	opened  []watch.Known  // by this run: a list may not show them yet
	unsure  []watch.Action // openings that may have taken
	done    []watch.Action
	again   bool
	trouble error // that stopped nothing
}

// with adds to what was listed what this run knows better.
func (f *following) with(known []watch.Known) []watch.Known {
	for _, k := range f.opened {
		if !slices.ContainsFunc(known, func(o watch.Known) bool { return o.Number == k.Number }) {
			known = append(known, k)
		}
	}
	for _, k := range known {
		at := slices.IndexFunc(f.unsure, func(a watch.Action) bool { return a.Mark.ID == k.Mark.ID })
		if at >= 0 { // it took
			a := f.unsure[at]
			a.Known, a.Done = &k, true
			f.done, f.opened, f.unsure = append(f.done, a), append(f.opened, k), slices.Delete(f.unsure, at, at+1)
		}
	}
	return known
}

// report returns what was done, and what the plan says of the rest.
func (f *following) report(plan []watch.Action) []watch.Action {
	out := slices.Clone(f.done)
	for _, a := range plan {
		if !slices.ContainsFunc(f.done, func(d watch.Action) bool { return d.Mark.ID == a.Mark.ID }) {
			out = append(out, a)
		}
	}
	return out
}

// carry carries out one action. An error ends the run.
func (f *following) carry(ctx context.Context, a watch.Action) error {
	switch a.Deed {
	case watch.Open:
		return f.open(ctx, a)
	case watch.Update:
		return f.edit(ctx, a, api.IssueRequest{Body: &a.Text})
	case watch.Close:
		state, reason := "closed", "completed"
		if a.Mark.Ended != watch.BackAgain {
			reason = "not_planned"
		}
		return f.edit(ctx, a, api.IssueRequest{Body: &a.Text, State: &state, StateReason: &reason})
	case watch.Reopen:
		state := "open"
		return f.edit(ctx, a, api.IssueRequest{Body: &a.Text, State: &state})
	}
	return nil
}

// edit changes an issue, in one request that may be repeated, and says so beside it, once.
func (f *following) edit(ctx context.Context, a watch.Action, change api.IssueRequest) error {
	if _, _, err := f.api.Issues.Edit(ctx, f.env.Owner, f.env.Repo, a.Known.Number, &change); err != nil {
		return fmt.Errorf("change issue %d: %w", a.Known.Number, err)
	}
	a.Done = true
	f.done = append(f.done, a)
	if a.Comment == "" {
		return nil
	}
	// The text of the issue says it too: a comment that may have been taken is not repeated.
	if _, _, err := f.api.Issues.CreateComment(forge.Single(ctx), f.env.Owner, f.env.Repo, a.Known.Number, &api.IssueComment{Body: &a.Comment}); err != nil {
		f.trouble = errors.Join(f.trouble, fmt.Errorf("comment on issue %d: %s", a.Known.Number, explainIssues(err)))
	}
	return nil
}

// open opens an issue by a request that is sent once. Where it may have been carried out, whatever
// GitHub says, the next round looks.
func (f *following) open(ctx context.Context, a watch.Action) error {
	made, _, err := f.api.Issues.Create(forge.Single(ctx), f.env.Owner, f.env.Repo, &api.IssueRequest{Title: &a.Title, Body: &a.Text, Labels: &[]string{Label}})
	if err == nil {
		k, ok := f.known(made)
		if !ok {
			return fmt.Errorf("issue %d is not what was to be opened: somebody may have changed it", made.GetNumber())
		}
		a.Known, a.Done = &k, true
		f.done, f.opened, f.again = append(f.done, a), append(f.opened, k), true
		return nil
	}
	pause, later := f.api.pause(err)
	if !later || !f.api.wire.Afford(pause) {
		return fmt.Errorf("open an issue: %w", err)
	}
	f.again = true
	if !slices.ContainsFunc(f.unsure, func(u watch.Action) bool { return u.Mark.ID == a.Mark.ID }) {
		f.unsure = append(f.unsure, a)
	}
	return f.api.wire.Sleep(ctx, pause)
}

// pause reports whether a request that failed so may be tried again, once it is known that it did
// not take, and after which wait.
func (c *client) pause(err error) (wait time.Duration, ok bool) {
	var resp *http.Response
	var answered *api.ErrorResponse
	var limit *api.RateLimitError
	var abuse *api.AbuseRateLimitError
	switch {
	case errors.As(err, &answered):
		resp = answered.Response
	case errors.As(err, &limit):
		resp = limit.Response
	case errors.As(err, &abuse):
		resp = abuse.Response
	}
	if resp != nil && (resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusTooManyRequests) {
		return c.wire.Limited(resp)
	}
	return shortPause, unsure(err)
}

// explainIssues says in one sentence what went wrong with issues and what would help.
func explainIssues(err error) string {
	var answered *api.ErrorResponse
	if errors.As(err, &answered) && answered.Response != nil {
		switch {
		case answered.Response.StatusCode == http.StatusGone:
			return "the repository has no issues: turn them on in its settings"
		case refused(err):
			return fmt.Sprintf("GitHub answered %d %s; give the job `permissions: issues: write`", answered.Response.StatusCode, figure.Cut(figure.OneLine(answered.Message), 200))
		}
	}
	return explain(err)
}

// Summarize adds Markdown to the summary of the job; it does nothing outside of one.
func (c *Context) Summarize(text string) error {
	if c.Summary == "" {
		return nil
	}
	return forge.AppendSummary(c.Summary, c.Token.Redact(text))
}

// Warn writes a warning as the runner of GitHub Actions reads it, one line.
func (c *Context) Warn(w io.Writer, title, message string) {
	// Note: where the step's own output is gone there is nobody left to tell.
	_, _ = io.WriteString(w, command(note{Level: finding.Warning, Title: title, Message: c.Token.Redact(figure.OneLine(message))}))
}
