package github

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
)

// span is a range of lines, both ends in it.
type span struct{ first, last int }

// review looks at the pull request that a workflow_run belongs to: which it is,
// and which lines it changes. It is one request for each, and only the first
// hundred files are believed in.
func (j *Job) review(ctx context.Context, post *forge.Post) error {
	number, err := j.findPull(ctx)
	if err != nil || number == 0 {
		return err
	}
	j.env.Pull = number
	files, _, err := j.api.PullRequests.ListFiles(ctx, j.api.owner, j.api.repo, number, &api.ListOptions{PerPage: 100})
	if err != nil {
		return err
	}
	changed := map[string][]span{}
	for _, f := range files {
		changed[f.GetFilename()] = append(changed[f.GetFilename()], hunks(f.GetPatch())...)
		if old := f.GetPreviousFilename(); old != "" && changed[old] == nil {
			changed[old] = []span{}
		}
	}
	post.Causes = confirm(post.Claims, changed)
	if post.Write != nil {
		post.Summary = j.env.Token.Redact(post.Write(post.Causes))
		post.Comment = post.Summary
	}
	if _, other := changed[post.Policy]; other && post.Policy != "" {
		post.Aside = fmt.Sprintf("\nThis pull request changes %s. What stands here was decided with the one of the default branch; the changed one counts in the pull request's own job, and here once it is merged.\n", figure.Prose(post.Policy))
	}
	return nil
}

// confirm keeps the claims that lie inside one hunk of a changed file. What grew
// is told in any case: it is text, and moves nothing.
func confirm(claims []forge.Claim, changed map[string][]span) map[baseline.Key]report.Cause {
	causes := map[baseline.Key]report.Cause{}
	for _, c := range claims {
		cause := report.Cause{Grown: c.Grown}
		if slices.ContainsFunc(changed[c.File], func(s span) bool { return s.first <= c.First && c.First <= c.Last && c.Last <= s.last }) {
			cause.File, cause.First, cause.Last = c.File, c.First, c.Last
		}
		causes[baseline.Key{Package: c.Package, Name: c.Name, Unit: c.Unit}] = cause
	}
	return causes
}

var hunkHead = regexp.MustCompile(`^@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})(?:,(\d{1,9}))? @@`)

// hunks are the lines of the head that a patch shows, changed ones with three
// around them. Lines of the files themselves begin with a sign, never with @@.
func hunks(patch string) []span {
	var all []span
	for line := range strings.Lines(patch) {
		m := hunkHead.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		first, _ := strconv.Atoi(m[1])
		count := 1
		if m[2] != "" {
			count, _ = strconv.Atoi(m[2])
		}
		if first > 0 && count > 0 {
			all = append(all, span{first, first + count - 1})
		}
	}
	return all
}
