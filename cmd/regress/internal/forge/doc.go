// Package forge is what regress asks of a forge, whichever it is: GitHub,
// GitLab, or Gitea and Forgejo. Their own packages implement it.
//
//	forge.go    which forge, what a job knows of it, and what it can be asked
//	post.go     what is said there
//	sticky.go   the one comment of a suite on a change, found again and kept
//	wire.go     the token, to one host alone; requests counted; limits waited out
//	client.go   a small JSON client on that wire, for forges without a library of ours
//	plain.go    a job that has a comment and a commit status, and nothing more
//	size.go     Markdown cut to what a forge takes
//	claim.go    causes as a raw log names them
//	secret.go   a token that does not print
//
// Nothing here can change a verdict: a job's methods return no error. What fails at
// the forge becomes one warning at the end of the job. Everything that is
// written, to the forge or to the log, has the token taken out of it.
package forge
