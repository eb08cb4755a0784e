package gitea

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/github"
	"github.com/descartes/regress/cmd/regress/internal/report"
)

// Context is what a job of Gitea Actions or Forgejo Actions knows of its forge.
type Context struct {
	github.Context
	Number int64 // of the run, among those of the repository; its page is called so
}

// FromEnv reads what the runner says through its environment and the event file; getenv is
// os.Getenv. Where something is missing or malformed the error says what, and the Context still
// holds the rest.
func FromEnv(getenv func(string) string) (Context, error) {
	env, err := github.FromEnv(getenv)
	c := Context{Context: env}
	// What GitHub's own addresses are by default is no place for this token.
	c.ServerURL = strings.TrimSuffix(getenv("GITHUB_SERVER_URL"), "/")
	c.APIURL = strings.TrimSuffix(getenv("GITHUB_API_URL"), "/")
	if c.APIURL == "" && c.ServerURL != "" {
		c.APIURL = c.ServerURL + "/api/v1"
	}
	c.Token = forge.NewSecret(strings.TrimSpace(cmp.Or(getenv("GITEA_TOKEN"), getenv("FORGEJO_TOKEN"), getenv("GITHUB_TOKEN"))))
	c.Number, _ = strconv.ParseInt(getenv("GITHUB_RUN_NUMBER"), 10, 64)
	return c, err
}

// home returns the page of the repository; empty: unknown.
func (c *Context) home() string {
	if c.ServerURL == "" || c.Owner == "" {
		return ""
	}
	return c.ServerURL + "/" + c.Repository()
}

// run returns the page of the run that holds the log; empty: unknown. Gitea has called it by its
// identifier since 1.26, and understands the number when told so; Forgejo knows the number alone.
func (c *Context) run() string {
	if c.Number <= 0 || c.home() == "" {
		return ""
	}
	return fmt.Sprintf("%s/actions/runs/%d?by_index=1", c.home(), c.Number)
}

// Links returns the pages of the run, which has the artifacts, and of the change.
func (c *Context) Links(_, base, head string) []report.Link {
	var links []report.Link
	if page := c.run(); page != "" {
		links = append(links, report.Link{Text: "the run and its artifacts", URL: page})
	}
	switch {
	case c.home() == "":
	case c.Pull != 0:
		links = append(links, report.Link{Text: "the change", URL: fmt.Sprintf("%s/pulls/%d/files", c.home(), c.Pull)})
	case c.Compare(base, head) != "":
		links = append(links, report.Link{Text: "the change", URL: c.Compare(base, head)})
	}
	return links
}

// Board returns an error: no issues are kept on Gitea.
func (c *Context) Board() (forge.Board, error) {
	return nil, errors.New("regress opens no issues on Gitea and Forgejo; give --notify an address, and each change of an alert is posted there")
}

// Warn writes a warning on one line of the job's log.
func (c *Context) Warn(w io.Writer, title, message string) {
	// Note: where the job's own output is gone there is nobody left to tell.
	_, _ = fmt.Fprintf(w, "warning: %s: %s\n", title, c.Token.Redact(figure.OneLine(message)))
}

// Start makes a job; nothing is asked before it ends.
func (c *Context) Start(_ context.Context, o forge.Options) forge.Job {
	job, _ := c.start(o)
	return job
}

// start returns the job and the way to the forge; nil: it asks nothing.
func (c *Context) start(o forge.Options) (*forge.Plain, *forge.Wire) {
	if o.Commands == nil {
		o.Commands = io.Discard
	}
	j := &forge.Plain{
		Options: o, Facts: c.Facts, Run: c.RunID, Page: c.run(), Summary: c.Summary, Token: c.Token, Forge: "Gitea",
		Warn: func(title, message string) { c.Warn(o.Commands, title, message) },
	}
	switch {
	case c.Owner == "" || c.SHA == "" || c.Fork && c.Event == "pull_request":
		return j, nil // the caller has the error of FromEnv, or the token can only read
	case c.Token.Empty():
		j.Trouble = append(j.Trouble, "there is no token; pass GITEA_TOKEN: ${{ secrets.GITHUB_TOKEN }} in the environment")
		return j, nil
	}
	client, err := forge.NewClient("Gitea", "GITHUB_API_URL", c.APIURL, "Authorization", "token ", c.Token)
	if err != nil {
		j.Trouble = append(j.Trouble, err.Error())
		return j, nil
	}
	j.Host = &host{Client: client, env: c}
	return j, client.Wire
}

// host is Gitea for one job.
type host struct {
	*forge.Client
	env *Context
}

// comment is a comment as Gitea answers it.
type comment struct {
	ID   int64
	Body string
	User struct{ Login string }
}

func (c comment) comment() forge.Comment {
	return forge.Comment{ID: c.ID, Author: c.User.Login, Body: c.Body}
}

// at returns a path in the job's repository.
func (h *host) at(format string, args ...any) string {
	return "/repos/" + url.PathEscape(h.env.Owner) + "/" + url.PathEscape(h.env.Repo) + fmt.Sprintf(format, args...)
}

// Comments returns all comments: Gitea has no pages of them.
func (h *host) Comments(ctx context.Context, _ int) ([]forge.Comment, int, error) {
	var list []comment
	if _, err := h.Call(ctx, http.MethodGet, h.at("/issues/%d/comments", h.env.Pull), nil, &list); err != nil {
		return nil, 0, err
	}
	out := make([]forge.Comment, 0, len(list))
	for _, c := range list {
		out = append(out, c.comment())
	}
	return out, 0, nil
}

// Write adds a comment.
func (h *host) Write(ctx context.Context, body string) (forge.Comment, error) {
	var made comment
	_, err := h.Call(ctx, http.MethodPost, h.at("/issues/%d/comments", h.env.Pull), map[string]string{"body": body}, &made)
	return made.comment(), err
}

// Rewrite gives a comment another text.
func (h *host) Rewrite(ctx context.Context, id int64, body string) error {
	_, err := h.Call(ctx, http.MethodPatch, h.at("/issues/comments/%d", id), map[string]string{"body": body}, nil)
	return err
}

// Remove takes a comment away.
func (h *host) Remove(ctx context.Context, id int64) error {
	_, err := h.Call(ctx, http.MethodDelete, h.at("/issues/comments/%d", id), nil, nil)
	return err
}

// jobs are the accounts that write with the tokens of jobs. Nobody else can be called so.
var jobs = []string{"gitea-actions", "forgejo-actions"}

// Writer asks who writes with the token. Who may not ask is a job.
func (h *host) Writer(ctx context.Context) (func(string) bool, error) {
	var user struct{ Login string }
	_, err := h.Call(ctx, http.MethodGet, "/user", nil, &user)
	var refusal *forge.Refusal
	names := []string{user.Login}
	switch {
	case errors.As(err, &refusal) && refusal.Denied():
		names = jobs
	case err != nil:
		return nil, err
	case user.Login == "":
		return nil, errors.New("the forge does not say who it is")
	}
	return func(author string) bool {
		for _, name := range names {
			if strings.EqualFold(author, name) {
				return true
			}
		}
		return false
	}, nil
}

// SetStatus sets the status of the commit. A warning fails nothing and is not green.
func (h *host) SetStatus(ctx context.Context, s forge.Status) error {
	status := map[string]string{
		"state":       map[forge.State]string{forge.Passed: "success", forge.Failed: "failure", forge.Undecided: "warning"}[s.State],
		"context":     s.Name,
		"description": s.Description,
	}
	if s.Page != "" {
		status["target_url"] = s.Page
	}
	set := func() error {
		_, err := h.Call(ctx, http.MethodPost, h.at("/statuses/%s", h.env.SHA), status, nil)
		return err
	}
	err := set()
	if h.Unsure(err) { // the last status of a context counts: twice does no harm
		err = set()
	}
	return err
}

// Hopeless reports whether Gitea does not know the token.
func (h *host) Hopeless(err error) bool { return h.Unknown(err) }

// Explain says in one sentence what went wrong and what would help.
func (h *host) Explain(err error) string {
	return h.Client.Explain(err, "pass a valid token as GITEA_TOKEN",
		"give the job `permissions: contents: write, issues: write, pull-requests: write`, where the repository's settings do not already; statuses need the first")
}
