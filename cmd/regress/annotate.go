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
//
// Policy, targets and waivers are those of regress.toml as it is checked out
// here, on the default branch. A waiver that the pull request brings along counts
// in its own job and not in what is posted, so that nobody waives their own
// regression on a page that the maintainers trust; github.Post.Policy says so on it.
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
	log, claims, err := s.annotateLog(c, env, options)
	if err != nil {
		job.Abort(c.Context, err.Error())
		return err
	}
	in := s.input(log)
	decision := gate.Decide(in)
	if err := printReport(decision, in); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	post := s.post(c.Context, in, decision)
	post.Claims, post.Policy = claims, s.policyFile(c.Context)
	job.Finish(c.Context, post)
	return outcome(decision)
}

// annotateLog reads what was measured, and what the logs say of causes.
func (s *session) annotateLog(c *cli.Context, env github.Context, options github.Options) (baseline.Log, []github.Claim, error) {
	if c.Args().Present() {
		log, err := s.read(c.Args().Slice())
		return log, nil, err
	}
	files, err := github.Fetch(c.Context, env, options, c.String("artifact"))
	if err != nil {
		return baseline.Log{}, nil, err
	}
	var logs []baseline.Log
	var claims []github.Claim
	for _, file := range files {
		log, err := parse(file.Name, bytes.NewReader(file.Data))
		if err != nil {
			return baseline.Log{}, nil, err
		}
		logs = append(logs, log)
		claims = append(claims, github.ReadClaims(file.Data)...)
	}
	log, err := ingest.Merge(logs...)
	return log, claims, err
}
