package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/gitea"
	"github.com/descartes/regress/cmd/regress/internal/github"
	"github.com/descartes/regress/cmd/regress/internal/gitlab"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// forgeFlags say to which forge a command reports.
type forgeFlags struct {
	forge  string
	github bool
}

// flags returns the flags; does is what the command does at a forge.
func (f *forgeFlags) flags(does string) []cli.Flag {
	return []cli.Flag{
		stringFlag(&f.forge, "forge", "where to "+does+": github, gitlab, gitea (Forgejo, too) or none (default: that of the job which this runs in)"),
		&cli.BoolFlag{Name: "github", Destination: &f.github, Usage: does + " on GitHub (default inside Actions); --github=false in Actions is --forge none", EnvVars: []string{envName("github"), "GITHUB_ACTIONS"}},
	}
}

// site returns the forge to report to; nil: none. What its environment lacks is a warning.
func (f *forgeFlags) site(u *setup) (forge.Site, error) {
	kind := forge.Kind(f.forge)
	switch here := forge.Detect(u.getenv); {
	case kind != "":
	case here == forge.GitLab, f.github && here != forge.None:
		kind = here
	case f.github:
		kind = forge.GitHub
	default:
		kind = forge.None
	}
	site, known, err := siteOf(kind, u.getenv)
	if !known {
		return nil, usagef("--forge is %q: use github, gitlab, gitea or none", f.forge)
	}
	if err != nil {
		u.note("warning: %v: nothing that needs it is posted", err)
	}
	return site, nil
}

// siteOf returns what the environment says of a forge; nil for none. known is false where no forge
// is called so.
func siteOf(kind forge.Kind, getenv func(string) string) (site forge.Site, known bool, err error) {
	switch kind {
	case forge.None:
		return nil, true, nil
	case forge.GitHub:
		env, err := github.FromEnv(getenv)
		return &env, true, err
	case forge.GitLab:
		env, err := gitlab.FromEnv(getenv)
		return &env, true, err
	case forge.Gitea:
		env, err := gitea.FromEnv(getenv)
		return &env, true, err
	}
	return nil, false, nil
}

// jobFacts returns what the job that this runs in knows of its change; false outside of one. What
// is wrong with its environment is said by who posts.
func (u *setup) jobFacts() (facts forge.Facts, inJob bool, err error) {
	site, _, err := siteOf(forge.Detect(u.getenv), u.getenv)
	if site == nil {
		return forge.Facts{}, false, nil
	}
	return site.Known(), true, err
}

// hub is the presence on a forge of a command; a nil job says nothing there.
type hub struct {
	*session
	job    forge.Job
	site   forge.Site // nil: none
	causes causes
}

// causes are what profiles say of rows that are red.
type causes = map[baseline.Key]report.Cause

// forge prepares to report, where the command was asked to.
func (s *session) forge(ctx context.Context, where forgeFlags, f hubFlags) (*hub, error) {
	h := &hub{session: s}
	options, err := s.hubOptions(f)
	if err != nil {
		return h, err
	}
	if h.site, err = where.site(s.setup); err == nil && h.site != nil {
		h.job = h.site.Start(ctx, options)
	}
	return h, err
}

// eventBase returns what the event of a job compares with; empty outside of one. Where git
// knows none of the event's names it is the first, for the measurement to say so.
func (u *setup) eventBase(ctx context.Context, in repo.Repo) string {
	facts, inJob, _ := u.jobFacts()
	if !inJob {
		return ""
	}
	for _, name := range facts.Base {
		if _, err := in.Commit(ctx, name); err == nil {
			return name
		}
	}
	return append(facts.Base, "")[0]
}

// hubOptions sends workflow commands to stderr: stdout is the report alone,
// and the runner reads both.
func (u *setup) hubOptions(f hubFlags) (forge.Options, error) {
	comment, err := forge.ParseWhen(f.comment)
	if err != nil {
		return forge.Options{}, usageError{err}
	}
	if f.undecided != "fail" && f.undecided != "neutral" {
		return forge.Options{}, usagef("--undecided is %q: use fail or neutral", f.undecided)
	}
	return forge.Options{Commands: u.stderr, Key: f.key, Comment: comment, FailUndecided: f.undecided == "fail"}, nil
}

// excuse makes nothing fail that could not be decided, where the user wants it so. Who stopped the
// run is no such reason.
func (f hubFlags) excuse(ctx context.Context, s *session, err error) error {
	if f.undecided != "neutral" || exitCode(err) != exitUndecided || ctx.Err() != nil {
		return err
	}
	s.note("warning: nothing was decided, and --undecided neutral lets that pass")
	return excusedError{err}
}

// broken ends the check run of a run without a decision.
func (h *hub) broken(ctx context.Context, err error) {
	if h.job == nil {
		return
	}
	h.job.Abort(ctx, err.Error(), exitCode(err) == exitUndecided && ctx.Err() == nil)
	h.outputs(map[string]string{"exit-code": strconv.Itoa(exitCode(err))})
}

// outputs hands what was found to the later steps of the job.
func (h *hub) outputs(values map[string]string) {
	if h.site == nil {
		return
	}
	if err := h.site.SetOutputs(values); err != nil {
		h.note("warning: %v", err)
	}
}

// finish posts a decision.
func (h *hub) finish(ctx context.Context, in gate.Input, d gate.Decision) {
	if h.job == nil {
		return
	}
	post := h.post(ctx, in, d, h.postOptions(ctx, in, d, h.causes, h.getenv("REGRESS_ARTIFACT")))
	h.job.Finish(ctx, post)
	h.publish(in.Log, d, post.Summary)
}

// publish hands the decision to the later steps of the job: in words, in numbers, and as files
// beside the raw log.
func (h *hub) publish(log baseline.Log, d gate.Decision, markdown string) {
	values := map[string]string{
		"outcome":   string(d.Outcome),
		"headline":  report.Headline(d),
		"regressed": strconv.Itoa(d.Counts[gate.Regressed] + d.Counts[gate.Crept]),
		"undecided": strconv.Itoa(d.Counts[gate.Inconclusive]),
		"exit-code": strconv.Itoa(exitCode(outcome(d))),
	}
	if h.site.Later() && len(log.Files) == 1 && filepath.IsAbs(log.Files[0]) {
		name := strings.TrimSuffix(log.Files[0], filepath.Ext(log.Files[0]))
		var text bytes.Buffer
		err := report.JSON(&text, d, report.Options{Causes: h.causes})
		err = errors.Join(err, os.WriteFile(name+".json", text.Bytes(), 0o644), os.WriteFile(name+".md", []byte(markdown), 0o644))
		if err != nil {
			h.note("warning: write the report beside the raw log: %v", err)
		} else {
			values["log"], values["json"], values["markdown"] = log.Files[0], name+".json", name+".md"
		}
	}
	h.outputs(values)
}

// keepCauses adds the causes to the raw log that was just measured: whoever posts what it says,
// in another step or another job, has no profiles and finds them there.
func (h *hub) keepCauses(log baseline.Log) {
	if len(h.causes) == 0 || len(log.Files) != 1 {
		return
	}
	file, err := os.OpenFile(log.Files[0], os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(forge.WriteClaims(file, h.causes), file.Close())
	}
	if err != nil {
		h.note("warning: the raw log is without the causes: %v", err)
	}
}

// keptCauses returns what keepCauses added to the logs that one was read from.
func keptCauses(log baseline.Log) causes {
	kept := causes{}
	var last []byte // runs of one log have one text
	for _, run := range log.Runs {
		if !bytes.Equal(run.Raw, last) {
			maps.Copy(kept, forge.Causes(forge.ReadClaims(run.Raw)))
		}
		last = run.Raw
	}
	return kept
}

// postOptions returns what the report that is posted is given besides the decision; artifact is the
// name under which the raw log is uploaded.
func (h *hub) postOptions(ctx context.Context, in gate.Input, d gate.Decision, found causes, artifact string) report.Options {
	options := h.reportOptions(in, found)
	options.History = h.history(ctx, in, d)
	base, head := "", ""
	for _, side := range d.Sides {
		switch side.Side {
		case baseline.Base:
			base = side.Commit
		case baseline.Head:
			head = side.Commit
		}
	}
	options.Links = h.site.Links(artifact, base, head)
	if len(in.Log.Files) == 1 { // as it is called in the artifact
		options.LogName = filepath.Base(in.Log.Files[0])
	}
	return options
}

// markdown returns the report that is posted.
func (s *session) markdown(d gate.Decision, options report.Options) string {
	var page bytes.Buffer
	if err := report.Markdown(&page, d, options); err != nil {
		s.note("warning: render the summary: %v", err)
	}
	return page.String()
}

// findings returns what stands at which line of the source.
func (s *session) findings(ctx context.Context, in gate.Input, d gate.Decision, found causes) finding.Source {
	positions, err := source.Find(s.top(ctx))
	if err != nil {
		s.note("warning: annotations may stand without a line: %v", err)
	}
	out := finding.Source{
		Decision: d, Positions: positions, Causes: found, Version: version(),
		Reproduce: func(row gate.Row) string { return s.reproduce(in.Log, row) },
	}
	if _, err := os.Stat(filepath.Join(s.root, config.Name)); err == nil {
		out.Elsewhere = s.policyFile(ctx)
	}
	return out
}

// post returns what is said on a forge.
func (s *session) post(ctx context.Context, in gate.Input, d gate.Decision, options report.Options) forge.Post {
	page := s.markdown(d, options)
	return forge.Post{
		Source:   s.findings(ctx, in, d, options.Causes),
		Headline: report.Headline(d),
		Summary:  page,
		Comment:  page,
		Waivers:  in.Waivers,
		Today:    in.Today,
	}
}

// policyFile is regress.toml as a forge names it; empty where there is none.
func (u *setup) policyFile(ctx context.Context) string {
	name, err := filepath.Rel(u.top(ctx), filepath.Join(u.root, config.Name))
	if err != nil {
		return ""
	}
	return filepath.ToSlash(name)
}

// top is the top of the repository, which the paths of a forge are relative to.
func (u *setup) top(ctx context.Context) string {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return u.root
	}
	return in.Top
}
