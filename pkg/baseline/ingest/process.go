package ingest

import (
	"bytes"
	"cmp"
	"strings"

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

// waits reports whether only numbers are missing.
func (s started) waits() bool { return s.name != "" && !s.lone }

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

// outcome returns that of what runs now, with the problems that are known of it.
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

// crash is the first of the last words of a process; the zero value is none.
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

// process is one process of go test, or a package, on its way to its end: what has begun in it and
// what it said of how it went. What is wrong with it becomes problems.
type process struct {
	*notes
	trouble
	named  bool                 // a line of a package, ok or FAIL, has ended one
	spoken bool                 // go test said how one went, at least once
	lones  map[baseline.Key]int // lines with a name alone and no result since, by number
}

// announce notes a line with a name alone.
func (p *process) announce(line []byte) {
	p.settleRunning(baseline.Interrupted)
	p.running = started{name: string(line[len(benchmarkPrefix):]), line: p.line, lone: true}
	p.closed = false
	p.took(ClassNoise, line)
}

// completed notes that numbers have come for a benchmark.
func (p *process) completed(name []byte) {
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

// numbers keeps a line that ends in numbers for the benchmark that waits for them.
func (p *process) numbers(line []byte) bool {
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
func (p *process) joinable() bool { return p.running.numbers != nil && !p.running.unclear }

// join returns the line that was printed in pieces, and the number of the one with the name.
func (p *process) join() (whole []byte, line int) {
	w := p.running
	p.running = started{}
	return append(append([]byte("Benchmark"+w.name), '\t'), w.numbers...), w.line
}

// ends reports whether a line can only come after the benchmark that was
// running has printed its numbers.
func (p *process) ends(line []byte) bool {
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
func (p *process) settleRunning(kind baseline.ProblemKind) {
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
func (p *process) settle(pkg string) {
	problem := func(line int, name string, kind baseline.ProblemKind, detail string) {
		made := p.here(baseline.Problem{Line: p.number(line), Name: name, Kind: kind, Detail: detail})
		made.Package = cmp.Or(pkg, made.Package)
		p.report(made)
	}
	switch w := p.running; p.outcome(len(p.problems)) {
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
func (p *process) forget() { p.trouble = trouble{closed: p.closed, first: len(p.problems)} }

// close ends what a key or mark of the body ends.
func (p *process) close() {
	p.settle("")
	p.closed = false
}

// begin notes a name, padded and with a tab behind it, as go test prints it
// before it runs the benchmark for longer.
func (p *process) begin(name string) {
	if !p.running.lone || p.running.unclear {
		p.settleRunning(baseline.Interrupted)
	}
	p.running = started{name: name, line: p.line}
	p.crash, p.closed = crash{}, false
}

// passed notes PASS and, named, "ok  	package	1.2s": it ended well, and what looked
// like a crash was the benchmark's own output.
func (p *process) passed(named bool) {
	p.settleRunning(baseline.NoNumbers)
	p.crash = crash{}
	p.close()
	p.closed = named
	p.ended++
	p.spoken = true
	p.named = p.named || named
	p.open = p.open && p.named && !named // where packages are named, each is
}

// verdict notes one of "--- FAIL: BenchmarkX" and "--- SKIP: BenchmarkX".
func (p *process) verdict(text string) {
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
	if n := len(p.problems); n > p.first && strings.HasPrefix(p.problems[n-1].Name, name+"/") {
		return // it failed because the benchmark inside it failed
	}
	p.report(p.here(baseline.Problem{Name: name, Kind: baseline.Failed, Detail: reason}))
	p.wants = !verbose && p.more == 0
}

// reason keeps what b.Log and b.Fatal print, for the verdict before or after it.
func (p *process) reason(line []byte) {
	if line[0] != ' ' || !logLine.Match(line) {
		return
	}
	text := string(clip(bytes.TrimSpace(line)))
	if n := len(p.problems); p.wants && n > 0 {
		last := &p.problems[n-1]
		last.Detail = text
		p.wants = false
		return
	}
	p.logged = text
}

// packageFailed notes "FAIL	package [build failed]" or "FAIL	package	0.1s", and
// returns the package.
func (p *process) packageFailed(text string) (pkg string) {
	fields := strings.SplitN(text, "\t", 3)
	pkg, why, isBracket := strings.Cut(fields[1], " ")
	explained := p.failed && len(p.problems) > p.first // the binary came to its end
	p.failed = false
	exit := p.exit
	waited := p.crash.what != "" || p.running.name != ""
	p.settle(pkg)
	problem := p.here(baseline.Problem{Kind: baseline.BuildFailed, Detail: string(clip([]byte(why)))})
	problem.Package = pkg
	switch {
	case isBracket:
		p.report(problem)
	case !explained && !waited:
		problem.Kind, problem.Detail = baseline.PackageFailed, exit
		p.report(problem)
	}
	p.forget()
	p.closed, p.spoken, p.named, p.open = true, true, true, false
	p.ended++
	return pkg
}

// crashes notes the last words of a Go process, and whose stack it shows.
func (p *process) crashes(line []byte) bool {
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

// stack looks for the benchmark of a crash in the stack below it; false: none is wanted.
func (p *process) stack(line []byte) bool {
	if p.crash.what == "" || p.crash.name != "" {
		return false
	}
	if m := inStack.FindSubmatch(line); m != nil {
		p.crash.name = string(m[1])
	}
	return true
}

// announced notes a line with a name alone that no numbers followed: that of a
// benchmark with sub-benchmarks, or of one whose result is lost.
func (p *process) announced(s started) {
	const most = 1000
	if p.lones == nil {
		p.lones = map[baseline.Key]int{}
	}
	if key := (baseline.Key{Package: p.pkg, Name: s.name}); len(p.lones) < most && p.lones[key] == 0 {
		p.lones[key] = p.number(s.line)
	}
}
