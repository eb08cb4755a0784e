package github

import (
	"context"
	"errors"

	api "github.com/google/go-github/v60/github"
)

// findPull finds the open pull request whose head is the commit that was
// measured, by asking for the branch. Neither the event, which lists no pull
// request of a fork, nor anything in the artifact is believed. 0 without an
// error: there is none, the branch has moved on or the pull request is closed.
func (j *Job) findPull(ctx context.Context) (int, error) {
	if j.env.HeadOwner == "" || j.env.HeadBranch == "" {
		return 0, errors.New("the event does not say which branch was measured")
	}
	list, _, err := j.api.PullRequests.List(ctx, j.api.owner, j.api.repo, &api.PullRequestListOptions{
		State:       "open",
		Head:        j.env.HeadOwner + ":" + j.env.HeadBranch,
		ListOptions: api.ListOptions{PerPage: 100},
	})
	if err != nil {
		return 0, err
	}
	for _, pull := range list {
		if pull.GetHead().GetSHA() == j.env.SHA {
			return pull.GetNumber(), nil
		}
	}
	return 0, nil
}
