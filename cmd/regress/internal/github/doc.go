// Package github shows a decision where a team looks: on the pull request. It
// is the door to GitHub's API.
//
// What needs no token comes first and always works, on forks too: workflow
// commands (::error file=…,line=…) and the job summary. What needs one comes on
// top: a check run with annotations on the pull request's own commit, and one
// comment that is updated in place. Where check runs are refused, a commit
// status stands in.
//
//	env, err := github.FromEnv(os.Getenv)    // the runner's environment and event
//	job := github.Start(ctx, env, options)   // check run: in progress
//	…measure, decide…
//	job.Finish(ctx, post)                    // or job.Abort(ctx, why)
//
// Nothing here can change a verdict: Start, Finish and Abort return no error.
// What fails at GitHub becomes one ::warning at the end of the job. Everything
// that is written, to GitHub or to the log, has the token taken out of it.
//
// A pull request from a fork has a token that may only read. Its job measures
// and uploads the raw log; a workflow_run job with rights fetches that log with
// Fetch, decides again and posts. The artifact is the work of a stranger: it is
// capped and read strictly, and which commit and pull request it belongs to is
// taken from the event and the API alone.
//
// The requests of one job are counted and capped (see Options); a usual job
// makes seven: two to open the check run, two to complete it with up to a
// hundred annotations, and up to three for the comment.
package github
