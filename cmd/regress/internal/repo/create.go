package repo

import (
	"context"
	"fmt"
)

// identity is who commits where nobody else does.
var identity = []string{
	"GIT_AUTHOR_NAME=regress", "GIT_AUTHOR_EMAIL=regress@example.com",
	"GIT_COMMITTER_NAME=regress", "GIT_COMMITTER_EMAIL=regress@example.com",
}

// Create makes a directory the repository of what is in it, with one commit on a branch.
func Create(ctx context.Context, dir, branch, message string) error {
	if _, err := git(ctx, dir, "init", "--quiet", "--initial-branch="+branch); err != nil {
		return fmt.Errorf("make a repository in %s: %w", dir, err)
	}
	return Commit(ctx, dir, "", message)
}

// Commit commits everything in a directory, on a new branch where one is named.
func Commit(ctx context.Context, dir, branch, message string) error {
	steps := [][]string{{"add", "--all"}, {"commit", "--quiet", "--no-gpg-sign", "--message=" + message}}
	if branch != "" {
		steps = append([][]string{{"checkout", "--quiet", "-b", branch}}, steps...)
	}
	for _, args := range steps {
		if _, err := (call{dir: dir, env: identity, limit: shortCall, args: args}).run(ctx); err != nil {
			return fmt.Errorf("commit in %s: %w", dir, err)
		}
	}
	return nil
}
