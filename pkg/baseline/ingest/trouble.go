package ingest

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"
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

// alone is the remedy for a crash: one command that shows everything of it.
func alone(pkg, name string) string {
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

// announce notes the line with a name alone that go test -v prints first.
func (p *part) announce(line string) {
	p.settlePending("other output ran into its line")
	p.announced = started{name: strings.TrimPrefix(line, "Benchmark"), line: p.line}
	p.closed = false
}

// completed: numbers have come for the benchmark that ran.
func (p *part) completed() {
	if p.from == 0 { // not the pending one put together
		p.settlePending("other output ran into its line")
	}
	p.announced, p.crash, p.closed = started{}, crash{}, false
	p.logged, p.wants = "", false
}

// broken deals with a line that benchfmt could not parse.
func (p *part) broken(message string) {
	line := p.text
	if !bytes.HasPrefix(line, benchmarkPrefix) {
		p.problem("", fmt.Sprintf("%q: %s; a Unit line has the form `Unit NAME better=lower`", clip(line), message))
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
	p.problem(name, fmt.Sprintf("%q is not a result (%s); keep other output off the line, by printing to a file or with b.Log", clip(line), message))
}

// countLine is what follows a name when numbers do: iterations and a tab.
var countLine = regexp.MustCompile(`^\t\s*\d+\s*(\t|$)`)

// begin notes a name, padded and with a tab behind it, as go test prints it
// before it runs the benchmark for longer. What follows was printed by the benchmark.
func (p *part) begin(name string, rest []byte) {
	p.settlePending("other output ran into its line")
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
		p.warn("%s:%d: %q are numbers without the name of a benchmark; they are passed over", p.file, p.at(), clip(line))
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
func (p *part) settlePending(why string) {
	w := p.pending
	if w.name == "" {
		return
	}
	p.pending = started{}
	if w.unclear {
		why = "two lines could be its numbers"
	}
	p.problemAt(p.number(w.line), w.name, fmt.Sprintf("it began and printed no numbers: %s; keep other output out of the benchmark, or write it to a file", why))
}

// settle ends a process or package: what still waits will not come. pkg is
// the package when the line that ends it says so.
func (p *part) settle(pkg string) {
	problem := func(crashed bool, line int, name, message string) {
		made := p.made(name, message)
		made.Line, made.Crashed = p.number(line), crashed
		if pkg != "" {
			made.Package = pkg
		}
		p.report(made)
	}
	where := pkg
	if where == "" {
		where = p.pkg
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
		problem(true, p.crash.line, name, fmt.Sprintf("it crashed: %s; %s", p.crash.what, alone(where, name)))
	case waiting.name != "" && p.exit != "":
		problem(true, waiting.line, waiting.name, fmt.Sprintf("its process ended with %s before it had printed numbers; %s", p.exit, alone(where, waiting.name)))
	case waiting.name != "":
		problem(false, waiting.line, waiting.name, fmt.Sprintf("the text ends before its numbers; %s", alone(where, waiting.name)))
	case p.failed && len(p.log.Problems) == p.first && (!p.closed || p.first == 0):
		problem(true, p.line, "", fmt.Sprintf("the test binary failed and does not say in which benchmark; %s", alone(where, "")))
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
		p.settlePending("the process ended without them")
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
			p.report(p.made("", fmt.Sprintf("%q: go test runs no benchmark of a package whose tests fail; mend the test, or leave tests out with -run '^$'", text)))
		}
		return
	}
	verbose, reason := p.announced.name != "", ""
	if verbose {
		reason = p.logged
	}
	p.announced, p.pending, p.logged = started{}, started{}, ""
	if text[4] == 'S' {
		p.warn("%s:%d: Benchmark%s was skipped and is not judged: %s", p.file, p.at(), name, cmp.Or(reason, noReason))
		return
	}
	if n := len(p.log.Problems); n > p.first && strings.HasPrefix(p.log.Problems[n-1].Name, name+"/") {
		return // it failed because the benchmark inside it failed
	}
	problem := p.made(name, fmt.Sprintf("it failed (%s); %s", cmp.Or(reason, noReason), alone(p.pkg, name)))
	problem.Crashed = true
	p.report(problem)
	p.wants = !verbose && p.more == 0
}

// noReason stands in a message until the reason comes.
const noReason = "it gives no reason"

// reason keeps what b.Log and b.Fatal print, for the verdict before or after it.
func (p *part) reason(line []byte) {
	if line[0] != ' ' || !logLine.Match(line) {
		return
	}
	text := string(clip(bytes.TrimSpace(line)))
	if n := len(p.log.Problems); p.wants && n > 0 {
		last := &p.log.Problems[n-1]
		last.Message = strings.Replace(last.Message, noReason, text, 1)
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
	switch problem := p.made("", ""); {
	case isBracket:
		problem.Package = pkg
		problem.Message = fmt.Sprintf("the package did not run: %s; run go vet %s to see the errors", why, pkg)
		p.report(problem)
	case !explained && !waited:
		if exit == "" {
			exit = "it does not say why"
		}
		problem.Package = pkg
		problem.Crashed = true
		problem.Message = fmt.Sprintf("the package failed (%s) after the last result above; %s", exit, alone(pkg, ""))
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
