package regress

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestFigures: the tables of docs/how-sure.md are lines of those that the programs under
// pkg/gate/accuracy have printed, and nobody copies them by hand.
func TestFigures(t *testing.T) {
	page := filepath.Join("docs", "how-sure.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	read := func(elem ...string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(append([]string{"pkg", "gate", "accuracy"}, elem...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	gate, course := read("TABLE.md"), read("changepoints", "TABLE.md")
	tables := map[string]string{"pairs": pairFigures(gate), "sigma": sigmaFigures(gate), "peers": peerFigures(gate), "trend": trendFigures(course)}
	seen := 0
	want := figures.ReplaceAllFunc(text, func(block []byte) []byte {
		seen++
		name := string(figures.FindSubmatch(block)[1])
		if strings.Count(tables[name], "\n") < 6 {
			t.Errorf("the figures %q are not found:\n%s", name, tables[name])
		}
		return fmt.Appendf(nil, "<!-- figures: %s -->\n%s<!-- end -->\n", name, tables[name])
	})
	if seen != len(tables) {
		t.Errorf("%d tables of figures in %s, want %d", seen, page, len(tables))
	}
	if *update {
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(text, want) {
		t.Errorf("%s has other figures than the tables: go test -run TestFigures -update .\n%s", page, want)
	}
}

// figures is a block that is made from tables of figures.
var figures = regexp.MustCompile(`(?s)<!-- figures: ([a-z]+) -->\n.*?<!-- end -->\n`)

// pairSources are the headings under which TABLE.md has the procedure of pairs, and what is said
// of them.
var pairSources = [][2]string{
	{"dedicated, in pairs", "dedicated machine"},
	{"cloud, in pairs", "cloud"},
	{"shared machine", "shared machine of two cores"},
	{"beside four busy processes", "the same beside four busy processes"},
	{"harsh, in pairs", "harsh"},
}

// pairFigures returns how often pairs are wrong, a line for each source of noise.
func pairFigures(text string) string {
	out := "| noise | red of 50 benchmarks | red of 500 | caught, +3 % | +5 % | +10 % | rounds a side |\n|:--|--:|--:|--:|--:|--:|--:|\n"
	for _, source := range pairSources {
		for _, row := range rows(text, source[0], "**pairs, Δ = 5 %**") {
			if len(row) > 8 { // the other has a column for σ
				out += line(source[1], thousand(row[2]), thousand(row[3]), percent(row[5]), percent(row[6]), percent(row[7]), row[1])
			}
		}
	}
	return out
}

// sigmaFigures returns how often a slowdown of 5 % is caught, by the noise of the benchmark.
func sigmaFigures(text string) string {
	steps := []string{"0 to 0.5 %", "0.5 to 1.5 %", "1.5 to 2.5 %", "2.5 to 5 %", "above 5 %"}
	out := "| caught, +5 % | σ " + strings.Join(steps, " | ") + " |\n|:--" + strings.Repeat("|--:", len(steps)) + "|\n"
	for _, source := range pairSources {
		cells := map[string]string{}
		for _, row := range rows(text, source[0], "**pairs, Δ = 5 %**") {
			if len(row) == 7 {
				cells[row[1]] = percent(row[5])
			}
		}
		row := []string{source[1]}
		for _, step := range steps {
			if cells[step] == "" {
				cells[step] = "–"
			}
			row = append(row, cells[step])
		}
		out += line(row...)
	}
	return out
}

// peerFigures returns what the rules of other tools do on the noise of a dedicated machine.
func peerFigures(text string) string {
	out := "| rule, on a dedicated machine | runs a side | false alarm of 50 benchmarks | of 500 | caught, +3 % | +5 % | +10 % |\n|:--|--:|--:|--:|--:|--:|--:|\n"
	for _, rule := range []string{
		"benchstat, n = 10, p < .05", "benchstat, n = 10, p < .05 and ≥ 3 %", "benchstat, n = 20, Benjamini-Hochberg",
		"github-action-benchmark, ratio > 2.0", "github-action-benchmark, ratio > 1.1", "Bencher, t-test .99 against stored values",
		"CockroachDB, n = 10, p < .05 and ≥ 5 %, three times",
	} {
		for _, row := range rows(text, "dedicated", rule) {
			out += line(rule, row[1], percent(row[2]), percent(row[3]), percent(row[5]), percent(row[6]), percent(row[7]))
		}
	}
	for _, row := range rows(text, "dedicated, in pairs", "**pairs, Δ = 5 %**") {
		if len(row) > 8 {
			out += line("**regress**, Δ = 5 %", row[1], percent(row[2]), percent(row[3]), percent(row[5]), percent(row[6]), percent(row[7]))
		}
	}
	return out
}

// trendFigures returns how often change points are wrong and found, in the noise of real runs.
func trendFigures(text string) string {
	out := "| noise | unchanged, marked | found, +3 % | +5 % | +10 % | Otava's defaults: marked | found, +5 % |\n|:--|--:|--:|--:|--:|--:|--:|\n"
	for _, noise := range []string{"dedicated", "hosted, scaled to 1.5 %", "hosted, scaled to 3 %", "hosted, scaled to 7.8 %", "hosted"} {
		var own, other []string
		for _, row := range rows(text, "", noise) {
			switch {
			case len(row) > 6 && row[1] == "this":
				own = row
			case len(row) > 6 && strings.HasPrefix(row[1], "Otava"):
				other = row
			}
		}
		if own != nil && other != nil {
			out += line(noise, percent(own[2]), percent(own[4]), percent(own[5]), percent(own[6]), percent(other[2]), percent(other[5]))
		}
	}
	return out
}

// rows returns the cells of the table rows whose first is name, below a heading; "" is the whole
// text.
func rows(text, heading, name string) [][]string {
	if heading != "" {
		_, text, _ = strings.Cut(text, "\n## "+heading+"\n")
		text, _, _ = strings.Cut(text, "\n## ")
	}
	var out [][]string
	for _, row := range strings.Split(text, "\n") {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if cells[0] == name {
			out = append(out, cells)
		}
	}
	return out
}

// line returns a row of a table.
func line(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// share returns the number of a cell such as "0.007 [0.003, 0.014]"; -1 where there is none.
func share(cell string) float64 {
	number, _, _ := strings.Cut(cell, " ")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return -1
	}
	return value
}

func percent(cell string) string { return strconv.FormatFloat(100*share(cell), 'f', 1, 64) + " %" }

func thousand(cell string) string {
	return strconv.FormatFloat(1000*share(cell), 'f', 0, 64) + " of 1,000"
}
