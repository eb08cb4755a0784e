// Package measure runs benchmarks of several revisions beside each other, in random order, one
// process at a time, and writes what they print as one raw log in the standard Go benchmark
// format.
//
// A [Session] is opened once: it finds out which commits are meant, makes their trees and builds
// them (package suite). [Session.Run] measures, and [Session.Profile] looks into what was
// measured, with the same binaries.
//
// It does not decide. Whoever decides passes a [NextFunc], which reads the log so far and names
// the benchmarks that need more rounds; measuring and asking alternate until nothing is wanted,
// the budget is used up, or the context ends.
//
// # Pairs
//
// A process is the unit of replication: values inside one share its memory layout, its heap and
// its scheduling and are not independent. Where a [NextFunc] decides, a round of a benchmark is
// one process of each side, run right after each other, because the speed of a virtual processor
// wanders by a fifth within a minute and two neighbours meet the same. Which benchmark comes next
// is random, and so is the order of the sides in each round, drawn from the seed in the log
// (math/rand/v2 PCG): under "no change" the difference of a pair is as likely above zero as below,
// whatever the drift between pairs. The sides of a round carry the same number. Where an interrupt
// or a crash took one of them, the other stays alone, and the next round has the next number.
//
// A process prints several short repetitions of one benchmark, slices: whatever else runs on the
// machine can only lengthen some of them, and the decision takes a low quantile. How many
// iterations a slice has is fixed for the session and the same on all sides. A few processes at
// the side under judgement find it out before the first round, and a mark in the log keeps it
// (slice.go has the constants and where they come from):
//
//   - How long an iteration takes, and what a repetition costs beside its own iterations: the
//     setup, what stops the timer, a collection. Where that is dear, slices are longer and fewer.
//     A benchmark of which one repetition is too dear, or one iteration too long, or that prints
//     units of its own (a percentile of few iterations is another one), gives one value a process,
//     as Options.Benchtime says. So does a command, and everything where Benchtime is a number of
//     iterations.
//   - How many processors it keeps busy without collections, and whether it starts other programs.
//     What needs one processor runs on one, drawn for each pair, with GOMAXPROCS=1; its printed
//     names get back the suffix that they have without. It is tried there first: what is much
//     slower on one processor, as a loop that waits for another goroutine is, runs on all. So does
//     what starts programs that work at the same time; what takes turns with them, as two ends of
//     a pipe do, is as quick on one.
//
// What goroutines hand to each other one at a time keeps one processor busy and runs on one: less
// is seen there of what waking another processor costs, and much less noise.
//
// Without a NextFunc the rounds are fixed in advance, each process gives one value, and all of
// them, every benchmark, both sides, are put in one random order: the labels base and head are
// then exchangeable, which is all that the test for fixed rounds assumes.
//
// All sides are run alike: the same flags, the same toolchain, the same variables, binaries in
// paths of equal length, and no PWD in the environment (a longer path moves the stack, and a moved
// stack changes timings).
//
// # Counts
//
// A [Counter] counts the instructions of one process, for the benchmarks of which Next wants it, or
// Spare, once nothing else is to be run, as far as the budget goes:
// in further processes, in an order that knows no sides, and blocks with numbers of their own.
// They come before the pairs of the same increment, several at a time: counts often decide, and
// where the budget ends too early it is the dearer pairs that are left out.
// Before the first the log says how the timed processes spent their time ([baseline.Work]), since
// a count stands for time only as far as that went into the program's own code. What else the
// machine ran is left out of it: the time of a process is taken to be that of its shortest slices.
// What cannot be counted leaves a mark and is no problem, for it is timed.
//
// # The tree of the base
//
// The base is the merge base of HEAD and the ref asked for, checked out into a temporary directory
// through an index of its own (git read-tree -u with GIT_INDEX_FILE and GIT_WORK_TREE). Nothing is
// written into the repository: no worktree to prune after a crash, no hook runs, a read-only .git
// will do, and several runs at once do not meet. The head is the working tree as it stands,
// uncommitted changes included. Both run in their own package directory, so that testdata is
// found. A benchmark that asks git about its own directory works on the head alone, and shows as
// failed on the base.
//
// # The anchor
//
// Options.Anchor names an older commit, such as the last release, that head is held against too,
// so that many small changes do not creep past the base unseen. It gets a tree and binaries of its
// own and is one more side of a round, so that one process of the head serves both comparisons.
// Where only one of them is undecided, the other's side is not run. Without a release yet, or
// where the old code does not build or run any more, a warning stands in the log and the
// measurement goes on.
//
// # Which benchmarks
//
// Package suite finds the benchmark functions. Their sub-benchmarks are found by one pass with
// -test.benchtime=1x a side, which also warms the machine and whose values are thrown away. Where
// the code is proven the same, the pass at the head is enough. A benchmark that skips itself,
// fails, crashes, prints no result or does not end within the timeout leaves a mark in the log;
// none vanishes. A failure can be chance: one in the discovery is tried again, up to three times
// in all, and one in a round is a round that counts, so that the decision can weigh how often it
// happens on each side.
//
// # Same code
//
// What package suite proves to be the same at base and head is marked so, and not run; what is the
// same at the anchor needs no round of the anchor. Where base and head are one commit and the tree
// is clean, the user wants the noise of the machine: nothing is marked, all is run. A benchmark
// whose own source differs is run, and a mark says so.
package measure
