// Package githubtest is a GitHub for tests: an HTTP server that keeps check
// runs, comments, issues, statuses, pull requests and artifacts, answers in the shapes
// of GitHub's own description of its API, refuses what GitHub refuses although
// its description allows it, and fails on demand.
//
// Every exchange can be shown to a Check, which a test file fills with a
// validator of the description in testdata/api.json.
package githubtest
