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
//	job.Finish(ctx, post)                    // or job.Abort(ctx, why, undecided)
//
// Nothing here can change a verdict: Start, Finish and Abort return no error.
// What fails at GitHub becomes one ::warning at the end of the job. Everything
// that is written, to GitHub or to the log, has the token taken out of it.
//
// A pull request from a fork has a token that may only read. Its job measures
// and uploads the raw log; a workflow_run job with rights fetches that log with
// Fetch, decides again and posts. The artifact is the work of a stranger: it is
// capped and read strictly, and which commit and pull request it belongs to is
// taken from the event and the API alone. What it says of causes is a Claim, and
// believed only for lines that the API shows to be changed. regress.toml is the
// default branch's there, and where the pull request changes it, that is said.
//
// What became slower on the main branch is told by issues, one a cause, which are found again by a
// mark that no reader sees: a Board follows what package watch plans. Nothing that GitHub answers
// makes it open a second one: an issue is asked for once, and whatever comes back it is looked for
// before it is asked for again.
//
//	board, err := github.OpenBoard(env)      // the error: who may not speak for main
//	actions, err := board.Follow(ctx, plan)
//
// The requests of one job are counted and capped (see maxRequests); a usual job
// makes seven: two to open the check run, two to complete it with up to a
// hundred annotations, and up to three for the comment. For a fork four more: two
// for the artifact, one for the pull request and one for its files.
//
// What others put on a pull request, by their sources and documentation:
//
//	                         comment         check            source lines      fork, no secrets
//	regress                  one, kept       check run        cause, benchmark  verdict (1)
//	Bencher                  one, kept       in other events  none sent         refused (1)
//	CodSpeed (a service)     by its bot      status           none              yes
//	github-action-benchmark  always, alert   none             none              job summary
//	benchstat, asv, LNT      none            none             none              none
//
// (1) and the rest by a workflow_run job.
package github
