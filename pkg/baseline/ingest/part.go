package ingest

import (
	"bytes"
	"fmt"

	"golang.org/x/perf/benchfmt"

	"github.com/descartes/regress/pkg/baseline"
)

// part is a text, or a piece of one that has a header of its own, on its way to a
// Log. It tells what each line is and hands it to the piece that it concerns: the
// header, the process that runs, the marks, the units, the collector of results.
type part struct {
	*notes
	feed      feed
	header    *header
	process   *process
	marks     *marked
	units     *units
	collector *collector
	tables    int // lines of a table that benchcmp made
}

// newPart returns a part that begins with what is left of a text, at a place of it.
func newPart(rest []byte, at place, series int, limits limits, account *account) *part {
	n := &notes{place: &at, limits: limits, account: account}
	p := &part{notes: n, feed: feed{rest: rest}, process: &process{notes: n}, units: &units{notes: n}}
	p.feed.part = p
	p.header = &header{notes: n, keys: map[string]string{}, left: map[string]string{}, foreign: map[string]string{}, named: map[string]bool{}}
	p.marks = &marked{notes: n, process: p.process, log: baseline.Log{
		Files: []string{at.file}, Units: map[string]baseline.Unit{}, Noise: map[baseline.Key]baseline.Noise{},
		Functions: map[baseline.Side][]baseline.Function{}, Same: map[baseline.Key]string{},
	}}
	p.collector = &collector{notes: n, header: p.header, series: series}
	return p
}

// read takes one part of a text through benchfmt. The feed hands it one line at
// a time, so that what the part knows (side, round, line) belongs to the record
// that comes out.
func (p *part) read() error {
	r := benchfmt.NewReader(&p.feed, p.file)
	for p.err == nil && r.Scan() {
		switch record := r.Result().(type) {
		case *benchfmt.Result:
			p.result(record)
		case *benchfmt.UnitMetadata:
			p.units.check(record)
		case *benchfmt.SyntaxError:
			p.broken(record.Msg)
		}
	}
	p.process.settle("")
	if p.err == nil {
		p.err = r.Err()
	}
	if p.err != nil {
		return fmt.Errorf("read %s: %w", p.file, p.err)
	}
	p.units.said = r.Units()
	return nil
}

// take deals with one line and reports whether it is for benchfmt. The table in
// doc.go says what there is.
func (p *part) take(line []byte) bool {
	if bytes.HasPrefix(line, benchmarkPrefix) && (isName(line[len(benchmarkPrefix):]) || strongLine.Match(line)) {
		return p.benchmarkLine(line)
	}
	adjacent := p.header.opened // the line above was pkg:
	p.header.opened = false
	switch {
	case len(line) == 0:
		p.took(ClassNoise, line)
	case line[0] == '#':
		p.mark(line)
	case bytes.HasPrefix(line, []byte("Unit ")):
		return p.units.line(line)
	case p.status(line):
	case p.process.crashes(line):
		p.took(ClassFailure, line)
	case p.process.numbers(line):
	case knownNoise.Match(line):
		p.took(ClassNoise, line)
	case p.key(line, adjacent):
	default:
		p.chatter(line)
	}
	return false
}

// benchmarkLine deals with a line that begins like a result.
func (p *part) benchmarkLine(line []byte) bool {
	p.body, p.header.opened = true, false
	space := len(benchmarkPrefix)
	for space < len(line) && line[space] != '\t' && line[space] != ' ' { // much faster than bytes.IndexAny
		space++
	}
	switch {
	case len(bytes.TrimRight(line[space:], " ")) == 0: // go test -v says which benchmark it starts
		p.process.announce(line[:space])
		return false
	case len(line) > longest:
		p.problem(string(line[:min(space, 200)]), baseline.Problem{Kind: baseline.LongLine})
		p.took(ClassFailure, line)
		return false
	case space == len(benchmarkPrefix) && !isCount(line[space:]):
		p.passOver(baseline.NotAResult, line)
		return false
	}
	return true
}

// result takes in one parsed line.
func (p *part) result(r *benchfmt.Result) {
	if isTable(r) {
		p.tables++
		p.passOver(baseline.NotAResult, p.feed.text)
		return
	}
	p.took(ClassResult, p.feed.text)
	p.process.completed(r.Name)
	p.collector.result(r)
}

// broken deals with a line that benchfmt could not parse.
func (p *part) broken(message string) {
	line := p.feed.text
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
	case p.process.running.waits():
		p.took(ClassOutput, line) // a benchmark that is running printed it; its own numbers are still to come
	case len(bytes.Fields(line)) == 2 && !p.torn && isCount(rest):
		p.took(ClassResult, line) // a count and no metric, as testing prints it for a time of zero
		p.process.completed([]byte(name))
		p.collector.printed([]byte(name))
	case !functionName(name) || !looksMeasured(rest):
		p.passOver(baseline.NotAResult, line)
	default:
		p.took(ClassFailure, line)
		p.problem(name, baseline.Problem{Kind: baseline.BrokenLine, Detail: string(clip(line)), Of: message})
	}
}

// mark deals with a line that begins with '#'.
func (p *part) mark(line []byte) {
	key, rest, ok := cutMark(string(line))
	if !ok {
		p.open = p.open || buildErrors.Match(line)
		if !p.failedBehind(line) { // "##[error]FAIL	x [build failed]" begins so too
			p.took(ClassOutput, line)
		}
		return
	}
	p.took(ClassFact, line)
	p.marks.read(key, rest, line)
}
