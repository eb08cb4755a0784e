package ingest

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// trouble is what was begun and not brought to an end, and how a process died.
type trouble struct {
	pending   started // its name was printed in front of numbers that have not come yet
	announced started // go test -v has said that it starts
	crash     crash   // the last words of a process that may have died
	exit      string  // "exit status 2", "signal: killed"
	failed    bool    // a line FAIL without a package
	closed    bool    // go test is done with the package: nothing runs
	first     int     // how many problems there were when this package or process began
	logged    string  // the last line of b.Log: under -v the reason stands in front of the verdict
	wants     bool    // the last problem waits for its reason: without -v that comes behind
}

// started is a benchmark that has begun; the zero value is none.
type started struct {
	name    string // in the form of baseline.Key.Name
	line    int    // in the text
	numbers []byte
	unclear bool // two lines could be its numbers
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

// announce notes the line with a name alone that go test -v prints first.
func (p *part) announce(line string) {
	p.settlePending(baseline.Interrupted)
	p.announced = started{name: strings.TrimPrefix(line, "Benchmark"), line: p.line}
	p.closed = false
}

// completed: numbers have come for the benchmark that ran.
func (p *part) completed() {
	if p.from == 0 { // not the pending one put together
		p.settlePending(baseline.Interrupted)
	}
	p.announced, p.crash, p.closed = started{}, crash{}, false
	p.logged, p.wants = "", false
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
	if p.from == 0 && len(rest) > 0 && rest[0] == '\t' && !countLine.Match(rest) {
		p.begin(name, rest[1:])
		return
	}
	if p.pending.name != "" {
		return // a benchmark that is running printed it; its own numbers are still to come
	}
	p.problem(name, baseline.Problem{Kind: baseline.BrokenLine, Detail: string(clip(line)), Of: message})
}

// countLine is what follows a name when numbers do: iterations and a tab.
var countLine = regexp.MustCompile(`^\t\s*\d+\s*(\t|$)`)

// begin notes a name, padded and with a tab behind it, as go test prints it
// before it runs the benchmark for longer. What follows was printed by the benchmark.
func (p *part) begin(name string, rest []byte) {
	p.settlePending(baseline.Interrupted)
	p.pending = started{name: name, line: p.line}
	p.crash, p.closed = crash{}, false
	if len(rest) > 0 && !p.status(rest) && !p.crashes(rest) {
		p.pending.numbers = numbersTail.Find(rest)
	}
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
	if w := &p.pending; w.name != "" {
		numbers := numbersTail.Find(line)
		w.unclear = w.unclear || numbers != nil && w.numbers != nil
		if w.numbers == nil {
			w.numbers = numbers
		}
		return numbers != nil
	}
	if c := line[0]; c != ' ' && (c < '0' || c > '9') || !numbersLine.Match(line) {
		return false
	}
	if p.announced.name == "" { // else the whole line comes again with its name
		p.warn(baseline.Warning{Kind: baseline.NumbersAlone, File: p.file, Line: p.at(), Detail: string(clip(line))})
	}
	return true
}

// joinable reports whether a name and its numbers can be put together.
func (p *part) joinable() bool { return p.pending.numbers != nil && !p.pending.unclear }

// ends reports whether a line can only come after the benchmark that was
// running has printed its numbers.
func (p *part) ends(line []byte) bool {
	if bytes.HasPrefix(line, benchmarkPrefix) {
		return true
	}
	for _, prefix := range []string{"PASS", "FAIL", "ok ", "--- ", "# ", "side:", "pkg:", "goos:", "regress-log:"} {
		if bytes.HasPrefix(line, []byte(prefix)) {
			return true
		}
	}
	return glued.Match(line)
}

// settlePending gives up waiting for numbers.
func (p *part) settlePending(kind baseline.ProblemKind) {
	w := p.pending
	if w.name == "" {
		return
	}
	p.pending = started{}
	if w.unclear {
		kind = baseline.Ambiguous
	}
	p.problem(w.name, baseline.Problem{Line: p.number(w.line), Kind: kind})
}

// settle ends a process or package: what still waits will not come. pkg is
// the package when the line that ends it says so.
func (p *part) settle(pkg string) {
	problem := func(line int, name string, kind baseline.ProblemKind, detail string) {
		made := p.here(baseline.Problem{Line: p.number(line), Name: name, Kind: kind, Detail: detail})
		made.Package = cmp.Or(pkg, made.Package)
		p.report(made)
	}
	waiting := p.pending
	if waiting.name == "" {
		waiting = p.announced
	}
	switch {
	case p.crash.what != "":
		name := waiting.name
		if name == "" {
			name = p.crash.name
		}
		problem(p.crash.line, name, p.crash.kind(), p.crash.what)
	case waiting.name != "" && p.exit != "":
		problem(waiting.line, waiting.name, baseline.Exited, p.exit)
	case waiting.name != "":
		problem(waiting.line, waiting.name, baseline.Cut, "")
	case p.failed && len(p.log.Problems) == p.first && (!p.closed || p.first == 0):
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
		p.verdict(text)
	case strings.HasPrefix(text, "--- BENCH: "):
	case text == "PASS", strings.HasPrefix(text, "ok  \t"):
		// It ended well: what looked like a crash was the benchmark's own output.
		p.settlePending(baseline.NoNumbers)
		p.announced, p.crash = started{}, crash{}
		p.closeBlock("")
		p.closed = text != "PASS"
	case text == "FAIL":
		p.failed = true
	case strings.HasPrefix(text, "FAIL\t"):
		p.packageFailed(text)
	case strings.HasPrefix(text, "exit status "), strings.HasPrefix(text, "signal: "):
		p.exit = text
	default:
		return false
	}
	return true
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
	verbose, reason := p.announced.name != "", ""
	if verbose {
		reason = p.logged
	}
	p.announced, p.pending, p.logged = started{}, started{}, ""
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
		last.Message = message(*last)
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
	waited := p.crash.what != "" || p.pending.name != "" || p.announced.name != ""
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
	p.closed = true
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
	// inStack is a benchmark function in a goroutine's stack: "example.com/x.BenchmarkY.func1(0x1…)".
	inStack = regexp.MustCompile(`^[^\s(]*\.Benchmark([^\s(.]*)[^\s(]*\(`)
	// logLine is what b.Log, b.Fatal and b.Skip print.
	logLine = regexp.MustCompile(`^\s+\S+\.go:\d+: `)
	// glued is a result behind output that did not end in a new line: "loadingBenchmarkX-2   \t 100\t 12 ns/op".
	glued = regexp.MustCompile(`^.+(Benchmark[^\sa-z]\S*) *\t`)
)

// chatter deals with any other line: output of benchmarks, stacks, noise.
func (p *part) chatter(line []byte) {
	if p.crash.what != "" && p.crash.name == "" {
		if m := inStack.FindSubmatch(line); m != nil {
			p.crash.name = string(m[1])
		}
		return
	}
	if bytes.Count(line, benchmarkPrefix) != 1 {
		p.reason(line)
		return
	}
	m := glued.FindSubmatchIndex(line)
	if m == nil || !isName(line[m[2]+len(benchmarkPrefix):]) {
		p.reason(line)
		return
	}
	p.begin(string(line[m[2]+len(benchmarkPrefix):m[3]]), line[m[1]:])
}
