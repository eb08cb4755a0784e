package github

import (
	"cmp"
	"context"
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	api "github.com/google/go-github/v60/github"
)

// GitHub's limits for one check run. Source: its OpenAPI description.
const (
	maxAnnotations = 50     // in one request; further requests append
	maxTitle       = 255    // characters of an annotation's title
	maxDetails     = 60_000 // bytes of an annotation's message and of its details; 64 KiB each
)

// check is the check run of this job.
type check struct {
	id     int64
	posted int // annotations that GitHub has taken
}

// output is what a check run shows.
type output struct {
	title      string
	summary    string
	conclusion string // empty: still in progress
	state      string // of the status that stands in for a check run
	notes      []note
}

func (o output) status() string {
	if o.conclusion == "" {
		return "in_progress"
	}
	return "completed"
}

// request is the output with the notes from first on, as many as fit.
func (o output) request(first int) *api.CheckRunOutput {
	out := &api.CheckRunOutput{Title: &o.title, Summary: &o.summary}
	for _, n := range o.notes[first:min(first+maxAnnotations, len(o.notes))] {
		out.Annotations = append(out.Annotations, annotationOf(n))
	}
	return out
}

// annotationOf returns a note as GitHub takes it.
func annotationOf(n note) *api.CheckRunAnnotation {
	a := &api.CheckRunAnnotation{
		Path:            &n.File,
		StartLine:       &n.Line,
		EndLine:         api.Int(max(n.Last, n.Line)),
		AnnotationLevel: api.String(string(n.Level)),
		Title:           api.String(figure.Cut(figure.OneLine(n.Title), maxTitle)),
		Message:         api.String(cmp.Or(forge.Fit(figure.Printable(n.Message), maxDetails), "see the report")), // GitHub refuses an empty one
	}
	if n.Details != "" {
		a.RawDetails = api.String(forge.Fit(figure.Printable(n.Details), maxDetails))
	}
	return a
}

// openCheck makes the check run show o: the one that an earlier attempt of this
// job left, or a new one.
func (j *Job) openCheck(ctx context.Context, o output) error {
	old, err := j.findCheck(ctx, 0)
	if err != nil {
		return err
	}
	if old != nil {
		j.check = &check{id: old.GetID()}
		return j.updateCheck(ctx, o)
	}
	made, err := j.createCheck(ctx, o)
	if unsure(err) { // the answer was lost, perhaps not the request
		if old, err = j.findCheck(ctx, min(len(o.notes), maxAnnotations)); err != nil {
			return err
		}
		if old != nil {
			made = old
		} else {
			made, err = j.createCheck(ctx, o)
		}
	}
	if err != nil {
		return err
	}
	j.check = &check{id: made.GetID(), posted: min(len(o.notes), maxAnnotations)}
	j.author = author(made)
	return j.annotate(ctx, o)
}

// findCheck looks for a check run that belongs to this workflow run and holds
// so many annotations. One that has others is of no use, they could only be
// added to: a new check run of the same name takes its place.
func (j *Job) findCheck(ctx context.Context, annotations int) (*api.CheckRun, error) {
	name := j.opt.Name()
	list, _, err := j.api.Checks.ListCheckRunsForRef(ctx, j.api.owner, j.api.repo, j.env.SHA, &api.ListCheckRunsOptions{
		CheckName:   &name,
		Filter:      api.String("latest"),
		ListOptions: api.ListOptions{PerPage: 100},
	})
	if err != nil {
		return nil, err
	}
	for _, run := range list.CheckRuns {
		if run.GetName() == name && run.GetExternalID() == j.externalID() && run.GetOutput().GetAnnotationsCount() == annotations {
			j.author = author(run)
			return run, nil
		}
	}
	return nil, nil
}

func (j *Job) createCheck(ctx context.Context, o output) (*api.CheckRun, error) {
	options := api.CreateCheckRunOptions{
		Name:       j.opt.Name(),
		HeadSHA:    j.env.SHA,
		ExternalID: api.String(j.externalID()),
		Status:     api.String(o.status()),
		DetailsURL: text(j.env.runURL()),
		Conclusion: text(o.conclusion),
		Output:     o.request(0),
	}
	made, _, err := j.api.Checks.CreateCheckRun(ctx, j.api.owner, j.api.repo, options)
	return made, err
}

// updateCheck shows o on the check run that is there, with all its notes.
func (j *Job) updateCheck(ctx context.Context, o output) error {
	if err := j.patchCheck(ctx, o); err != nil {
		return err
	}
	return j.annotate(ctx, o)
}

// annotate sends the notes that GitHub does not have yet.
func (j *Job) annotate(ctx context.Context, o output) error {
	for j.check.posted < len(o.notes) {
		if err := j.patchCheck(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// patchCheck sends the next batch. Annotations are appended each time they are
// sent, so after a lost answer it asks how many have arrived.
func (j *Job) patchCheck(ctx context.Context, o output) error {
	next := min(j.check.posted+maxAnnotations, len(o.notes))
	options := api.UpdateCheckRunOptions{
		Name:       j.opt.Name(),
		Status:     api.String(o.status()),
		DetailsURL: text(j.env.runURL()),
		Conclusion: text(o.conclusion),
		Output:     o.request(j.check.posted),
	}
	send := func() error {
		ctx := ctx
		if next > j.check.posted {
			ctx = forge.Once(ctx)
		}
		_, _, err := j.api.Checks.UpdateCheckRun(ctx, j.api.owner, j.api.repo, j.check.id, options)
		return err
	}
	err := send()
	if next > j.check.posted && unsure(err) {
		now, _, asked := j.api.Checks.GetCheckRun(ctx, j.api.owner, j.api.repo, j.check.id)
		switch {
		case asked != nil:
			return fmt.Errorf("%w (and whether it took is unknown)", err)
		case now.GetOutput().GetAnnotationsCount() >= next:
			err = nil
		default:
			err = send()
		}
	}
	if err == nil {
		j.check.posted = next
	}
	return err
}

// externalID is the same for every attempt of a workflow run.
func (j *Job) externalID() string {
	return fmt.Sprintf("%s:%d", j.opt.Marker(), j.env.measuredBy())
}

// author is who comments with the token that made run.
func author(run *api.CheckRun) string {
	if slug := run.GetApp().GetSlug(); slug != "" {
		return slug + "[bot]"
	}
	return ""
}

// text is a pointer to s, nil when it is empty: left out of the request.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// createStatus is what is left where check runs are refused: they are for
// GitHub Apps and for the job's own token, not for a personal one.
func (j *Job) createStatus(ctx context.Context, o output) error {
	const most = 140 // characters of a status' description
	status := &api.RepoStatus{
		State:       api.String(cmp.Or(o.state, "error")),
		TargetURL:   text(j.env.runURL()),
		Description: api.String(figure.Cut(o.title, most)),
		Context:     api.String(j.opt.Name()),
	}
	_, _, err := j.api.Repositories.CreateStatus(ctx, j.api.owner, j.api.repo, j.env.SHA, status)
	if unsure(err) { // the last status of a context counts: twice does no harm
		_, _, err = j.api.Repositories.CreateStatus(ctx, j.api.owner, j.api.repo, j.env.SHA, status)
	}
	return err
}
