package ingest

import (
	"bytes"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// What a part does with lines that go test, bazel and the benchmarks print besides: they go to
// its process, also where output without a new line stands in front of them.

// status deals with what go test and the test binary say about how it went.
func (p *part) status(line []byte) bool {
	text := string(clip(line))
	switch {
	case strings.HasPrefix(text, "--- FAIL: "), strings.HasPrefix(text, "--- SKIP: "):
		p.took(ClassFailure, line)
		p.process.verdict(text)
	case text == "PASS":
		p.took(ClassNoise, line)
		p.process.passed(false)
	case strings.HasPrefix(text, "ok  \t"):
		p.took(ClassNoise, line)
		p.process.passed(true)
		pkg, _, _ := bytes.Cut(line[len("ok  \t"):], []byte{'\t'})
		p.endPackage(string(bytes.TrimSpace(pkg)))
	case text == "FAIL":
		p.took(ClassFailure, line)
		p.process.failed = true
	case strings.HasPrefix(text, "FAIL\t"):
		p.took(ClassFailure, line)
		p.endPackage(p.process.packageFailed(string(line[:min(len(line), 2*baseline.MaxName)])))
	case strings.HasPrefix(text, "exit status "), strings.HasPrefix(text, "signal: "):
		p.took(ClassFailure, line)
		p.process.exit = text
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
		p.process.close()
		p.header.printed = false
		p.setPackage(p.header.fit(keyPackage, string(m[1])))
	case len(bytes.Trim(line, "=")) == 0:
		p.took(ClassNoise, line)
		p.process.close()
		p.endPackage("")
	default:
		p.took(ClassOutput, line)
	}
}

// chatter deals with any other line: output of benchmarks, stacks, noise.
func (p *part) chatter(line []byte) {
	if p.failedBehind(line) {
		return
	}
	if p.process.stack(line) {
		p.took(ClassOutput, line)
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
	p.process.reason(line)
}

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

// begin deals with a name, padded and with a tab behind it. What follows was printed by the
// benchmark.
func (p *part) begin(name string, rest []byte) {
	p.process.begin(name)
	if len(rest) > 0 && !p.died(rest) {
		p.process.running.numbers = numbersTail.Find(rest)
	}
}

// died reports whether what stands behind a name is how the benchmark ended.
func (p *part) died(rest []byte) bool {
	seen := p.seen
	p.seen = true // the line is accounted for
	defer func() { p.seen = seen }()
	return p.status(rest) || p.process.crashes(rest)
}
