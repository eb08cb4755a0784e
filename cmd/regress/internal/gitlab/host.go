package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/forge"
)

// What helps.
const (
	passToken  = "make a project access token with the role Developer and the scope api, and pass it as the masked variable GITLAB_TOKEN"
	grantToken = "GITLAB_TOKEN needs the scope api and the role Developer in this project"
	jobToken   = "the job's own CI_JOB_TOKEN may at most read merge requests (as of GitLab 18; older ones allow it less)"
)

// host is GitLab for one job.
type host struct {
	*forge.Client
	env *Context
}

// dial returns a host; nothing is sent.
func dial(env *Context) (*host, error) {
	header := "PRIVATE-TOKEN"
	if env.Own {
		header = "JOB-TOKEN"
	}
	client, err := forge.NewClient("GitLab", "CI_API_V4_URL", env.API, header, "", env.Token)
	if err != nil {
		return nil, err
	}
	return &host{Client: client, env: env}, nil
}

// note is a note as GitLab answers it.
type note struct {
	ID     int64
	Body   string
	System bool // written by GitLab itself: "changed the title"
	Author struct{ Username string }
}

func (n note) comment() forge.Comment {
	if n.System {
		return forge.Comment{ID: n.ID}
	}
	return forge.Comment{ID: n.ID, Author: n.Author.Username, Body: n.Body}
}

// notes returns the path of the notes of the merge request.
func (h *host) notes() string {
	return fmt.Sprintf("/projects/%s/merge_requests/%d/notes", h.env.Target, h.env.Pull)
}

// Comments returns a page of a hundred notes, the oldest first.
func (h *host) Comments(ctx context.Context, page int) ([]forge.Comment, int, error) {
	var list []note
	header, err := h.Call(ctx, http.MethodGet, fmt.Sprintf("%s?sort=asc&order_by=created_at&per_page=100&page=%d", h.notes(), page), nil, &list)
	if err != nil {
		return nil, 0, err
	}
	out := make([]forge.Comment, 0, len(list))
	for _, n := range list {
		out = append(out, n.comment())
	}
	next, _ := strconv.Atoi(header.Get("X-Next-Page")) // empty on the last one
	if next <= page {
		next = 0
	}
	return out, next, nil
}

// Write adds a note.
func (h *host) Write(ctx context.Context, body string) (forge.Comment, error) {
	var made note
	_, err := h.Call(ctx, http.MethodPost, h.notes(), map[string]string{"body": disarm(body)}, &made)
	return made.comment(), err
}

// Rewrite gives a note another text.
func (h *host) Rewrite(ctx context.Context, id int64, body string) error {
	_, err := h.Call(ctx, http.MethodPut, fmt.Sprintf("%s/%d", h.notes(), id), map[string]string{"body": disarm(body)}, nil)
	return err
}

// Remove takes a note away.
func (h *host) Remove(ctx context.Context, id int64) error {
	_, err := h.Call(ctx, http.MethodDelete, fmt.Sprintf("%s/%d", h.notes(), id), nil, nil)
	return err
}

// Writer asks who writes with the token. That of the job has the rights of who started it.
func (h *host) Writer(ctx context.Context) (func(string) bool, error) {
	name := h.env.User
	if !h.env.Own {
		var user struct{ Username string }
		if _, err := h.Call(ctx, http.MethodGet, "/user", nil, &user); err != nil {
			return nil, err
		}
		name = user.Username
	}
	if name == "" {
		return nil, errors.New("the forge does not say who it is")
	}
	return func(author string) bool { return strings.EqualFold(author, name) }, nil
}

// SetStatus sets the status in the pipeline that this job is part of. "skipped" fails no pipeline
// and is not green. The job's own token may set none, and the job itself shows what it would say.
func (h *host) SetStatus(ctx context.Context, s forge.Status) error {
	if h.env.Own {
		return nil
	}
	status := map[string]any{
		"state":       map[forge.State]string{forge.Passed: "success", forge.Failed: "failed", forge.Undecided: "skipped"}[s.State],
		"name":        s.Name,
		"description": s.Description,
	}
	if s.Page != "" {
		status["target_url"] = s.Page
	}
	if h.env.Pipeline != 0 {
		status["pipeline_id"] = h.env.Pipeline // several may run for one commit
	}
	set := func() error {
		_, err := h.Call(ctx, http.MethodPost, fmt.Sprintf("/projects/%s/statuses/%s", h.env.Project, h.env.Measured), status, nil)
		return err
	}
	err := set()
	if h.Unsure(err) { // the last status of a name counts: twice does no harm
		err = set()
	}
	return err
}

// Hopeless reports whether GitLab does not know the token. The job's own is answered so where it
// may not do what was asked.
func (h *host) Hopeless(err error) bool { return h.Unknown(err) }

// Explain says in one sentence what went wrong and what would help.
func (h *host) Explain(err error) string {
	if h.env.Own {
		return h.Client.Explain(err, jobToken+": "+passToken, jobToken+": "+passToken)
	}
	return h.Client.Explain(err, "pass a valid token as GITLAB_TOKEN", grantToken)
}

// disarm returns Markdown in which no line is a quick action: GitLab takes a line that begins with
// a slash for an order, and carries it out with the rights of the token. It drops carriage returns
// before it looks.
func disarm(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	for i, line := range lines {
		if rest := strings.TrimSpace(line); strings.HasPrefix(rest, "/") {
			lines[i] = `\` + rest
		}
	}
	return strings.Join(lines, "\n")
}
