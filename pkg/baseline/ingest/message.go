package ingest

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// message returns the sentence for a problem, for readers of Problem.Message. It
// goes when there is none.
func message(p baseline.Problem) string {
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
	case baseline.MoreProblems:
		return fmt.Sprintf("%d further problems of this file are not listed; mend these first", p.Count)
	}
	return processMessage(p)
}

func processMessage(p baseline.Problem) string {
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

// worded returns a problem with its sentence.
func worded(p baseline.Problem) baseline.Problem {
	p.Message = message(p)
	return p
}
