package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/github"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// annotateFlags are what annotate is asked.
type annotateFlags struct {
	fileFlags
	formatFlags
	hubFlags
	artifact string
}

func annotateCommand(w *world) *cli.Command {
	f := new(annotateFlags)
	own := []cli.Flag{
		&cli.StringFlag{Name: "artifact", Destination: &f.artifact, Value: "regress-log", Usage: "name of the artifact that holds the raw logs", EnvVars: []string{envName("artifact")}},
	}
	return &cli.Command{
		Name:      "annotate",
		Usage:     "in a workflow_run job: post what the pull request's own job measured and may not post",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, f.formatFlags.flags(), f.hubFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run),
	}
}

// run decides again from the raw logs, which a stranger may have written:
// they are read as data, and nothing of them reaches a baseline.
//
// Policy, targets and waivers are those of regress.toml as it is checked out
// here, on the default branch. A waiver that the pull request brings along counts
// in its own job and not in what is posted, so that nobody waives their own
// regression on a page that the maintainers trust; forge.Post.Policy says so on it.
func (f *annotateFlags) run(ctx context.Context, s *session, files []string) error {
	printReport, err := f.printer(ctx, s)
	if err != nil {
		return err
	}
	options, err := s.hubOptions(f.hubFlags)
	if err != nil {
		return err
	}
	env, err := github.FromEnv(s.getenv)
	if err != nil {
		return err
	}
	h := &hub{session: s, site: &env, job: github.Start(ctx, env, options)}
	log, claims, err := s.annotateLog(ctx, f.artifact, files, env, options)
	if err != nil {
		h.broken(ctx, err)
		return f.excuse(ctx, s, err)
	}
	in := s.input(log)
	decision := gate.Decide(in)
	if err := printReport(decision, in, nil); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	page := h.postOptions(ctx, in, decision, nil, f.artifact)
	post := s.post(ctx, in, decision, page)
	post.Claims, post.Policy = claims, s.policyFile(ctx)
	post.Write = func(confirmed map[baseline.Key]report.Cause) string {
		page.Causes = confirmed
		return s.markdown(decision, page)
	}
	h.job.Finish(ctx, post)
	h.publish(baseline.Log{}, decision, "") // the names of a stranger's files are not for writing
	return f.excuse(ctx, s, outcome(decision))
}

// annotateLog reads what was measured, and what the logs say of causes.
func (s *session) annotateLog(ctx context.Context, artifact string, files []string, env github.Context, options forge.Options) (baseline.Log, []forge.Claim, error) {
	if len(files) > 0 {
		log, err := s.results(ctx, files, plan{})
		return log, nil, err
	}
	fetched, err := github.Fetch(ctx, env, options, artifact)
	if err != nil {
		return baseline.Log{}, nil, err
	}
	var logs []baseline.Log
	var claims []forge.Claim
	for _, file := range fetched {
		log, err := parse(file.Name, bytes.NewReader(file.Data))
		if err != nil {
			return baseline.Log{}, nil, err
		}
		logs = append(logs, log)
		claims = append(claims, forge.ReadClaims(file.Data)...)
	}
	log, err := ingest.Merge(logs...)
	return log, claims, err
}
