// Package measure runs benchmarks of several revisions beside each other, in random order, one
// process at a time, and writes what they print as one raw log in the standard Go benchmark format.
//
// A [Session] is opened once: it finds out which commits are meant, makes their trees and builds
// them (package suite). [Session.Run] measures, and [Session.Profile] looks into what was measured,
// with the same binaries.
//
// It does not decide. Whoever decides passes a [NextFunc], which reads the log so
// far and names the benchmarks that need more rounds; measuring and asking
// alternate until nothing is wanted, the budget is used up, or the context ends.
//
// # One round
//
// A round is one process that runs one benchmark of one side, once
// (-test.count=1): values inside one process share its memory layout, its heap
// and its scheduling and are not independent, so a process is the unit of
// replication. The rounds of an increment — every wanted benchmark, both sides,
// as many times as wanted — are put in one random order drawn from the seed in the
// log (math/rand/v2 PCG). Under "no change" the labels base and head are then
// exchangeable, which is all that the test of the decision assumes. Shuffling
// inside pairs would not give that.
//
// Both sides are run alike: the same flags, the same toolchain, the same
// variables, binaries in paths of equal length, and no PWD in the environment (a
// longer path moves the stack, and a moved stack changes timings).
//
// # The tree of the base
//
// The base is the merge base of HEAD and the ref asked for, checked out into a
// temporary directory through an index of its own (git read-tree -u with
// GIT_INDEX_FILE and GIT_WORK_TREE). Nothing is written into the repository: no
// worktree to prune after a crash, no hook runs, a read-only .git will do, and
// several runs at once do not meet. The head is the working tree as it stands,
// uncommitted changes included. Both run in their own package directory, so that
// testdata is found. A benchmark that asks git about its own directory works on
// the head alone, and shows as failed on the base.
//
// # The anchor
//
// Options.Anchor names an older commit, such as the last release, that head is held
// against too, so that many small changes do not creep past the base unseen. It
// gets a tree and binaries of its own and is one more side of the same random order; a
// round of the head serves both comparisons. Where only one of them is undecided,
// the other's side is not run. Without a release yet, or where the old code does not
// build or run any more, a warning stands in the log and the measurement goes on.
//
// # Which benchmarks
//
// Package suite finds the benchmark functions. Their sub-benchmarks are found by one pass with
// -test.benchtime=1x a side, which also warms the machine and whose values are thrown away. Where
// the code is proven the same, the pass at the head is enough. A benchmark that skips itself,
// fails, crashes, prints no result or does not end within the timeout leaves a mark in the log;
// none vanishes. A failure can be chance: one in the discovery is tried again, up to three times in
// all, and one in a round is a round that counts, so that the decision can weigh how often it
// happens on each side.
//
// # Same code
//
// What package suite proves to be the same at base and head is marked so, and not run; what is the
// same at the anchor needs no round of the anchor. Where base and head are one commit and the tree
// is clean, the user wants the noise of the machine: nothing is marked, all is run. A benchmark
// whose own source differs is run, and a mark says so.
package measure
