package course

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// measured returns a point a day for every commit that is measured, of a value by its number.
func measured(n, every int, value func(i int) float64) (out []Point) {
	for i := 0; i < n; i += every {
		environment := "go1.25"
		if i >= 30 {
			environment = "go1.26"
		}
		out = append(out, Point{Commit: id(i), Time: start.AddDate(0, 0, i), Value: value(i) * (1 + .001*float64(i*7%5)), Environment: environment})
	}
	return out
}

func id(i int) string { return fmt.Sprintf("%010x%030x", i, 7) }

func history(n int) (out []Commit) {
	for i := range n {
		out = append(out, Commit{ID: id(i), Author: "Jo <script>", Subject: fmt.Sprintf("change\x1b[2J %d | a", i), Time: start.AddDate(0, 0, i)})
	}
	return out
}

func named0(name, unit string) Name {
	return Name{Key: baseline.Key{Package: "x.org/p", Name: name, Unit: unit}, Fingerprint: "f"}
}

func after(at int, from, to float64) func(int) float64 {
	return func(i int) float64 {
		if i < at {
			return from
		}
		return to
	}
}

func written(t *testing.T, p Page, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

func TestWords(t *testing.T) {
	page, err := New(map[Name][]Point{
		named0("Every", "sec/op"): measured(60, 1, after(30, 1e-6, 1.1e-6)),
		named0("Third", "sec/op"): measured(60, 3, after(31, 1e-6, 1.3e-6)),
		named0("Zero", "B/op"):    measured(60, 1, after(50, 0, 64)),
		named0("Still", "sec/op"): measured(60, 1, after(99, 1e-6, 1)),
	}, history(60))
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, page, Options{})
	holds(t, text,
		"1.10 µs  +10.0 %", "    the machine changed here: go1.25, now go1.26",
		"    by one of 3 commits: 000000001e..0000000021", // 30 and 33 were measured
		"0 B → 64.1 B", "20 runs, 2026-01-01 to 2026-02-27")
	if strings.Contains(text, "\x1b") || strings.Contains(text, "in the order in which") {
		t.Errorf("a control character, or an order that is not: %q", text)
	}
	changes := written(t, page, Options{Changes: true})
	holds(t, changes, "x.org/p.Third sec/op +30", "x.org/p.Every sec/op +10", "1 of 4 series do not change.")
	var md strings.Builder
	if err := Markdown(&md, page, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(md.String(), "<script>") || strings.Contains(md.String(), "30 | a |") {
		t.Errorf("what git says is not escaped:\n%s", md.String())
	}
	page.Latest(20)
	if late := written(t, page, Options{Changes: true}); strings.Contains(late, "Every") || !strings.Contains(late, "Zero") {
		t.Errorf("of the last 20 commits:\n%s", late)
	}
}

// TestMachines: a series that several machines have measured says on which; others do not.
func TestMachines(t *testing.T) {
	in := map[Name][]Point{named0("A", "sec/op"): measured(9, 1, after(99, 1e-6, 1)), named0("B", "sec/op"): measured(9, 1, after(99, 1e-6, 1))}
	other := named0("A", "sec/op")
	other.Fingerprint = "other"
	in[other] = measured(9, 1, after(99, 2e-6, 1))
	page, err := New(in, history(9))
	if err != nil {
		t.Fatal(err)
	}
	page.Machines = map[string]string{"f": "Old <CPU>"}
	text := written(t, page, Options{})
	holds(t, text, "x.org/p.A  sec/op  on Old <CPU> (f)\n", "x.org/p.A  sec/op  on other\n", "x.org/p.B  sec/op\n")
	var md strings.Builder
	if err := Markdown(&md, page, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(md.String(), "<CPU>") || !strings.Contains(md.String(), "(f)") {
		t.Errorf("as Markdown:\n%s", md.String())
	}
}

// TestOrder: a commit that was measured late stands where git has it.
func TestOrder(t *testing.T) {
	points := measured(40, 1, after(20, 1e-6, 1.2e-6))
	points[5].Time = start.AddDate(1, 0, 0)
	in := map[Name][]Point{named0("A", "sec/op"): points}
	page, err := New(in, history(40))
	if err != nil || page.ByTime || page.Series[0].Points[5].Commit != id(5) {
		t.Errorf("by time %v, the sixth is %s: %v", page.ByTime, page.Series[0].Points[5].Commit, err)
	}
	page, err = New(in, history(39)) // git does not know the last
	if err != nil || !page.ByTime || page.Series[0].Points[39].Commit != id(5) || page.Commits[0].Author == "" {
		t.Errorf("by time %v, the last is %s: %v", page.ByTime, page.Series[0].Points[39].Commit, err)
	}
	points[3].Value = -1
	if _, err := New(in, nil); err == nil || !strings.Contains(err.Error(), "x.org/p.A sec/op: ") {
		t.Errorf("of a negative value: %v", err)
	}
}

func TestJSON(t *testing.T) {
	page, err := New(map[Name][]Point{named0("Zero", "B/op"): measured(60, 2, after(30, 0, 64))}, history(60))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := JSON(&b, page, Options{}); err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatal(err)
	}
	c := doc.Series[0].Changes[0]
	if c.Change != nil || c.Interval != nil || c.To < 64 || len(c.Suspects) != 2 || c.Suspects[1].Commit != id(30) || len(c.Environment) != 2 || !doc.Causes[0].Machine {
		t.Errorf("have %+v of %+v", c, doc.Causes)
	}
}
