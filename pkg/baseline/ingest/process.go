package ingest

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// trouble is what was begun and not brought to an end, and how a process died.
type trouble struct {
	running started // its name was printed and its numbers have not come yet
	crash   crash   // the last words of a process that may have died
	exit    string  // "exit status 2", "signal: killed"
	failed  bool    // a line FAIL without a package
	closed  bool    // go test is done with the package: nothing runs
	first   int     // how many problems there were when this package or process began
	logged  string  // the last line of b.Log: under -v the reason stands in front of the verdict
	wants   bool    // the last problem waits for its reason: without -v that comes behind
}

// started is a benchmark that has begun; the zero value is none.
type started struct {
	name    string // in the form of baseline.Key.Name
	line    int    // in the text
	numbers []byte
	unclear bool // two lines could be its numbers
	lone    bool // a line with the name alone, as go test -v prints it first: the result may come whole
}

// means reports whether a line of results is the one that was announced.
func (s started) means(name string) bool {
	bare, _ := baseline.SplitProcs(name)
	return s.lone && (name == s.name || bare == s.name)
}

// outcome is how a process or a package came to its end, as far as the text tells.
type outcome int

const (
	well     outcome = iota
	crashed          // it printed a panic, and nothing that takes it back
	exited           // go test says with which status, while a benchmark was running
	torn             // a benchmark was running, and the text goes no further
	nameless         // FAIL, and nothing that says where
)

// outcome of what runs now, with the problems that are known of it.
func (t *trouble) outcome(problems int) outcome {
	switch {
	case t.crash.what != "":
		return crashed
	case t.running.name != "" && t.exit != "":
		return exited
	case t.running.name != "":
		return torn
	case t.failed && problems == t.first && (!t.closed || t.first == 0):
		return nameless
	}
	return well
}

type crash struct {
	line int
	what string
	name string // from the stack
}

// kind tells a time-out of testing or of go test from other ends.
func (c crash) kind() baseline.ProblemKind {
	if strings.HasPrefix(c.what, "panic: test timed out after ") || strings.HasPrefix(c.what, "*** Test killed") {
		return baseline.TimedOut
	}
	return baseline.Crashed
}

// announce notes a line with a name alone.
func (p *part) announce(line []byte) {
	p.settleRunning(baseline.Interrupted)
	p.running = started{name: string(line[len(benchmarkPrefix):]), line: p.line, lone: true}
	p.closed = false
	p.took(ClassNoise, line)
}

// completed: numbers have come for a benchmark.
func (p *part) completed(name []byte) {
	if p.running.name != "" && p.from == 0 && !p.running.means(string(name)) { // else it is the one put together, or announced
		p.settleRunning(baseline.Interrupted)
	}
	if p.running.name != "" { // seldom, and what holds pointers costs more to set
		p.running = started{}
	}
	if p.crash.what != "" {
		p.crash = crash{}
	}
	if p.logged != "" {
		p.logged = ""
	}
	p.closed, p.wants = false, false
}

// broken deals with a line that benchfmt could not parse.
func (p *part) broken(message string) {
	line := p.text
	if !bytes.HasPrefix(line, benchmarkPrefix) {
		p.problem("", baseline.Problem{Kind: baseline.BrokenUnitLine, Detail: string(clip(line)), Of: message})
		return
	}
	space := bytes.IndexAny(line, " \t")
	if space < 0 {
		space = len(line)
	}
	name := string(line[len(benchmarkPrefix):space])
	rest := bytes.TrimLeft(line[space:], " ")
	switch {
	case p.from == 0 && len(rest) > 0 && rest[0] == '\t' && !countLine.Match(rest):
		p.took(ClassResult, line)
		p.begin(name, rest[1:])
	case p.running.name != "" && !p.running.lone:
		p.took(ClassOutput, line) // a benchmark that is running printed it; its own numbers are still to come
	case len(bytes.Fields(line)) == 2 && !p.torn && isCount(rest):
		p.unmeasured(name)
	case !functionName(name) || !looksMeasured(rest):
		p.passOver(baseline.NotAResult, line)
	default:
		p.took(ClassFailure, line)
		p.problem(name, baseline.Problem{Kind: baseline.BrokenLine, Detail: string(clip(line)), Of: message})
	}
}

// functionName reports whether a function can have the name in front of the first slash.
func functionName(name string) bool {
	name, _, _ = strings.Cut(name, "/")
	name, _ = baseline.SplitProcs(name)
	return strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != utf8.RuneError
	}) < 0
}

// looksMeasured reports whether what follows a name could be a result that other
// output ran into, rather than a sentence: a count, or a metric by something.
func looksMeasured(rest []byte) bool {
	return len(rest) > 0 && rest[0] == '\t' || isCount(rest) || bytes.Contains(rest, []byte("/op"))
}

// countLine is what follows a name when numbers do: iterations and a tab.
var countLine = regexp.MustCompile(`^\t\s*\d+\s*(\t|$)`)

// begin notes a name, padded and with a tab behind it, as go test prints it
// before it runs the benchmark for longer. What follows was printed by the benchmark.
func (p *part) begin(name string, rest []byte) {
	if !p.running.lone || p.running.unclear {
		p.settleRunning(baseline.Interrupted)
	}
	p.running = started{name: name, line: p.line}
	p.crash, p.closed = crash{}, false
	if len(rest) > 0 && !p.died(rest) {
		p.running.numbers = numbersTail.Find(rest)
	}
}

// died reports whether what stands behind a name is how the benchmark ended.
func (p *part) died(rest []byte) bool {
	seen := p.seen
	p.seen = true // the line is accounted for
	defer func() { p.seen = seen }()
	return p.status(rest) || p.crashes(rest)
}

// What testing prints after the name: iterations, value, unit, and further
// pairs, as a line of its own or behind output without a new line. There, digits
// of that output may run into the iterations, and nothing depends on these.
var (
	numbersTail = regexp.MustCompile(`\d+\t\s*[-+.\w]+ \S+(\t\s*[-+.\w]+ \S+)*\s*$`)
	numbersLine = regexp.MustCompile(`^\s*` + numbersTail.String())
)

// numbers keeps a line that ends in numbers for the benchmark that waits for them.
func (p *part) numbers(line []byte) bool {
	alone := (line[0] == ' ' || line[0] == '\t' || line[0] >= '0' && line[0] <= '9') && numbersLine.Match(line)
	if w := &p.running; w.name != "" && (!w.lone || alone) {
		numbers := numbersTail.Find(line)
		w.unclear = w.unclear || numbers != nil && w.numbers != nil
		if w.numbers == nil {
			w.numbers = numbers
		}
		if numbers != nil {
			p.took(ClassResult, line)
		}
		return numbers != nil
	}
	if !alone {
		return false
	}
	p.passOver(baseline.NumbersAlone, line)
	return true
}

// joinable reports whether a name and its numbers can be put together.
func (p *part) joinable() bool { return p.running.numbers != nil && !p.running.unclear }

// ends reports whether a line can only come after the benchmark that was
// running has printed its numbers.
func (p *part) ends(line []byte) bool {
	if rest, ok := bytes.CutPrefix(line, benchmarkPrefix); ok {
		name, _, more := bytes.Cut(rest, []byte{' '})
		name, _, tab := bytes.Cut(name, []byte{'\t'})
		return !(more || tab) || !p.running.means(string(name))
	}
	for _, prefix := range []string{"PASS", "FAIL", "ok ", "--- ", "=== ", "# ", "side:", "pkg:", "goos:", "regress-log:"} {
		if bytes.HasPrefix(line, []byte(prefix)) {
			return true
		}
	}
	return glued.Match(line)
}

// settleRunning gives up waiting for numbers.
func (p *part) settleRunning(kind baseline.ProblemKind) {
	w := p.running
	p.running = started{}
	switch {
	case w.name == "":
	case w.unclear:
		p.problem(w.name, baseline.Problem{Line: p.number(w.line), Kind: baseline.Ambiguous})
	case w.lone:
		p.announced(w)
	default:
		p.problem(w.name, baseline.Problem{Line: p.number(w.line), Kind: kind})
	}
}

// settle ends a process or package: what still waits will not come. pkg is
// the package when the line that ends it says so.
func (p *part) settle(pkg string) {
	problem := func(line int, name string, kind baseline.ProblemKind, detail string) {
		made := p.here(baseline.Problem{Line: p.number(line), Name: name, Kind: kind, Detail: detail})
		made.Package = cmp.Or(pkg, made.Package)
		p.report(made)
	}
	switch w := p.running; p.outcome(len(p.log.Problems)) {
	case crashed:
		problem(p.crash.line, cmp.Or(w.name, p.crash.name), p.crash.kind(), p.crash.what)
	case exited:
		problem(w.line, w.name, baseline.Exited, p.exit)
	case torn:
		problem(w.line, w.name, baseline.Cut, "")
	case nameless:
		problem(p.line, "", baseline.BinaryFailed, "")
	}
	p.forget()
}

// forget starts a process or package with a clean sheet.
func (p *part) forget() { p.trouble = trouble{closed: p.closed, first: len(p.log.Problems)} }

// closeBlock ends what a key or mark of the body ends.
func (p *part) closeBlock(pkg string) {
	p.settle(pkg)
	p.closed = false
}

// status deals with what go test and the test binary say about how it went.
func (p *part) status(line []byte) bool {
	text := string(clip(line))
	switch {
	case strings.HasPrefix(text, "--- FAIL: "), strings.HasPrefix(text, "--- SKIP: "):
		p.took(ClassFailure, line)
		p.verdict(text)
	case text == "PASS", strings.HasPrefix(text, "ok  \t"):
		p.took(ClassNoise, line)
		p.passed(line)
	case text == "FAIL":
		p.took(ClassFailure, line)
		p.failed = true
	case strings.HasPrefix(text, "FAIL\t"):
		p.took(ClassFailure, line)
		p.packageFailed(text)
	case strings.HasPrefix(text, "exit status "), strings.HasPrefix(text, "signal: "):
		p.took(ClassFailure, line)
		p.exit = text
	case strings.HasPrefix(text, "======="):
		p.bazel(line)
	default:
		return false
	}
	return true
}

// bazel deals with the lines that bazel puts around the output of a test: above it
// stands the label, which names the package where no pkg: line does, and below it
// a line of equals signs alone.
func (p *part) bazel(line []byte) {
	m := bazelLabel.FindSubmatch(line)
	switch {
	case m != nil:
		p.took(ClassFact, line)
		p.closeBlock("")
		p.printed = false
		p.setPackage(string(m[1]))
	case len(bytes.Trim(line, "=")) == 0:
		p.took(ClassNoise, line)
		p.closeBlock("")
		p.endPackage("")
	default:
		p.took(ClassOutput, line)
	}
}

var bazelLabel = regexp.MustCompile(`^=+ Test output for (@?@?\S*//\S+?)(?: \(.*\))?:$`)

// passed deals with PASS and "ok  	package	1.2s": it ended well, and what looked
// like a crash was the benchmark's own output.
func (p *part) passed(line []byte) {
	p.settleRunning(baseline.NoNumbers)
	p.crash = crash{}
	p.closeBlock("")
	p.process++
	p.ended = true
	rest, ok := bytes.CutPrefix(line, []byte("ok  \t"))
	p.okayed = p.okayed || ok
	p.open = p.open && p.okayed && !ok // where packages are named, each is
	if ok {
		pkg, _, _ := bytes.Cut(rest, []byte{'\t'})
		p.closed = true
		p.endPackage(string(bytes.TrimSpace(pkg)))
	}
}

// verdict is one of "--- FAIL: BenchmarkX" and "--- SKIP: BenchmarkX".
func (p *part) verdict(text string) {
	name, isBenchmark := strings.CutPrefix(strings.Fields(text[len("--- FAIL: "):] + " -")[0], "Benchmark")
	if !isBenchmark {
		if text[4] == 'F' {
			p.problem("", baseline.Problem{Kind: baseline.TestFailed, Detail: text})
		}
		return
	}
	verbose, reason := p.running.lone, ""
	if verbose {
		reason = p.logged
	}
	p.running, p.logged = started{}, ""
	if text[4] == 'S' {
		p.warn(baseline.Warning{Kind: baseline.Skipped, File: p.file, Line: p.at(), Name: name, Detail: reason})
		return
	}
	if n := len(p.log.Problems); n > p.first && strings.HasPrefix(p.log.Problems[n-1].Name, name+"/") {
		return // it failed because the benchmark inside it failed
	}
	p.report(p.here(baseline.Problem{Name: name, Kind: baseline.Failed, Detail: reason}))
	p.wants = !verbose && p.more == 0
}

// reason keeps what b.Log and b.Fatal print, for the verdict before or after it.
func (p *part) reason(line []byte) {
	if line[0] != ' ' || !logLine.Match(line) {
		return
	}
	text := string(clip(bytes.TrimSpace(line)))
	if n := len(p.log.Problems); p.wants && n > 0 {
		last := &p.log.Problems[n-1]
		last.Detail = text
		p.wants = false
		return
	}
	p.logged = text
}

// packageFailed is "FAIL	package [build failed]" or "FAIL	package	0.1s".
func (p *part) packageFailed(text string) {
	fields := strings.SplitN(text, "\t", 3)
	pkg, why, isBracket := strings.Cut(fields[1], " ")
	explained := p.failed && len(p.log.Problems) > p.first // the binary came to its end
	p.failed = false
	exit := p.exit
	waited := p.crash.what != "" || p.running.name != ""
	p.settle(pkg)
	problem := p.here(baseline.Problem{Kind: baseline.BuildFailed, Detail: why})
	problem.Package = pkg
	switch {
	case isBracket:
		p.report(problem)
	case !explained && !waited:
		problem.Kind, problem.Detail = baseline.PackageFailed, exit
		p.report(problem)
	}
	p.forget()
	p.closed, p.ended, p.okayed, p.open = true, true, true, false
	p.process++
	p.endPackage(pkg)
}

// crashes notes the last words of a Go process, and whose stack it shows.
func (p *part) crashes(line []byte) bool {
	for _, prefix := range []string{"panic: ", "fatal error: ", "*** Test killed"} {
		if bytes.HasPrefix(line, []byte(prefix)) {
			if p.crash.what == "" {
				p.crash = crash{line: p.line, what: string(clip(line))}
			}
			return true
		}
	}
	return false
}

var (
	// inStack is a benchmark function in a goroutine's stack:
	// "example.com/x.BenchmarkY.func1(0x1…)".
	inStack = regexp.MustCompile(`^[^\s(]*\.Benchmark([^\s(.]*)[^\s(]*\(`)
	// logLine is what b.Log, b.Fatal and b.Skip print.
	logLine = regexp.MustCompile(`^\s+\S+\.go:\d+: `)
	// glued is a result behind output that did not end in a new line: "loadingBenchmarkX-2   \t
	// 100\t 12 ns/op".
	glued = regexp.MustCompile(`^.+(Benchmark[^\sa-z]\S*) *\t`)
)

// failedBehind deals with a failure behind other output without a new line, and
// reports whether there is one.
func (p *part) failedBehind(line []byte) bool {
	failure := failedBehind.Find(line)
	if failure == nil {
		return false
	}
	p.took(ClassFailure, line)
	p.died(failure)
	return true
}

// chatter deals with any other line: output of benchmarks, stacks, noise.
func (p *part) chatter(line []byte) {
	if p.failedBehind(line) {
		return
	}
	if p.crash.what != "" && p.crash.name == "" {
		p.took(ClassOutput, line)
		if m := inStack.FindSubmatch(line); m != nil {
			p.crash.name = string(m[1])
		}
		return
	}
	if bytes.Contains(line, benchmarkPrefix) {
		if m := glued.FindSubmatchIndex(line); m != nil && bytes.Count(line, benchmarkPrefix) == 1 && isName(line[m[2]+len(benchmarkPrefix):]) {
			p.took(ClassResult, line)
			p.begin(string(line[m[2]+len(benchmarkPrefix):m[3]]), line[m[1]:])
			return
		}
		if resultBehind.Match(line) {
			p.passOver(baseline.NotAResult, line)
			return
		}
	}
	p.took(ClassOutput, line)
	p.reason(line)
}

var (
	// failedBehind is a failure behind other output on its line.
	failedBehind = regexp.MustCompile(`(?:--- FAIL: Benchmark|FAIL\t\S+(?:\t[\d.]+s| \[[^\]]+\])$).*`)
	// resultBehind looks like a result in a line that is none: in a table, behind a word.
	resultBehind = regexp.MustCompile(`Benchmark[^\sa-z]\S*[\s|]+\d+[\s|]+[\d.]+ \S+/op`)
)
