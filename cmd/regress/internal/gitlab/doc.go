// Package gitlab shows a decision on a merge request of GitLab: one note that is
// kept up to date, and a commit status in the pipeline. It is the door to
// GitLab's API.
//
// A note is written with GITLAB_TOKEN, a project access token with the scope "api". The
// token of the job, CI_JOB_TOKEN, may read notes and not write them: GitLab's source
// allows it nothing else ("Job tokens only support read operations"), and its table of
// what a job token may do has no commit statuses. It is tried for the note where there is
// no other, so that a GitLab that allows more is used as it is.
//
// What needs no token stands beside it: regress compare --format codequality and junit as
// artifacts of the job, which GitLab shows on the merge request by itself.
//
// A line of a note that begins with a slash is an order to GitLab, carried out with the
// rights of the token. None does; see disarm.
//
// A client library was left out: gitlab.com/gitlab-org/api/client-go is well kept, and its
// one Client holds every service of GitLab, so the linker keeps all of them for our five
// requests. It also tries again by rules of its own, five times and after POST, which would
// write notes twice.
package gitlab
