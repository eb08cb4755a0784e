package finding

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

var update = flag.Bool("update", false, "write the expected files in testdata")

// example is a decision with a row of each kind, in two packages, and hostile names.
func example() Source {
	of := func(pkg, name, unit string, v gate.Verdict, code gate.Code, change float64) gate.Row {
		return gate.Row{
			Package: pkg, Name: name, Unit: unit, Direction: baseline.Lower, Verdict: v, Reason: gate.Reason{Code: code, Shift: &gate.Shift{Change: change}, Bound: .3},
			Change: &change, Base: &gate.Summary{Median: 1e-6, N: 8}, Head: &gate.Summary{Median: 1e-6 * (1 + change), N: 8}, MinEffect: .05,
		}
	}
	d := gate.Decision{Outcome: gate.Fail, Policy: gate.PolicyInfo{Alpha: .01, MinEffect: .05}, Rows: []gate.Row{
		of("example.com/shop/price", "Parse-2", "sec/op", gate.Regressed, gate.Told, .33),
		of("example.com/shop/cart", "Add/<b>&\x1b[2J]]>-2", "sec/op", gate.Regressed, gate.Told, .12),
		of("example.com/shop/price", "Total-2", "sec/op", gate.Inconclusive, gate.TooNoisy, .02),
		of("example.com/shop/price", "Total-2", "allocs/op", gate.Unchanged, gate.Constant, 0),
		of("example.com/shop/price", "Find-2", "sec/op", gate.Unchanged, gate.WithinBound, 0),
		of("example.com/shop/price", "New-2", "sec/op", gate.Added, gate.NotAtBase, 0),
		of("example.com/shop/price", "Gone-2", "sec/op", gate.Missing, gate.HeadSilent, 0),
	}}
	d.Rows[3].Exact, d.Rows[3].Still = true, true
	for i := range d.Rows[:2] {
		d.Reasons = append(d.Reasons, gate.Ground{Code: gate.RowRegressed, Row: &d.Rows[i]})
	}
	d.Targets = []gate.TargetRow{
		{Target: "parse in time", Package: "example.com/shop/price", Name: "Parse-2", Unit: "sec/op", Limit: 1e-6, Below: true, Verdict: gate.Missed, Reason: gate.Reason{Code: gate.WorseThanAsked, Times: 1.3}},
		{Target: "find in time", Package: "example.com/shop/price", Name: "Find-2", Unit: "sec/op", Limit: 1e-3, Below: true, Verdict: gate.Met, Reason: gate.Reason{Code: gate.BetterThanAsked, Times: 900}},
	}
	return Source{
		Decision: d, Elsewhere: "regress.toml", Version: "v1.2.3",
		Positions: map[baseline.Function]source.Position{
			{Package: "example.com/shop/price", Name: "BenchmarkParse"}: {File: "price/price_test.go", Line: 12},
			{Package: "example.com/shop/cart", Name: "BenchmarkAdd"}:    {File: "cart/a file_test.go", Line: 7},
		},
		Causes:    map[baseline.Key]report.Cause{d.Rows[0].Key(): {File: "price/text.go", First: 11, Last: 13, Grown: []string{"strings.Count +39 ns/op"}}},
		Reproduce: func(gate.Row) string { return "regress compare --base main" },
	}
}

// TestFormats: every format is as it was looked at.
func TestFormats(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{"junit.xml": example().JUnit, "sarif.json": example().SARIF, "quality.json": example().Quality} {
		var have bytes.Buffer
		if err := write(&have); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, have.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have.Bytes(), want) {
			t.Errorf("%s: have\n%s\nwhere it is meant: go test -update", path, have.Bytes())
		}
		if strings.ContainsAny(have.String(), "\x1b") {
			t.Errorf("%s has a control character", name)
		}
	}
}

// counts of a JUnit document.
type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

func junitOf(t *testing.T, o Source) (c junitCounts) {
	t.Helper()
	var text bytes.Buffer
	if err := o.JUnit(&text); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text.Bytes(), &c); err != nil {
		t.Fatalf("%v\n%s", err, &text)
	}
	return c
}

// TestJUnitCounts: the verdict, six benchmarks and two targets; what nothing was judged of is
// skipped, and a benchmark with two rows is one case.
func TestJUnitCounts(t *testing.T) {
	if have, want := junitOf(t, example()), (junitCounts{Tests: 9, Failures: 4, Skipped: 3}); have != want {
		t.Errorf("%+v, want %+v", have, want)
	}
}

// TestUndecidedIsNeverGreen: whatever a format has no word for, an undecided decision does not look
// like a pass.
func TestUndecidedIsNeverGreen(t *testing.T) {
	o := Source{Decision: gate.Decision{Outcome: gate.Undecided, Reasons: []gate.Ground{{Code: gate.NoResult}}}}
	if have := junitOf(t, o); have.Errors != 1 {
		t.Errorf("JUnit: %+v", have)
	}
	var text bytes.Buffer
	if err := o.SARIF(&text); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(text.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if state := log.Runs[0].Invocations[0]; state.Successful || len(state.Notifications) != 1 || !strings.Contains(state.Notifications[0].Message.Text, "no benchmark printed a result") {
		t.Errorf("SARIF: %+v", state)
	}
	text.Reset()
	if err := o.Quality(&text); err != nil {
		t.Fatal(err)
	}
	var issues []qualityIssue
	if err := json.Unmarshal(text.Bytes(), &issues); err != nil || len(issues) != 1 || issues[0].Location.Path != "go.mod" {
		t.Errorf("code quality: %+v, %v", issues, err)
	}
}

// TestFingerprintsStay: a finding has the same fingerprint when its size and its place change, and
// another one than every other finding.
func TestFingerprintsStay(t *testing.T) {
	seen := map[string]bool{}
	first := example()
	for _, f := range first.Findings() {
		if seen[f.fingerprint()] {
			t.Errorf("%s has the fingerprint of another one", f.Title)
		}
		seen[f.fingerprint()] = true
	}
	second := example()
	*second.Decision.Rows[0].Change, second.Causes, second.Positions = .5, nil, nil
	for _, f := range second.Findings() {
		if !seen[f.fingerprint()] {
			t.Errorf("%s has a new fingerprint", f.Title)
		}
	}
}
