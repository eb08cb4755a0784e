package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// ProblemText returns the sentence for a problem: what was seen and what to do.
// Where it was seen stands in Where.
func ProblemText(p baseline.Problem) string {
	switch p.Kind {
	case baseline.BrokenLine:
		return fmt.Sprintf("%q is not a result (%s); keep other output off the line, by printing to a file or with b.Log", p.Detail, p.Of)
	case baseline.BrokenUnitLine:
		return fmt.Sprintf("%q: %s; a Unit line has the form `Unit NAME better=lower`", p.Detail, p.Of)
	case baseline.BrokenMark:
		return fmt.Sprintf("the mark %q is broken: want %s; was the log edited or cut?", p.Detail, p.Of)
	case baseline.BadDirection:
		return fmt.Sprintf("unit %s: better=%s is neither better=lower nor better=higher", p.Of, p.Detail)
	case baseline.BadAssumption:
		return fmt.Sprintf("unit %s: assume=%s is neither assume=exact nor assume=nothing", p.Of, p.Detail)
	case baseline.UnitConflict:
		return fmt.Sprintf("its Unit line for %s contradicts that of %s; make the suite print one", p.Of, p.Detail)
	case baseline.BadValue:
		return p.Detail + " is no measurement; mend what the benchmark reports"
	case baseline.UnitTwice:
		return fmt.Sprintf("its line has %s twice, and which of them counts is not known; report each metric once", p.Of)
	case baseline.NoMetric:
		return fmt.Sprintf("%s is missing from its result, and the other side has it: its time may have been zero, or the metric is gone; measure it longer (-benchtime), or take the metric away on both sides", p.Of)
	case baseline.BadCount:
		return fmt.Sprintf("it ran %s times, which is no measurement; mend the benchmark", p.Detail)
	case baseline.BadName:
		return "its name is longer than 1 KiB or not UTF-8; give its sub-benchmarks shorter names"
	case baseline.BadUnitName:
		return fmt.Sprintf("the unit %q is longer than 1 KiB or not UTF-8; give b.ReportMetric a shorter one", p.Of)
	case baseline.LongLine:
		return "its line is longer than 64 KiB; keep other output out of it"
	case baseline.LineLeftOut:
		return fmt.Sprintf("a line of %s bytes was left out: more than can be a result; keep binary or one-line output of benchmarks out of the text", p.Detail)
	case baseline.Mixed:
		return fmt.Sprintf("its lines and those of %s are mixed, and which result is of which package is not known; keep the output of each in a file of its own, or print it with go test -json", p.Of)
	case baseline.MoreProblems:
		return fmt.Sprintf("%d further problems of this file are not listed; mend these first", p.Count)
	}
	return processText(p)
}

// processText returns the sentence for what became of a process.
func processText(p baseline.Problem) string {
	const apart = "; keep other output out of the benchmark, or write it to a file"
	switch p.Kind {
	case baseline.Interrupted:
		return "it began and printed no numbers: other output ran into its line" + apart
	case baseline.Ambiguous:
		return "it began and printed no numbers: two lines could be its numbers" + apart
	case baseline.NoNumbers:
		return "it began and printed no numbers: the process ended without them" + apart
	case baseline.Cut:
		return "the text ends before its numbers; " + runAlone(p.Package, p.Name)
	case baseline.NotRun:
		return fmt.Sprintf("not run: the %s came before its first round", p.Detail)
	case baseline.TestFailed:
		return fmt.Sprintf("%q: go test runs no benchmark of a package whose tests fail; mend the test, or leave tests out with -run '^$'", p.Detail)
	case baseline.BuildFailed:
		return fmt.Sprintf("the package did not run: %s; run go vet %s to see the errors", p.Detail, p.Package)
	case baseline.Crashed, baseline.TimedOut:
		return fmt.Sprintf("it crashed: %s; %s", p.Detail, runAlone(p.Package, p.Name))
	case baseline.Exited:
		return fmt.Sprintf("its process ended with %s before it had printed numbers; %s", p.Detail, runAlone(p.Package, p.Name))
	case baseline.Failed:
		return fmt.Sprintf("it failed (%s); %s", cmp.Or(p.Detail, "it gives no reason"), runAlone(p.Package, p.Name))
	case baseline.BinaryFailed:
		return "the test binary failed and does not say in which benchmark; " + runAlone(p.Package, "")
	case baseline.PackageFailed:
		return fmt.Sprintf("the package failed (%s) after the last result above; %s", cmp.Or(p.Detail, "it does not say why"), runAlone(p.Package, ""))
	case baseline.NoResult:
		return p.Detail
	}
	return cmp.Or(p.Detail, string(p.Kind))
}

// runAlone returns the remedy for a crash: one command that shows everything of it.
func runAlone(pkg, name string) string {
	function, _, _ := strings.Cut(name, "/")
	if i := strings.LastIndexByte(function, '-'); i > 0 {
		function = function[:i]
	}
	if pkg == "" {
		pkg = "."
	}
	if name == "" {
		return fmt.Sprintf("run go test -v -run '^$' -bench . %s to see where", pkg)
	}
	return fmt.Sprintf("run go test -v -run '^$' -bench '^Benchmark%s$' %s to see all of it", function, pkg)
}

// WarningText returns the sentence for a warning, with the place where it was seen.
func WarningText(w baseline.Warning) string {
	at := w.File
	if w.Line > 0 {
		at = fmt.Sprintf("%s:%d", w.File, w.Line)
	}
	if at != "" {
		at += ": "
	}
	switch w.Kind {
	case baseline.BadFact:
		return at + badFact(w)
	case baseline.LongFact:
		return at + fmt.Sprintf("the value of %s is longer than 1 KiB or not UTF-8; it is cut", w.Of)
	case baseline.KeyChanges:
		return at + fmt.Sprintf("the key %q changes from %q to %q; regress does not tell results apart by it: keep them in separate files if they differ", w.Of, w.Other, w.Detail)
	case baseline.NumbersAlone:
		return at + fmt.Sprintf("%q are numbers without the name of a benchmark; they are passed over", w.Detail) + alike(w.Count)
	case baseline.NotAResult:
		return at + fmt.Sprintf("%q is not a result and is passed over", w.Detail) + alike(w.Count)
	case baseline.FactPassedOver:
		return at + fmt.Sprintf("%q was printed by a benchmark and says nothing of this log: keys stand above the first pkg: line, and a commit or a branch has no blanks", w.Detail) + alike(w.Count)
	case baseline.Skipped:
		return at + fmt.Sprintf("Benchmark%s was skipped and is not judged: %s", w.Name, cmp.Or(w.Detail, "it gives no reason"))
	case baseline.BadMetric, baseline.Unmeasured, baseline.NoneFollowed, baseline.NameAgain, baseline.Uneven:
		return at + benchmarkWarning(w)
	case baseline.NoEnd:
		return at + "the text ends before go test has said how it went (PASS, ok or FAIL): was it cut?"
	case baseline.Torn:
		return at + fmt.Sprintf("the last line has no end, %q: was it cut?", w.Detail)
	case baseline.Copied:
		return at + fmt.Sprintf("%d results repeat those from %s and are counted once", w.Count, w.Of)
	case baseline.Disturbed:
		if w.Count == 1 {
			return fmt.Sprintf("a round was disturbed (round %d of %s: %s)", w.Round, w.Side, w.Detail)
		}
		return fmt.Sprintf("%d rounds were disturbed (the first, round %d of %s: %s)", w.Count, w.Round, w.Side, w.Detail)
	case baseline.NeutralUnit:
		return fmt.Sprintf("nothing says which way %s improves: it is shown and not judged; print `Unit %[1]s better=lower` or better=higher", w.Of)
	case baseline.ShardsDiffer:
		return fmt.Sprintf("shards differ in %s (%q and %q) and are judged as one class of machine", w.Of, w.Other, w.Detail)
	case baseline.MoreWarnings:
		return w.File + " has further warnings, which are left out"
	}
	return at + cmp.Or(w.Detail, string(w.Kind))
}

// benchmarkWarning returns the sentence for what weakens one benchmark.
func benchmarkWarning(w baseline.Warning) string {
	switch w.Kind {
	case baseline.BadMetric:
		return fmt.Sprintf("Benchmark%s reports %s, which is no number; it is left out", w.Name, w.Detail)
	case baseline.Unmeasured:
		return fmt.Sprintf("Benchmark%s reports no metric (a time of zero, or b.ReportMetric(0, \"ns/op\")) and is not judged", w.Name)
	case baseline.NoneFollowed:
		return fmt.Sprintf("Benchmark%s was announced and no result of it followed; it is not judged", w.Name)
	case baseline.NameAgain:
		return fmt.Sprintf("Benchmark%s comes again after PASS and may be of another package: no pkg: line and no ok line names one; print them, or measure each package into a file of its own", w.Name)
	}
	more := ""
	if w.Count > 1 {
		more = fmt.Sprintf("; so do %d more benchmarks", w.Count-1)
	}
	return fmt.Sprintf("Benchmark%s has %s lines at head and %s at base: was a line lost, or does one come twice?%s", w.Name, w.Detail, w.Other, more)
}

// alike returns what the warning of one line says of others of its kind.
func alike(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("; %d such lines (regress compare --explain shows all)", n)
}

// badFact returns what is wrong with a value of the header.
func badFact(w baseline.Warning) string {
	what := "not a count"
	switch w.Of {
	case "seed":
		what = "not a number"
	case "started":
		what = "no time of the form 2026-11-23T05:30:00Z"
	}
	return fmt.Sprintf("%s %q is %s; it is taken as unknown", w.Of, w.Detail, what)
}
