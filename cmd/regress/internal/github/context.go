package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/report"
)

// Context is what a job knows of the GitHub that it runs in.
type Context struct {
	forge.Facts
	Event      string // GITHUB_EVENT_NAME: pull_request, merge_group, workflow_run, push, schedule …
	Owner      string // of the repository that the workflow runs for
	Repo       string
	HeadOwner  string // workflow_run: whose branch was measured
	HeadBranch string
	RunID      int64  // of this workflow run
	TriggerID  int64  // workflow_run: the run that measured and holds the artifact
	Trigger    string // workflow_run: the event of that run
	APIURL     string // with a trailing slash
	ServerURL  string
	Token      forge.Secret
	Summary    string // file that takes the job summary; empty: none
	Outputs    string // file that takes the step's outputs; empty: none
}

// payload is what is read of GITHUB_EVENT_PATH.
type payload struct {
	PullRequest *struct {
		Number     int
		Head, Base revision
	} `json:"pull_request"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	WorkflowRun *struct {
		ID             int64
		Event          string
		HeadSHA        string     `json:"head_sha"`
		HeadBranch     string     `json:"head_branch"`
		HeadRepository repository `json:"head_repository"`
	} `json:"workflow_run"`
	HeadCommit *struct {
		ID, Message string
	} `json:"head_commit"`
	Before, After string
	Repository    struct{ Fork bool } // of the job
}

type revision struct {
	SHA  string
	Ref  string
	Repo *repository // absent when the fork was deleted
}

type repository struct {
	FullName string `json:"full_name"`
	Owner    struct{ Login string }
}

// maxEvent is GitHub's own limit for a webhook's payload, in bytes.
const maxEvent = 25 << 20

var fullName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_-]*)/([A-Za-z0-9._-]+)$`)

// FromEnv reads what the runner of GitHub Actions says through its environment
// and the event file; getenv is os.Getenv. Where something is missing or
// malformed the error says what, and the Context still holds the rest: without
// a commit to report on, a Job writes commands and the summary alone.
func FromEnv(getenv func(string) string) (Context, error) {
	c := Context{
		Event:     getenv("GITHUB_EVENT_NAME"),
		APIURL:    strings.TrimSuffix(cmp.Or(getenv("GITHUB_API_URL"), "https://api.github.com"), "/") + "/",
		ServerURL: strings.TrimSuffix(cmp.Or(getenv("GITHUB_SERVER_URL"), "https://github.com"), "/"),
		Token:     forge.NewSecret(strings.TrimSpace(getenv("GITHUB_TOKEN"))),
		Summary:   getenv("GITHUB_STEP_SUMMARY"),
		Outputs:   getenv("GITHUB_OUTPUT"),
	}
	c.Measured, c.Branch = forge.SHA(getenv("GITHUB_SHA")), getenv("GITHUB_HEAD_REF")
	c.Base = []string{"HEAD"} // which measures the noise of the machine
	if branch := getenv("GITHUB_BASE_REF"); branch != "" {
		c.Base = []string{"origin/" + branch}
	}
	c.RunID, _ = strconv.ParseInt(getenv("GITHUB_RUN_ID"), 10, 64)
	c.SHA = c.Measured
	parts := fullName.FindStringSubmatch(getenv("GITHUB_REPOSITORY"))
	if parts == nil {
		c.SHA = ""
		return c, fmt.Errorf("read the GitHub environment: GITHUB_REPOSITORY is %q, not owner/name: is this a GitHub Actions job?", getenv("GITHUB_REPOSITORY"))
	}
	c.Owner, c.Repo = parts[1], parts[2]
	name := getenv("GITHUB_EVENT_PATH")
	if name == "" {
		return c, c.check()
	}
	event, err := readEvent(name)
	if err != nil {
		c.SHA = "" // GITHUB_SHA may be the merge commit, where nobody looks
		return c, fmt.Errorf("read the event of this job: %w", err)
	}
	c.apply(event)
	return c, c.check()
}

func readEvent(name string) (payload, error) {
	var event payload
	file, err := os.Open(name)
	if err != nil {
		return event, err
	}
	defer file.Close()
	if err := json.NewDecoder(io.LimitReader(file, maxEvent)).Decode(&event); err != nil {
		return payload{}, fmt.Errorf("%s: %w", name, err)
	}
	return event, nil
}

// apply takes the commit and the pull request from the event: the environment knows neither. The
// base of a pull request is its branch as it was fetched, which the merge commit contains; the
// event's commit of it may be older. A new branch has no commit before the push, and a forced
// push may have lost it.
func (c *Context) apply(event payload) {
	here := c.Owner + "/" + c.Repo
	c.Forked = event.Repository.Fork
	switch {
	case event.PullRequest != nil:
		pull := event.PullRequest
		c.SHA, c.Pull = forge.SHA(pull.Head.SHA), pull.Number
		c.Base = named("origin/"+pull.Base.Ref, forge.SHA(pull.Base.SHA))
		c.Fork = pull.Head.Repo == nil || !strings.EqualFold(pull.Head.Repo.FullName, here)
	case event.MergeGroup != nil:
		c.SHA, c.Base = forge.SHA(event.MergeGroup.HeadSHA), named(forge.SHA(event.MergeGroup.BaseSHA))
	case event.WorkflowRun != nil:
		run := event.WorkflowRun
		c.SHA, c.TriggerID, c.Trigger = forge.SHA(run.HeadSHA), run.ID, run.Event
		c.HeadOwner, c.HeadBranch = run.HeadRepository.Owner.Login, run.HeadBranch
		c.Fork = !strings.EqualFold(run.HeadRepository.FullName, here)
	case event.After != "":
		c.SHA, c.Base = cmp.Or(forge.SHA(event.After), c.Measured), named(forge.SHA(event.Before), "HEAD")
		if event.HeadCommit != nil && event.HeadCommit.ID == c.SHA {
			c.Brought = broughtBy(event.HeadCommit.Message)
		}
	}
}

// merged are the two ways in which GitHub names a pull request in the first line of what it merges.
var merged = regexp.MustCompile(`^Merge pull request #([0-9]{1,9}) from |\(#([0-9]{1,9})\)$`)

// broughtBy returns the number of the pull request that the message of a merge names; 0: none.
func broughtBy(message string) int {
	first, _, _ := strings.Cut(message, "\n")
	found := merged.FindStringSubmatch(strings.TrimSpace(first))
	if found == nil {
		return 0
	}
	number, _ := strconv.Atoi(found[1] + found[2])
	return number
}

// named returns the names without those that are empty.
func named(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "origin/" })
}

func (c *Context) check() error {
	if c.SHA == "" {
		return fmt.Errorf("read the event of this job: %q names no commit to report on", c.Event)
	}
	return nil
}

// SetOutputs hands values to the later steps of this job; it does nothing outside of one.
func (c *Context) SetOutputs(values map[string]string) error {
	if c.Outputs == "" {
		return nil
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&text, "%s=%s\n", name, c.Token.Redact(figure.OneLine(values[name])))
	}
	file, err := os.OpenFile(c.Outputs, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = file.WriteString(text.String())
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("write the outputs of this step: %w", err)
	}
	return nil
}

// runURL is the page of the workflow run that holds the log.
func (c *Context) runURL() string {
	if c.RunID == 0 {
		return ""
	}
	return fmt.Sprintf("%s/%s/%s/actions/runs/%d", c.ServerURL, c.Owner, c.Repo, c.RunID)
}

// Links returns the pages that a reader of a report may want: the run that measured, the raw log
// that it uploaded as artifact, and what changed between the commits that were measured.
func (c *Context) Links(artifact, base, head string) []report.Link {
	home := fmt.Sprintf("%s/%s/%s", c.ServerURL, c.Owner, c.Repo)
	var links []report.Link
	if c.Owner == "" {
		return nil
	}
	if run := c.measuredBy(); run != 0 {
		page := fmt.Sprintf("%s/actions/runs/%d", home, run)
		links = append(links, report.Link{Text: "the run", URL: page})
		if artifact != "" {
			links = append(links, report.Link{Text: "raw log", URL: page + "#artifacts", Command: c.download(run, artifact)})
		}
	}
	switch {
	case c.Pull != 0:
		links = append(links, report.Link{Text: "the change", URL: fmt.Sprintf("%s/pull/%d/files", home, c.Pull)})
	case c.Compare(base, head) != "":
		links = append(links, report.Link{Text: "the change", URL: c.Compare(base, head)})
	}
	return links
}

// download returns the command that brings an artifact of a run, for GitHub's own command line.
func (c *Context) download(run int64, artifact string) string {
	repo := c.Repository()
	if _, host, _ := strings.Cut(c.ServerURL, "://"); host != "github.com" {
		repo = host + "/" + repo
	}
	return fmt.Sprintf("gh run download %d --repo %s --name %s", run, figure.Word(repo), figure.Word(artifact))
}

// Compare returns the page of what changed between two commits; empty where one is no full commit
// id, or they are the same.
func (c *Context) Compare(base, head string) string {
	if forge.SHA(base) == "" || forge.SHA(head) == "" || base == head {
		return ""
	}
	return fmt.Sprintf("%s/%s/compare/%s...%s", c.ServerURL, c.Repository(), base, head)
}

// readOnly reports whether the token can do nothing but read, whatever the
// workflow asks for.
func (c *Context) readOnly() bool { return c.Fork && c.Event == "pull_request" }

// measuredBy is the run that measured: this one, or the one that triggered it.
func (c *Context) measuredBy() int64 { return cmp.Or(c.TriggerID, c.RunID) }

// Known returns the facts of the job.
func (c *Context) Known() forge.Facts { return c.Facts }

// Repository returns owner/name; empty outside of a job.
func (c *Context) Repository() string {
	if c.Owner == "" {
		return ""
	}
	return c.Owner + "/" + c.Repo
}

// Start opens the check run of the job; see the function of that name.
func (c *Context) Start(ctx context.Context, o forge.Options) forge.Job { return Start(ctx, *c, o) }

// Later reports whether there is a file for the outputs of the step.
func (c *Context) Later() bool { return c.Outputs != "" }

// Board returns the issues of the job's repository; see OpenBoard.
func (c *Context) Board() (forge.Board, error) {
	board, err := OpenBoard(*c)
	if err != nil {
		return nil, err
	}
	return board, nil
}

// Redact returns a text without the job's token.
func (c *Context) Redact(text string) string { return c.Token.Redact(text) }
