// Package ingest turns text into a [baseline.Log]: the raw log of regress, the
// output of go test -bench of any project, and that of go test -json -bench.
// [Read] reads one file, [Merge] unites the shards of one measurement, and [ReadAll] reads
// a history too, in which another tool keeps the results of many commits.
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
//	procedure: paired          regress chose the rounds, by this baseline.Procedure; without it
//	                           the samples are taken as fixed in advance
//	counter: qemu-user 7.2.22  what counts instructions (insn/op), a fact of the environment;
//	                           without it nothing does
//	project: github.com/x/y
//	commit: SHA                of head; in texts of others, of the results below
//	branch: NAME
//	dirty: true                only when head had uncommitted changes
//	base-commit: SHA           only with two sides
//	base-branch: REF           as it was asked for
//	anchor-commit: SHA         only where head is held against an older commit too
//	anchor-ref: REF            tag or commit that it was found by
//	suite-shard: 2/5           the part of a divided measurement that this is
//	seed: 1234                 of the random order
//	started: 2026-11-23T05:30:00Z
//	bench: PATTERN             the part of the suite that was asked for; absent: all
//	goos, goarch, cpu, cores, quota, gomaxprocs, memory-mib, kernel, virtual, governor,
//	go-version, suite-flags
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
//	# functions: base PKG BenchmarkA BenchmarkB …
//	                            benchmark functions in the source of a side; repeated where a
//	                            line would exceed the 64 KiB at which benchstat gives up
//	# noise: PKG NAME UNIT sd=.0041 between=.012 runwide=.02 sessions=12
//	                            history that the decision used; NAME as in baseline.Key, or with
//	                            Benchmark
//	# same: PKG NAME WHY        code proven the same at base and head
//	# same-anchor: PKG NAME WHY likewise at anchor and head
//	# round: 3                  from here on
//	# disturbed: WHY            the round just printed; becomes a warning
//	# failed: SIDE PKG NAME MESSAGE
//	                            a process that gave no result; becomes a problem, in place of
//	                            those made from its output
//	# not-run: SIDE PKG NAME WHY
//	                            it was not reached; WHY ended the measurement, such as `budget
//	                            of 3m0s`. Older logs have a # failed: mark with the message
//	                            `not run: the WHY came before its first round`
//	# method: PKG NAME iterations=16000 slices=10 cpu=one counted=21000
//	                            how every process of a benchmark is run: Method
//	# work: PKG NAME user=.95 system=.01 children=false
//	                            how the processes that timed a benchmark spent their time:
//	                            baseline.Work; more of one benchmark are joined
//	# uncounted: PKG NAME WHY   its work cannot be counted
//	# edited: SIDE PKG BenchmarkX
//	                            its own source, in the test files, is another one at base (or
//	                            anchor) than at head
//	# warning: MESSAGE
//	# stopped: WHY              measuring ended before everything was decided
//	# file: NAME                what follows comes from another file and has a header of its own
//	                            (Merge)
//	# cut: N                    a line of N bytes stood here (Read)
//
// Other comments, and the marks `# load:`, `# binary:`, `# method:`, `# cause:` and `# bisect:`,
// say nothing to the reader of results. format.go has every key and mark once, for the reader and
// the writer ([Header.Text], [Block] and the functions beside them).
//
// # Every line of a text
//
// What go test, and what runs it, put into a text. A line stands for one of the
// classes of [Account]; none is left out. FRONT is whatever stands in front of the
// lines (see below); NAME begins with Benchmark and goes on in upper case, with a
// digit or an underscore.
//
//	line                                    means → class, what is done
//	NAME-8   <tab> 1000 <tab> 12 ns/op …    a result → result
//	Benchmarkapp 1 12 x-bytes               one too: nothing else has that form → result
//	  NAME-8  1000  12 ns/op                one too, indented or with blanks → result; not below
//	                                        b.Log
//	NAME-8   <tab>OUTPUT, … , 1000 <tab> …  name and numbers apart → result, where there is one
//	                                        reading
//	NAME, OUTPUT, 1000 <tab> 12 ns/op       the same, of go test -v or trimmed → result, where no
//	                                        whole line comes
//	OUTPUTNAME-8 <tab> …                    output without a new line in front → result
//	NAME-8   <tab> 1                        no metric (a time of zero) → result; warning, or
//	                                        problem where the other side has one
//	NAME-8   <tab>OUTPUT and no numbers     the result is lost → problem
//	NAME …/op, NAME <tab>x                  a result that output ran into → failure; problem
//	NAME text                               a sentence of a benchmark → passed over, with a
//	                                        warning
//	NAME 5 9 +80.00%                        a table of benchcmp → passed over; refused where
//	                                        nothing else is there
//	1000 <tab> 12 ns/op                     numbers without a name → passed over, with a warning
//	NAME                                    go test -v begins → known noise; warning if no result
//	                                        comes
//	Unit NAME better=lower                  which way a unit improves → fact
//	Unit of work                            a sentence → passed over, with a warning
//	goos: goarch: pkg: cpu: side:           what the results below are of → fact; cpu: behind pkg:
//	                                        alone
//	commit: branch: … above pkg:            the same → fact, where it is one word
//	key: value below pkg:                   output → output; passed over where the key has a
//	                                        meaning
//	# mark: …                               see above → fact
//	# other, # example.com/p                a comment, errors of a build → output
//	--- FAIL: NAME, OUTPUT--- FAIL: NAME    the benchmark failed → failure; problem
//	--- SKIP: NAME                          it skipped itself → failure; warning
//	--- FAIL: TestX                         tests failed, so no benchmark ran → failure; problem
//	panic: fatal error: *** Test killed     the process died, unless PASS follows → failure;
//	                                        problem
//	FAIL, exit status 2, signal: killed     the process failed → failure; problem
//	FAIL <tab> pkg <tab> 1s                 the package failed, or did not build → failure;
//	                                        problem
//	PASS                                    the process ended well → known noise
//	ok <tab> pkg <tab> 1s                   the package did: names results above → known noise
//	coverage: 71.7 %, === RUN, ?  pkg, DONE go test, gotestsum → known noise
//	=== Failed, === FAIL: pkg NAME          gotestsum repeats what failed → known noise; results
//	                                        below that are copies
//	==== Test output for //a:b_test:        bazel names a package → fact
//	the same results again                  see copies.go → copy, with a warning
//	anything else                           output of a benchmark → output
//
// FRONT is a time with or without brackets, a job and a step, a stream, the name
// of a service or a pod, a colour, a control character, or whatever else stands in
// front of two lines that only go test prints. It is taken off every line alike,
// and so a failure behind it is one. A carriage return ends a line. Nothing is
// taken off a log that regress wrote. go test -json is turned into text first.
//
// A text whose last line has no end, one that ends before go test has said how it
// went, and one where a benchmark has more lines on one side than on the other,
// have warnings: no line can be lost, doubled or cut off without a word.
//
// # Other tools
//
// What these tools write is recognised by its content and turned into a raw log, every line of
// which is accounted for under the number of the line that it was made from. The file that reads a
// format says what the format has, what becomes of it and what is left out.
//
//	hyperfine --export-json                        hyperfine.go
//	Google Benchmark, --benchmark_format=json      googlebenchmark.go
//	pytest --benchmark-json                        pytest.go
//	JMH, -rf json                                  jmh.go
//	cargo criterion --message-format=json          criterion.go
//	data.js of github-action-benchmark             history.go, ReadAll alone
//
// # Units
//
// Values and names are tidied as benchfmt does it, the name of a zero included:
// ns becomes sec and MB becomes B, also in p95-latency-ns → p95-latency-sec. A
// line `Unit p95-latency-ns better=lower assume=exact` applies to the tidied unit
// and to the whole file, wherever it stands. Without one
//
//	sec/op, B/op, allocs/op    lower is better; B/op and allocs/op are exact
//	*-sec, *-B, *-bytes        lower, and sec by anything but a time, B by anything done (B/msg,
//	                           B/conn)
//	*/s, */min, */cycle, …     higher (also B/s/core, ops-per-sec), unless it counts what nobody
//	                           wants (errors/s, retries/s)
//	all others                 neutral: shown, never judged, with a warning
//
// Two units of one line that tidy to one name (MB/s and B/s) are two series: the
// one that was printed in another unit keeps its printed name and values.
//
// A value that is not finite, or is negative and of a unit that is judged, is a
// problem of that series and not a value.
//
// # Rounds
//
// Without `# round:` marks the k-th line of a benchmark within its side is its
// round k: each repetition of -count is one value. Packages are told apart by
// `pkg:`, else by `ok` behind them, and the -procs suffix belongs to the name. Which
// digits at the end of a name are that suffix is decided once for the log, from all
// of its names: see baseline.Procs.
//
// # What can go wrong in a text
//
// Go prints the name of a benchmark, runs it, and prints the numbers. Output of
// the benchmark comes in between. Name and numbers are joined again where no
// other reading is possible: one line has the name, a later one nothing but
// numbers, and no other numbers and no other benchmark come between; or output
// without a new line stands in front of the name. Otherwise it is a problem, as
// are benchmarks that fail, panic, are killed or are cut off, packages that do
// not build or fail, two packages whose lines are mixed (`ok` of one below `pkg:` of
// another), and overlong lines. One crash is one problem, however many lines it takes.
// A benchmark that skips itself is a warning. See go test's exit status
// in the message where it says more than the text.
package ingest
