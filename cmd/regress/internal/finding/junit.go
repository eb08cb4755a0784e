package finding

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// The elements of JUnit XML that CI systems read. There is no standard; these are those that
// Jenkins, GitLab and Azure document.
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Name     string        `xml:"name,attr"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Errors   int           `xml:"errors,attr"`
		Skipped  int           `xml:"skipped,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Cases    []*junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		File    string       `xml:"file,attr,omitempty"`
		Failure []junitCause `xml:"failure"`
		Error   []junitCause `xml:"error"`
		Skipped *junitCause  `xml:"skipped"`
	}
	junitCause struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the decision as JUnit XML: the verdict, every benchmark and every target are a test
// case. What is red is a failure, what could not be judged is skipped, and an undecided verdict is
// an error.
func (o Source) JUnit(w io.Writer) error {
	doc := junitSuites{Name: "regress"}
	doc.add(o.verdict())
	for _, s := range o.benchmarks() {
		doc.add(s)
	}
	if s := o.targets(); len(s.Cases) > 0 {
		doc.add(s)
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err == nil {
		_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	}
	if err != nil {
		return fmt.Errorf("write the findings as JUnit XML: %w", err)
	}
	return nil
}

// add counts a suite and takes it in.
func (doc *junitSuites) add(s *junitSuite) {
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case len(c.Failure) > 0:
			s.Failures++
		case len(c.Error) > 0:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	doc.Suites = append(doc.Suites, s)
	doc.Tests, doc.Failures, doc.Errors, doc.Skipped = doc.Tests+s.Tests, doc.Failures+s.Failures, doc.Errors+s.Errors, doc.Skipped+s.Skipped
}

// verdict returns the whole decision as one case.
func (o Source) verdict() *junitSuite {
	c := &junitCase{Class: "regress", Name: "verdict"}
	switch why := (junitCause{Type: string(o.Decision.Outcome), Message: figure.OneLine(report.Headline(o.Decision))}); o.Decision.Outcome {
	case gate.Pass:
	case gate.Fail:
		c.Failure = []junitCause{why}
	default:
		c.Error = []junitCause{why}
	}
	return &junitSuite{Name: "regress", Cases: []*junitCase{c}}
}

// benchmarks returns a suite of every package, in order, and a case of every benchmark.
func (o Source) benchmarks() (out []*junitSuite) {
	found := map[string][]Finding{} // failures by series
	for _, f := range o.Findings() {
		if f.Level == Failure {
			found[f.Series] = append(found[f.Series], f)
		}
	}
	rows := slices.Clone(o.Decision.Rows)
	slices.SortStableFunc(rows, func(a, b gate.Row) int { return a.Key().Benchmark().Compare(b.Key().Benchmark()) })
	for len(rows) > 0 {
		at := rows[0].Key().Benchmark()
		n := 1
		for n < len(rows) && rows[n].Key().Benchmark() == at {
			n++
		}
		name := cmp.Or(figure.Plain(at.Package), "benchmarks")
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, &junitSuite{Name: name})
		}
		out[len(out)-1].Cases = append(out[len(out)-1].Cases, o.benchmark(at, rows[:n], found))
		rows = rows[n:]
	}
	return out
}

// benchmark returns the case of one benchmark: skipped where nothing of it was judged.
func (o Source) benchmark(at baseline.Key, rows []gate.Row, found map[string][]Finding) *junitCase {
	c := &junitCase{Class: figure.Plain(at.Package), Name: figure.Plain(cmp.Or(at.Name, at.Package))}
	open := rows[0] // says why nothing was judged
	for _, r := range rows {
		for _, f := range found[r.Key().String()] {
			c.File = f.File
			c.Failure = append(c.Failure, junitCause{string(f.Rule), figure.OneLine(f.Title), f.text()})
		}
		if r.Verdict == gate.Inconclusive && open.Verdict != gate.Inconclusive {
			open = r
		}
	}
	if len(c.Failure) == 0 && !slices.ContainsFunc(rows, gate.Row.Judged) {
		c.Skipped = &junitCause{Type: string(open.Verdict), Message: figure.OneLine(cmp.Or(report.Why(o.Decision, open), string(open.Verdict)))}
	}
	return c
}

// targets returns every target as a case.
func (o Source) targets() *junitSuite {
	s := &junitSuite{Name: "targets"}
	for _, t := range o.Decision.Targets {
		c := &junitCase{Class: "targets", Name: figure.Plain(t.Target)}
		if t.Name != "" {
			c.Name += ": " + figure.Plain(t.Name+" "+t.Unit)
		}
		why := junitCause{Type: string(t.Verdict), Message: figure.OneLine(report.TargetWhy(t))}
		switch t.Verdict {
		case gate.Met:
		case gate.Missed:
			c.Failure = []junitCause{why}
		default:
			c.Skipped = &why
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}
