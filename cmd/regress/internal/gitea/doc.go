// Package gitea shows a decision on a pull request of Gitea or Forgejo: one comment that is
// kept up to date, a commit status, and the job summary where the runner has one. It is
// the door to their API.
//
// Their runners set what GitHub's sets, event file included, so the facts of a job are read as
// GitHub's are; the API differs: it has no check runs, and lists all comments on one page.
//
// A client library was left out: code.gitea.io/sdk/gitea asks the server for its version
// before the first request, takes a deadline from one context for all, and never tries again;
// its ten thousand lines would stand for six requests.
package gitea
