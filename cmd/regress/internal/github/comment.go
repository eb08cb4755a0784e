package github

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
)

// found is a comment of ours, if there is one.
type found struct {
	id   int64 // 0: there is none
	run  int64 // the workflow run that wrote it
	page int   // the page it stands on, or the last one
}

// comment keeps the one comment of this suite on the pull request.
func (j *Job) comment(ctx context.Context, post Post) error {
	if j.author == "" {
		j.author = j.whoami(ctx)
	}
	old, err := j.findComment(ctx, 1)
	if err != nil {
		return err
	}
	body := j.body(post)
	switch {
	case old.id != 0 && old.run > j.env.measuredBy():
		return nil // a later push has been judged in the meantime
	case old.id != 0:
		return j.editComment(ctx, old.id, body)
	case quiet(post.Decision) && j.opt.Comment != WhenAlways:
		return nil
	}
	return j.addComment(ctx, body, old.page)
}

// addComment posts a new comment and makes sure that it stays the only one:
// of two jobs that both found none, the one with the larger id gives way.
func (j *Job) addComment(ctx context.Context, body string, page int) error {
	made, err := j.createComment(ctx, body)
	mine := made.GetID()
	if err != nil && !unsure(err) {
		return err
	}
	first, looked := j.findComment(ctx, page)
	switch {
	case err != nil && looked != nil:
		return fmt.Errorf("%w (and whether it took is unknown)", err)
	case err != nil && first.id != 0:
		// It took, or another job has written one.
		return j.editComment(ctx, first.id, body)
	case err != nil:
		_, err = j.createComment(ctx, body)
		return err
	case looked != nil:
		return looked
	case first.id == 0 || first.id >= mine:
		return nil
	}
	if first.run <= j.env.measuredBy() {
		if err := j.editComment(ctx, first.id, body); err != nil {
			return err
		}
	}
	_, err = j.api.Issues.DeleteComment(ctx, j.api.owner, j.api.repo, mine)
	return err
}

func (j *Job) createComment(ctx context.Context, body string) (*api.IssueComment, error) {
	made, _, err := j.api.Issues.CreateComment(ctx, j.api.owner, j.api.repo, j.env.Pull, &api.IssueComment{Body: &body})
	return made, err
}

func (j *Job) editComment(ctx context.Context, id int64, body string) error {
	_, _, err := j.api.Issues.EditComment(ctx, j.api.owner, j.api.repo, id, &api.IssueComment{Body: &body})
	return err
}

var writtenBy = regexp.MustCompile(`^<!-- run (\d+) -->`)

// findComment looks for the comment with the lowest id that is ours: it begins
// with the marker and this job's own account wrote it. Anybody can write a
// marker, and with this token we could edit their comment.
func (j *Job) findComment(ctx context.Context, page int) (found, error) {
	first := "<!-- " + j.opt.marker() + " -->"
	for {
		list, resp, err := j.api.Issues.ListComments(ctx, j.api.owner, j.api.repo, j.env.Pull, &api.IssueListCommentsOptions{
			ListOptions: api.ListOptions{Page: page, PerPage: 100},
		})
		if err != nil {
			return found{}, err
		}
		at := found{page: page}
		for _, c := range list {
			head, rest, _ := strings.Cut(strings.ReplaceAll(c.GetBody(), "\r\n", "\n"), "\n")
			if head != first || !strings.EqualFold(c.GetUser().GetLogin(), j.author) || at.id != 0 && at.id < c.GetID() {
				continue
			}
			at.id, at.run = c.GetID(), 0
			if m := writtenBy.FindStringSubmatch(rest); m != nil {
				at.run, _ = strconv.ParseInt(m[1], 10, 64)
			}
		}
		if at.id != 0 || resp.NextPage == 0 { // GitHub lists them by rising id
			return at, nil
		}
		page = resp.NextPage
	}
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

// quiet decisions have nothing that anybody would want to read.
func quiet(d gate.Decision) bool {
	return d.Outcome == gate.Pass && d.Counts[gate.Improved] == 0 && d.Counts[gate.Waived] == 0
}

// body of the comment: the marker, who wrote it, and the report, or one line
// when all is well.
func (j *Job) body(post Post) string {
	head := fmt.Sprintf("<!-- %s -->\n<!-- run %d -->\n", j.opt.marker(), j.env.measuredBy())
	text := post.Comment
	if quiet(post.Decision) {
		text = fmt.Sprintf("✅ %s: %s", j.opt.name(), figure.Prose(figure.Cut(post.Headline, 500)))
		if url := j.env.runURL(); url != "" {
			text += fmt.Sprintf(" · [what it could not have seen](%s)", url)
		}
		text += "\n"
	}
	return head + fit(text, maxMarkdown-len(head)-len(post.aside)) + post.aside
}
