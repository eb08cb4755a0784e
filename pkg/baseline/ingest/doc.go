// Package ingest turns text into a [baseline.Log]: the raw log of regress, the
// output of go test -bench of any project, and that of go test -json -bench.
// [Read] reads one file, [Merge] unites the shards of one measurement.
//
// It is the only package that knows golang.org/x/perf/benchfmt, which parses the
// lines with results. Everything else that can stand in such a text is dealt
// with here, and nothing that should have been a result is dropped in silence.
//
// # The raw log
//
// A raw log is a text in the Go benchmark format
// (https://go.dev/design/14313-benchmark-format), so that
//
//	benchstat -col side FILE
//
// reads it too. benchstat makes a table of its own for every set of `key: value`
// lines that is in force, therefore only `side` and `pkg` vary within a log as
// keys. Whatever else varies is a mark: a comment of the form `# key: rest`.
//
// The header has one line a fact, each optional:
//
//	regress-log: 1             version of this format; begins a log, also in the middle of a text
//	procedure: two-stage       regress chose the rounds; without it the samples are taken as fixed in advance
//	project: github.com/x/y
//	commit: SHA                of head; in texts of others, of the results below
//	branch: NAME
//	dirty: true                only when head had uncommitted changes
//	base-commit: SHA           only with two sides
//	base-branch: REF           as it was asked for
//	anchor-commit: SHA         only where head is held against an older commit too
//	anchor-ref: REF            tag or commit that it was found by
//	seed: 1234                 of the random order
//	started: 2026-11-23T05:30:00Z
//	bench: PATTERN             the part of the suite that was asked for; absent: all
//	goos, goarch, cpu, cores, quota, gomaxprocs, memory-mib, kernel, virtual, governor, go-version, suite-flags
//	                           the fields of baseline.Environment
//
// The body has a block for every process. One process is one round of one
// benchmark of one side, and may print several lines (-count, sub-benchmarks):
//
//	side: base
//	# round: 1
//	pkg: github.com/x/y/bench
//	BenchmarkPingPong/transport=shm/size=64B-2   1000   240 ns/op   300 p95-latency-ns
//	PASS
//
// The header ends where the body begins. Below that, keys other than side and
// pkg are ignored: a benchmark that prints `commit: x` cannot change the log.
//
// The marks (an empty package or name is written as -):
//
//	# functions: base PKG BenchmarkA BenchmarkB …   benchmark functions in the source of a side; repeated where a line would
//	                            exceed the 64 KiB at which benchstat gives up
//	# noise: PKG NAME UNIT sd=.0041 between=.012 runwide=.02 sessions=12
//	                            history that the decision used; NAME as in baseline.Key, or with Benchmark
//	# same: PKG NAME WHY        code proven the same at base and head
//	# same-anchor: PKG NAME WHY likewise at anchor and head
//	# round: 3                  from here on
//	# disturbed: WHY            the round just printed; becomes a warning
//	# failed: SIDE PKG NAME MESSAGE   a process that gave no result; becomes a problem, in place of those made from its output
//	# not-run: SIDE PKG NAME WHY      it was not reached; WHY ended the measurement, such as `budget of 3m0s`. Older logs have a
//	                            # failed: mark with the message `not run: the WHY came before its first round`
//	# edited: SIDE PKG BenchmarkX      its own source, in the test files, is another one at base (or anchor) than at head
//	# warning: MESSAGE
//	# stopped: WHY              measuring ended before everything was decided
//	# file: NAME                what follows comes from another file and has a header of its own (Merge)
//	# cut: N                    a line of N bytes stood here (Read)
//
// Other comments, and the marks `# load:`, `# binary:` and `# cause:`, say nothing to the reader of
// results. format.go has every key and mark once, for the reader and the writer ([Header.Text],
// [Block] and the functions beside them).
//
// # Units
//
// Values and names are tidied as benchfmt does it, the name of a zero included:
// ns becomes sec and MB becomes B, also in p95-latency-ns → p95-latency-sec. A
// line `Unit p95-latency-ns better=lower assume=exact` applies to the tidied unit
// and to the whole file, wherever it stands. Without one
//
//	sec/op, B/op, allocs/op    lower is better; B/op and allocs/op are exact
//	*-sec, *-B, *-bytes, and these by anything (sec/msg)   lower
//	*/s, */sec                 higher, unless it counts what nobody wants (errors/s, allocs/s, retries/s)
//	all others                 neutral: shown, never judged, with a warning
//
// A value that is negative or not finite is a problem and not a value.
//
// # Rounds
//
// Without `# round:` marks the k-th line of a benchmark within its side is its
// round k: each repetition of -count is one value. Packages are told apart by
// `pkg:`, and the -procs suffix belongs to the name.
//
// # What can go wrong in a text
//
// Go prints the name of a benchmark, runs it, and prints the numbers. Output of
// the benchmark comes in between. Name and numbers are joined again where no
// other reading is possible: one line has the name, a later one nothing but
// numbers, and no other numbers and no other benchmark come between; or output
// without a new line stands in front of the name. Otherwise it is a problem, as
// are benchmarks that fail, panic, are killed or are cut off, packages that do
// not build or fail, and overlong lines. One crash is one problem, however many lines
// it takes. A benchmark that skips itself is a warning. See go test's exit status
// in the message where it says more than the text.
package ingest
