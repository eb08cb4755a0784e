// Package baseline holds the nouns that every other package speaks in — what
// was measured, where, and when — and the Store that keeps them.
//
// It has data and no opinions: nothing here decides, formats, or measures.
//
//	Result       one benchmark line of the Go benchmark format
//	Unit         what a value counts, in base units (sec/op, B/s), with a Direction
//	Sample       repeated values of one benchmark in one unit in one run, in measurement order
//	Run          one execution of a suite at one commit in one environment
//	Round        one process start of one side inside a run: the unit of replication
//	Log          everything one measurement printed: one or two sides, one or more environments
//	Environment  machine and toolchain facts; its Fingerprint decides comparability
//	Point        what one run says of one series: center, spread, number of rounds
//	Session      what was measured side by side: a head and the anchor beside it
//	Facts        what git says of a run's commit: time, place, author, subject, pull request
//	Decision     what one comparison came to, with the verdict on each series
//	Series       identity over time: project, package, benchmark, unit, fingerprint, branch
//	Noise        what the past says about the noise of one series
//	Warning      a fact that weakens a result and does not stop it
//
// The doors: [github.com/descartes/regress/pkg/baseline/ingest] turns text into
// a Log, [github.com/descartes/regress/pkg/baseline/machine] turns this machine
// into an Environment, and the packages dir and postgres keep Runs.
package baseline
