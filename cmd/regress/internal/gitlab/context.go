package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/report"
)

// Context is what a job of GitLab CI knows of the GitLab that it runs in.
type Context struct {
	forge.Facts
	API      string // CI_API_V4_URL, without a slash at its end
	Project  string // number of the project that the pipeline runs in
	Target   string // number of the project that the merge request is in
	Path     string // of the project that the pipeline runs in: group/name
	Home     string // page of the project that the pipeline runs in; empty: unknown
	Change   string // page of the merge request; empty: none
	Job      string // page of the job; empty: unknown
	Pipeline int64  // number of the pipeline; a later one has a larger number
	User     string // whose rights the job's own token has
	Token    forge.Secret
	Own      bool // Token is the job's own, which may do little
}

var (
	number = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	page   = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/@%+-]+$`)
)

// maxPage is how many bytes the address of a page may have.
const maxPage = 500

// FromEnv reads what the runner of GitLab says through its environment; getenv is os.Getenv. Where
// something is missing or malformed the error says what, and the Context still holds the rest.
func FromEnv(getenv func(string) string) (Context, error) {
	if getenv("GITLAB_CI") != "true" {
		return Context{Facts: forge.Facts{Base: []string{"HEAD"}}}, errors.New("GITLAB_CI is not set: is this a job of GitLab CI?")
	}
	only := func(pattern *regexp.Regexp, name string) string {
		value := strings.TrimSuffix(getenv(name), "/")
		if len(value) > maxPage || !pattern.MatchString(value) {
			return ""
		}
		return value
	}
	c := Context{
		API:     strings.TrimSuffix(getenv("CI_API_V4_URL"), "/"),
		Project: only(number, "CI_PROJECT_ID"),
		Target:  cmp.Or(only(number, "CI_MERGE_REQUEST_PROJECT_ID"), only(number, "CI_PROJECT_ID")),
		Path:    getenv("CI_PROJECT_PATH"),
		Home:    only(page, "CI_PROJECT_URL"),
		Job:     only(page, "CI_JOB_URL"),
		User:    getenv("GITLAB_USER_LOGIN"),
		Token:   forge.NewSecret(strings.TrimSpace(getenv("GITLAB_TOKEN"))),
	}
	if c.Token.Empty() {
		c.Token, c.Own = forge.NewSecret(strings.TrimSpace(getenv("CI_JOB_TOKEN"))), true
	}
	c.Pipeline, _ = strconv.ParseInt(only(number, "CI_PIPELINE_ID"), 10, 64)
	c.Measured = forge.SHA(getenv("CI_COMMIT_SHA"))
	c.SHA = c.Measured
	c.change(getenv, only)
	switch {
	case c.Project == "":
		return c, fmt.Errorf("CI_PROJECT_ID is %q, not the number of a project", getenv("CI_PROJECT_ID"))
	case c.SHA == "":
		return c, fmt.Errorf("CI_COMMIT_SHA is %q, not a commit", getenv("CI_COMMIT_SHA"))
	}
	return c, nil
}

// change takes what the environment says of a merge request, or of a push. The base of a merge
// request is where its branch left the target. A pipeline for merged results measures a merge that
// GitLab made, with a newer target in it, and compares with that target.
func (c *Context) change(getenv func(string) string, only func(*regexp.Regexp, string) string) {
	named := func(names ...string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "origin/" })
	}
	iid, _ := strconv.Atoi(only(number, "CI_MERGE_REQUEST_IID"))
	if iid == 0 {
		c.Base = named(forge.SHA(getenv("CI_COMMIT_BEFORE_SHA")), "HEAD") // HEAD measures the noise
		c.Brought = broughtBy(getenv("CI_COMMIT_MESSAGE"))
		return
	}
	c.Pull, c.Branch = iid, getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
	c.Fork = getenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != getenv("CI_MERGE_REQUEST_PROJECT_ID")
	c.SHA = cmp.Or(forge.SHA(getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")), c.SHA) // of a merged result alone
	c.Base = named(forge.SHA(getenv("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")), forge.SHA(getenv("CI_MERGE_REQUEST_DIFF_BASE_SHA")),
		"origin/"+getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
	if home := only(page, "CI_MERGE_REQUEST_PROJECT_URL"); home != "" {
		c.Change = fmt.Sprintf("%s/-/merge_requests/%d", home, iid)
	}
}

// merged is how GitLab names a merge request in the last line of what it merges.
var merged = regexp.MustCompile(`^See merge request [A-Za-z0-9._/-]*!([0-9]{1,9})$`)

// broughtBy returns the number of the merge request that the message of a merge names; 0: none.
func broughtBy(message string) int {
	text := strings.TrimSpace(message)
	found := merged.FindStringSubmatch(text[strings.LastIndexByte(text, '\n')+1:])
	if found == nil {
		return 0
	}
	brought, _ := strconv.Atoi(found[1])
	return brought
}

// Known returns the facts of the job.
func (c *Context) Known() forge.Facts { return c.Facts }

// Repository returns the path of the project.
func (c *Context) Repository() string { return c.Path }

// Links returns the pages of the job, its artifacts, and the change.
func (c *Context) Links(artifact, base, head string) []report.Link {
	var links []report.Link
	add := func(text, url string) {
		if url != "" {
			links = append(links, report.Link{Text: text, URL: url})
		}
	}
	add("the job", c.Job)
	if artifact != "" && c.Job != "" {
		add("raw log", c.Job+"/artifacts/browse")
	}
	if c.Change != "" {
		add("the change", c.Change+"/diffs")
	} else {
		add("the change", c.Compare(base, head))
	}
	return links
}

// Compare returns the page of what changed between two commits; empty where one is no full commit
// id, or they are the same.
func (c *Context) Compare(base, head string) string {
	if c.Home == "" || forge.SHA(base) == "" || forge.SHA(head) == "" || base == head {
		return ""
	}
	return fmt.Sprintf("%s/-/compare/%s...%s", c.Home, base, head)
}

// SetOutputs does nothing: the steps of GitLab's jobs hand nothing on but files.
func (c *Context) SetOutputs(map[string]string) error { return nil }

// Later returns false.
func (c *Context) Later() bool { return false }

// Summarize does nothing: GitLab's jobs have no summary.
func (c *Context) Summarize(string) error { return nil }

// Board returns an error: no issues are kept on GitLab.
func (c *Context) Board() (forge.Board, error) {
	return nil, errors.New("regress opens no issues on GitLab; give --notify an address, and each change of an alert is posted there")
}

// Redact returns a text without the job's token.
func (c *Context) Redact(text string) string { return c.Token.Redact(text) }

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

// start returns the job and the way to GitLab; nil: it asks nothing.
func (c *Context) start(o forge.Options) (*forge.Plain, *forge.Wire) {
	if o.Commands == nil {
		o.Commands = io.Discard
	}
	j := &forge.Plain{
		Options: o, Facts: c.Facts, Run: c.Pipeline, Page: c.Job, Token: c.Token, Forge: "GitLab",
		Warn: func(title, message string) { c.Warn(o.Commands, title, message) },
	}
	switch {
	case c.Project == "" || c.SHA == "":
		return j, nil // the caller has the error of FromEnv
	case c.Pull != 0 && c.Project != c.Target:
		return j, nil // a fork's own pipeline: its token may not write where the merge request is
	case c.Token.Empty():
		j.Trouble = append(j.Trouble, "there is no token; "+passToken)
		return j, nil
	}
	h, err := dial(c)
	if err != nil {
		j.Trouble = append(j.Trouble, err.Error())
		return j, nil
	}
	j.Host = h
	return j, h.Wire
}
