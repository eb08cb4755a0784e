package github

import (
	"cmp"
	"context"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/descartes/regress/cmd/regress/internal/forge"
)

// comment keeps the one comment of this suite on the pull request.
func (j *Job) comment(ctx context.Context, post forge.Post, write bool) error {
	if j.author == "" {
		j.author = j.whoami(ctx)
	}
	kept := forge.Sticky{
		Thread: thread{j}, Mark: j.opt.Marker(), Run: j.env.measuredBy(),
		Mine: func(author string) bool { return strings.EqualFold(author, j.author) },
	}
	return kept.Keep(ctx, post.Body(j.opt, kept.Run, j.env.runURL()), write)
}

// thread is the comments on a job's pull request.
type thread struct{ *Job }

// Comments returns a page of a hundred. GitHub lists them by rising id.
func (t thread) Comments(ctx context.Context, page int) ([]forge.Comment, int, error) {
	list, resp, err := t.api.Issues.ListComments(ctx, t.api.owner, t.api.repo, t.env.Pull, &api.IssueListCommentsOptions{
		ListOptions: api.ListOptions{Page: page, PerPage: 100},
	})
	if err != nil {
		return nil, 0, err
	}
	var out []forge.Comment
	for _, c := range list {
		out = append(out, commentOf(c))
	}
	return out, resp.NextPage, nil
}

func (t thread) Write(ctx context.Context, body string) (forge.Comment, error) {
	made, _, err := t.api.Issues.CreateComment(ctx, t.api.owner, t.api.repo, t.env.Pull, &api.IssueComment{Body: &body})
	return commentOf(made), err
}

func (t thread) Rewrite(ctx context.Context, id int64, body string) error {
	_, _, err := t.api.Issues.EditComment(ctx, t.api.owner, t.api.repo, id, &api.IssueComment{Body: &body})
	return err
}

func (t thread) Remove(ctx context.Context, id int64) error {
	_, err := t.api.Issues.DeleteComment(ctx, t.api.owner, t.api.repo, id)
	return err
}

func (t thread) Unsure(err error) bool { return unsure(err) }

func commentOf(c *api.IssueComment) forge.Comment {
	return forge.Comment{ID: c.GetID(), Author: c.GetUser().GetLogin(), Body: c.GetBody()}
}

// whoami is the account behind the token. An App's token must not ask; the
// check run that it made says which App it is, so this is for personal tokens.
func (j *Job) whoami(ctx context.Context) string {
	const actions = "github-actions[bot]"
	user, _, err := j.api.Users.Get(ctx, "")
	if err != nil {
		return actions
	}
	return cmp.Or(user.GetLogin(), actions)
}
