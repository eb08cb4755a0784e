// Package site makes the page that people keep open: what a store knows of a project's benchmarks,
// as a folder of files that needs no server (Write), or from the live store (Server).
//
//	data.go    what is shown of one project, as data
//	pack.go    columns of numbers in a few characters a value
//	index.go   the first thing that a view reads: what changed, by which cause, and how sure
//	shards.go  the series, in files small enough that one view reads one of them
//	assets.go  the page itself: HTML, CSS and JavaScript without a build step
//	write.go   the folder
//	serve.go   the live store: the same files, and an API of JSON
//
// A page that is opened from a disk may not fetch: browsers forbid it. Data therefore are scripts
// that hand themselves over, regressData("name", value), and are the same from a server. Nothing
// in them is code besides that call, no text of theirs becomes markup, and the Content-Security-
// Policy of both forms lets nothing run or load that is not of the page's own origin.
package site
