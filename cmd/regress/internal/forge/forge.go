package forge

import (
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/watch"
)

// Kind names a forge.
type Kind string

// The forges that a job can report to.
const (
	None   Kind = "none"
	GitHub Kind = "github"
	GitLab Kind = "gitlab"
	Gitea  Kind = "gitea" // and Forgejo
)

// Detect returns the forge whose job the environment is that of; getenv is os.Getenv. The runners
// of Gitea and Forgejo set what GitHub's sets as well, and say so by a variable of their own.
func Detect(getenv func(string) string) Kind {
	switch {
	case getenv("GITLAB_CI") == "true":
		return GitLab
	case getenv("GITEA_ACTIONS") == "true" || getenv("FORGEJO_ACTIONS") == "true":
		return Gitea
	case getenv("GITHUB_ACTIONS") == "true":
		return GitHub
	}
	return None
}

// Facts are what a job knows of what it runs for.
type Facts struct {
	SHA      string   // the commit to report on: a change's own head, not the merge commit; empty: unknown
	Measured string   // what was checked out, a merge commit perhaps
	Base     []string // what to compare with, for git, the best first; the last may be HEAD itself
	Branch   string   // of the change; empty: not a change, or not known
	Pull     int      // number of the pull or merge request; 0: none, or not known before the API is asked
	Brought  int      // of a push: number of the pull request that brought its last commit, as the message says; 0: none
	Fork     bool     // the head commit comes from another repository
	Forked   bool     // the repository of the job is itself a fork, as far as that is known
}

// Site is what the environment of a job says of its forge.
type Site interface {
	// Known returns the facts; what the environment does not say is empty.
	Known() Facts
	// Repository returns the path of the repository, such as "owner/name"; empty: unknown.
	Repository() string
	// Start makes the job present. It returns no error: what fails is said at the job's end.
	Start(ctx context.Context, o Options) Job
	// Links returns the pages that a reader of a report may want: the run that measured, the raw
	// log that it uploaded under the name artifact, and what changed between the commits.
	Links(artifact, base, head string) []report.Link
	// Compare returns the page of what changed between two commits; empty: there is none.
	Compare(base, head string) string
	// SetOutputs hands values to the later steps of this job; it does nothing where there are none.
	SetOutputs(values map[string]string) error
	// Later reports whether there are later steps that can be handed anything.
	Later() bool
	// Board returns where watch tells of causes; the error says why nowhere.
	Board() (Board, error)
	// Summarize adds Markdown to the summary of the job; it does nothing where there is none.
	Summarize(text string) error
	// Warn writes a warning, one line, as the runner shows it best.
	Warn(w io.Writer, title, message string)
	// Redact returns a text without the job's token.
	Redact(text string) string
}

// Job is the presence of one command on a forge. It returns no errors, for nothing here changes a
// verdict. Its methods are for one goroutine.
type Job interface {
	// Finish says what was decided.
	Finish(ctx context.Context, post Post)
	// Abort says that nothing was decided, and why, in one sentence. What is undecided is not the
	// mistake of whoever set up the job.
	Abort(ctx context.Context, why string, undecided bool)
}

// Board is the issues of a repository that tell of causes: one issue a cause.
type Board interface {
	// Known returns the alerts that the board has.
	Known(ctx context.Context) ([]watch.Known, error)
	// Follow carries out what plan says about the alerts that there are, and returns what was
	// done. The error says what could not be done.
	Follow(ctx context.Context, plan func([]watch.Known) []watch.Action) ([]watch.Action, error)
}

var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// SHA returns text if it is a full commit id that is not the zero one, else nothing.
func SHA(text string) string {
	if !fullSHA.MatchString(text) || strings.Trim(text, "0") == "" {
		return ""
	}
	return text
}
