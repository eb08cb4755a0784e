package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/github"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// hub is the presence on GitHub of a command; a nil job says nothing there.
type hub struct {
	*session
	job *github.Job
}

// github prepares to report, where the command was asked to.
func (s *session) github(c *cli.Context) *hub {
	h := &hub{session: s}
	if !c.Bool("github") {
		return h
	}
	env, err := github.FromEnv(s.getenv)
	if err != nil {
		s.note("warning: %v: only commands and the job summary are written", err)
	}
	h.job = github.Start(c.Context, env, s.githubOptions())
	return h
}

// githubOptions sends workflow commands to stderr: stdout is the report alone,
// and the runner reads both.
func (s *session) githubOptions() github.Options {
	return github.Options{Commands: s.stderr}
}

// broken ends the check run of a run without a decision.
func (h *hub) broken(ctx context.Context, err error) {
	if h.job != nil {
		h.job.Abort(ctx, err.Error())
	}
}

// finish posts a decision.
func (h *hub) finish(ctx context.Context, in gate.Input, d gate.Decision) {
	if h.job == nil {
		return
	}
	h.job.Finish(ctx, h.post(ctx, in, d))
}

func (s *session) post(ctx context.Context, in gate.Input, d gate.Decision) github.Post {
	var markdown bytes.Buffer
	if err := report.Markdown(&markdown, d, report.Options{}); err != nil {
		s.note("warning: render the summary: %v", err)
	}
	positions, err := source.Find(s.top(ctx))
	if err != nil {
		s.note("warning: annotations stand without a line: %v", err)
	}
	return github.Post{
		Decision:  d,
		Summary:   markdown.String(),
		Comment:   markdown.String(),
		Positions: positions,
		Reproduce: reproduce,
		Waivers:   in.Waivers,
		Today:     in.Today,
	}
}

// reproduce is the command that measures one row again.
func reproduce(row gate.Row) string {
	name, _, _ := strings.Cut(row.Key().Function().Name, "/")
	return fmt.Sprintf("regress compare --base main --bench '^%s'", strings.TrimPrefix(name, "Benchmark"))
}

// top is the top of the repository, which GitHub's paths are relative to.
func (s *session) top(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "-C", s.root, "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return s.root
	}
	return strings.TrimSpace(string(out))
}

func annotateCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:      "annotate",
		Usage:     "in a workflow_run job: post what the pull request's own job measured and may not post",
		ArgsUsage: "[FILE…]",
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "artifact", Value: "regress-log", Usage: "name of the artifact that holds the raw logs", EnvVars: []string{envName("artifact")}},
		}, formatFlags()),
		Action: w.withSession((*session).annotate),
	}
}

// annotate decides again from the raw logs, which a stranger may have written:
// they are read as data, and nothing of them reaches a baseline.
func (s *session) annotate(c *cli.Context) error {
	printReport, err := s.printer(c)
	if err != nil {
		return err
	}
	env, err := github.FromEnv(s.getenv)
	if err != nil {
		return err
	}
	job := github.Start(c.Context, env, s.githubOptions())
	in, err := s.annotateInput(c, env)
	if err != nil {
		job.Abort(c.Context, err.Error())
		return err
	}
	decision := gate.Decide(in)
	if err := printReport(decision); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	job.Finish(c.Context, s.post(c.Context, in, decision))
	return outcome(decision)
}

func (s *session) annotateInput(c *cli.Context, env github.Context) (gate.Input, error) {
	if c.Args().Present() {
		log, err := s.read(c.Args().Slice())
		return s.input(log), err
	}
	files, err := github.Fetch(c.Context, env, s.githubOptions(), c.String("artifact"))
	if err != nil {
		return gate.Input{}, err
	}
	logs := make([]baseline.Log, 0, len(files))
	for _, file := range files {
		log, err := ingest.Read(file.Name, bytes.NewReader(file.Data))
		if err != nil {
			return gate.Input{}, err
		}
		logs = append(logs, log)
	}
	log, err := ingest.Merge(logs...)
	return s.input(log), err
}
