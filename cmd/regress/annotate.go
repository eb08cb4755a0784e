package main

import (
	"bytes"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/github"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

func annotateCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:      "annotate",
		Usage:     "in a workflow_run job: post what the pull request's own job measured and may not post",
		ArgsUsage: "[FILE…]",
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "artifact", Value: "regress-log", Usage: "name of the artifact that holds the raw logs", EnvVars: []string{envName("artifact")}},
		}, formatFlags(), hubFlags()),
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
	options, err := s.hubOptions(c)
	if err != nil {
		return err
	}
	env, err := github.FromEnv(s.getenv)
	if err != nil {
		return err
	}
	job := github.Start(c.Context, env, options)
	log, err := s.annotateLog(c, env, options)
	if err != nil {
		job.Abort(c.Context, err.Error())
		return err
	}
	in := s.input(log)
	decision := gate.Decide(in)
	if err := printReport(decision, in); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	job.Finish(c.Context, s.post(c.Context, in, decision))
	return outcome(decision)
}

func (s *session) annotateLog(c *cli.Context, env github.Context, options github.Options) (baseline.Log, error) {
	if c.Args().Present() {
		return s.read(c.Args().Slice())
	}
	files, err := github.Fetch(c.Context, env, options, c.String("artifact"))
	if err != nil {
		return baseline.Log{}, err
	}
	var logs []baseline.Log
	for _, file := range files {
		log, err := parse(file.Name, bytes.NewReader(file.Data))
		if err != nil {
			return baseline.Log{}, err
		}
		logs = append(logs, log)
	}
	return ingest.Merge(logs...)
}
