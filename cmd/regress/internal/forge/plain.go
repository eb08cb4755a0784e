package forge

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
)

// State is how a commit status stands.
type State string

// The states that a plain job sets. None says "in progress": whoever is killed would leave it.
const (
	Passed    State = "passed"
	Failed    State = "failed"
	Undecided State = "undecided" // it fails nothing, and is not green
)

// Status is what stands beside a commit.
type Status struct {
	State       State
	Name        string
	Description string // one line of 140 characters at most
	Page        string // of the run; empty: none
}

// Host is what a plain job asks of its forge.
type Host interface {
	Thread
	// Writer returns whether an account is the one that writes with the job's token.
	Writer(ctx context.Context) (mine func(author string) bool, err error)
	// SetStatus sets the status of the job's commit.
	SetStatus(ctx context.Context, s Status) error
	// Hopeless reports whether nothing else needs to be asked after an error.
	Hopeless(err error) bool
	// Explain says in one sentence what went wrong and what would help.
	Explain(err error) string
}

// Plain is a job on a forge that shows a commit status and a comment, and no annotations.
type Plain struct {
	Options
	Facts
	Host    Host   // nil: nothing can be asked
	Run     int64  // number of the run; a later one has a larger number
	Page    string // of the run; empty: none
	Summary string // file that takes the job summary; empty: none
	Token   Secret
	Warn    func(title, message string)
	Trouble []string // what did not reach the forge
	Forge   string   // as people call it
}

// fail notes what went wrong; a nil error is nothing.
func (j *Plain) fail(what string, err error) {
	if err == nil {
		return
	}
	explained := err.Error()
	if j.Host != nil {
		explained = j.Host.Explain(err)
	}
	if text := what + ": " + explained; !slices.Contains(j.Trouble, text) {
		j.Trouble = append(j.Trouble, text)
	}
	if j.Host != nil && j.Host.Hopeless(err) {
		j.Host = nil // it would be so with everything else
	}
}

// Finish writes the job summary, sets the commit status, and keeps the comment.
func (j *Plain) Finish(ctx context.Context, post Post) {
	ctx, cancel := Outlive(ctx)
	defer cancel()
	post = post.Redacted(j.Token)
	if j.Summary != "" {
		j.fail("summary", AppendSummary(j.Summary, post.Summary))
	}
	j.set(ctx, stateOf(post.Decision, j.FailUndecided), cmp.Or(post.Headline, string(post.Decision.Outcome)))
	if keep, write := j.Comments(post); keep && j.Host != nil && j.Pull != 0 {
		j.fail("comment", j.comment(ctx, post, write))
	}
	j.complain()
}

// stateOf returns how a decision stands beside its commit.
func stateOf(d gate.Decision, failUndecided bool) State {
	switch {
	case d.Outcome == gate.Pass:
		return Passed
	case d.Outcome == gate.Fail || failUndecided:
		return Failed
	}
	return Undecided
}

// Abort sets the commit status of a job that has no decision to show.
func (j *Plain) Abort(ctx context.Context, why string, undecided bool) {
	ctx, cancel := Outlive(ctx)
	defer cancel()
	state := Failed
	if undecided && !j.FailUndecided {
		state = Undecided
	}
	j.set(ctx, state, "not measured: "+j.Token.Redact(why))
	j.complain()
}

func (j *Plain) set(ctx context.Context, state State, text string) {
	if j.Host == nil || j.SHA == "" {
		return
	}
	const most = 140 // characters; GitHub's limit, and all take that much
	j.fail("status", j.Host.SetStatus(ctx, Status{State: state, Name: j.Name(), Description: figure.Cut(figure.OneLine(text), most), Page: j.Page}))
}

func (j *Plain) comment(ctx context.Context, post Post, write bool) error {
	mine, err := j.Host.Writer(ctx)
	if err != nil {
		return fmt.Errorf("ask who writes with this token: %w", err)
	}
	kept := Sticky{Thread: j.Host, Mark: j.Marker(), Run: j.Run, Mine: mine}
	return kept.Keep(ctx, post.Body(j.Options, j.Run, j.Page), write)
}

// complain says everything that went wrong in one warning, once.
func (j *Plain) complain() {
	if len(j.Trouble) > 0 {
		j.Warn("regress: not everything reached "+j.Forge, j.Token.Redact(Unposted(j.Trouble)))
	}
	j.Trouble = nil
}
