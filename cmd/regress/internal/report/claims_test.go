package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// measured is a decision of the gate itself on a log made at random: of times, rates, counts that
// never vary and counts that do, zeros among them, slower, faster and noisy.
func measured(t *testing.T, seed uint64) gate.Decision {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	const benchmarks, rounds = 12, 14
	type series struct{ base, shift, noise float64 }
	var all []series
	for range benchmarks {
		all = append(all, series{math.Exp(3 + 4*random.Float64()), []float64{0, 0, .02, -.4, .3, 1.5}[random.IntN(6)], []float64{.002, .01, .2, .8}[random.IntN(4)]})
	}
	var text strings.Builder
	text.WriteString("Unit msg/s better=higher\n")
	for round := range rounds {
		for _, side := range []string{"base", "head"} {
			fmt.Fprintf(&text, "side: %s\n# round: %d\npkg: example.com/t\n", side, round+1)
			for i, s := range all {
				x := s.base * math.Exp(s.noise*random.NormFloat64())
				count, wavering := 8, random.IntN(2)
				if side == "head" {
					x *= 1 + s.shift
					count += i % 3
				}
				fmt.Fprintf(&text, "BenchmarkB%d-2 1000 %.4f ns/op %.3f msg/s %d B/op %d allocs/op\n", i, x, 1e6/x, count*512, count%10*wavering)
			}
		}
	}
	log, err := ingest.Read("made.txt", strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return gate.Decide(gate.Input{Log: log, Policy: gate.DefaultPolicy()})
}

// share reads "12 %" as .12 with half of its last digit.
func share(text string) (value, half float64) {
	p, _ := figureOf(text + " %")
	if p.value >= 1000 {
		p.half = max(p.half, .5)
	}
	return p.value / 100, p.half / 100
}

var (
	claimOf  = regexp.MustCompile(`^(?:seemed )?([\d.]+) % (slower|faster|lower|higher|more|less)\b`)
	boundOf  = regexp.MustCompile(`^less than ([\d.]+) % `)
	noiseOf  = regexp.MustCompile(`^too noisy: a change below ([\d.]+) % `)
	countsOf = regexp.MustCompile(`^from ([\d.e+-]+) to ([\d.e+-]+)`)
	worstOfN = regexp.MustCompile(`none worse by ([\d.]+) % or more`)
)

// holdsTrue checks what is said of a row against the figures beside it.
func holdsTrue(t *testing.T, where string, d gate.Decision, r gate.Row) {
	t.Helper()
	f, say := figuresOf(r), Why(d, r)
	where = fmt.Sprintf("%s: %s %s: %q beside %+v", where, r.Name, r.Unit, say, f)
	better := map[string]bool{"faster": true, "higher": true}
	if m := claimOf.FindStringSubmatch(say); m != nil && r.Change != nil && r.Reason.Code != gate.Unconfirmed {
		value, half := share(m[1])
		if math.Abs(value-math.Abs(*r.Change)) > half+1e-9 {
			t.Errorf("%s: %.4f", where, *r.Change)
		}
		up := m[2] == "slower" || m[2] == "higher" || m[2] == "more"
		if *r.Change > 0 != up && *r.Change != 0 {
			t.Errorf("%s: the other way", where)
		}
		if worse := !better[m[2]] && !(m[2] == "less" && r.Direction == baseline.Lower); r.Verdict == gate.Improved && worse && m[2] != "less" {
			t.Errorf("%s: an improvement is worse", where)
		}
	}
	if m := boundOf.FindStringSubmatch(say); m != nil {
		bound, _ := share(m[1])
		worse := 0.
		if r.Change != nil {
			worse = *r.Change
			if r.Direction == baseline.Higher {
				worse = -worse
			}
		}
		if worse >= bound || r.AtMost != nil && *r.AtMost > bound+1e-9 {
			t.Errorf("%s: bound %.4f, change %.4f, at most %v", where, bound, worse, r.AtMost)
		}
	}
	if m := noiseOf.FindStringSubmatch(say); m != nil {
		if !strings.HasPrefix(f.sees, m[1]+" %") {
			t.Errorf("%s: sees %s", where, f.sees)
		}
	}
	if m := countsOf.FindStringSubmatch(say); m != nil && r.Stage == gate.Exact && r.Base != nil && r.Head != nil {
		from, _ := strconv.ParseFloat(m[1], 64)
		to, _ := strconv.ParseFloat(m[2], 64)
		if math.Abs(from-r.Base.Median) > 1e-6*math.Abs(from) || math.Abs(to-r.Head.Median) > 1e-6*math.Abs(to) {
			t.Errorf("%s: %v to %v", where, r.Base.Median, r.Head.Median)
		}
	}
}

// TestSentencesAgreeWithTheirFigures: every sentence that claims a number is true of the numbers
// beside it, and what is printed divides, in decisions of the gate on random logs and in the
// goldens.
func TestSentencesAgreeWithTheirFigures(t *testing.T) {
	decisions := map[string]gate.Decision{}
	for seed := range uint64(30) {
		decisions[fmt.Sprintf("seed %d", seed)] = measured(t, seed)
	}
	verdicts := map[gate.Verdict]int{}
	for name, d := range decisions {
		for _, r := range d.Rows {
			holdsTrue(t, name, d, r)
			verdicts[r.Verdict]++
		}
		text, page := plainText(t, d, Options{All: true}), markdown(t, d, Options{All: true})
		for _, row := range rowsOf(text + page) {
			divides(t, name, row)
		}
		if m := worstOfN.FindStringSubmatch(text); m != nil {
			bound, _ := share(m[1])
			for _, r := range d.Rows {
				if r.Verdict == gate.Unchanged && r.AtMost != nil && *r.AtMost >= bound+1e-9 {
					t.Errorf("%s: none worse by %s %%, and %s %s by %.4f", name, m[1], r.Name, r.Unit, *r.AtMost)
				}
			}
		}
		countsTrue(t, name, d, text)
	}
	for _, v := range []gate.Verdict{gate.Regressed, gate.Improved, gate.Unchanged, gate.Inconclusive} {
		if verdicts[v] < 20 {
			t.Errorf("%d rows are %s: the logs are too alike", verdicts[v], v)
		}
	}
}

// countsTrue checks the numbers of the headline and of the sections against the rows.
func countsTrue(t *testing.T, name string, d gate.Decision, text string) {
	t.Helper()
	if m := regexp.MustCompile(`^FAIL  (\d+) of (\d+) benchmarks? regressed`).FindStringSubmatch(text); m != nil {
		red, all := map[string]bool{}, map[string]bool{}
		for _, r := range d.Rows {
			all[r.Name] = all[r.Name] || r.Verdict != gate.NotJudged && r.Verdict != gate.Removed
			red[r.Name] = red[r.Name] || r.Verdict == gate.Regressed
		}
		count := func(names map[string]bool) (n int) {
			for _, in := range names {
				if in {
					n++
				}
			}
			return n
		}
		if m[1] != fmt.Sprint(count(red)) || m[2] != fmt.Sprint(count(all)) {
			t.Errorf("%s: %s, and %d of %d did", name, m[0], count(red), count(all))
		}
	}
	for title, verdict := range map[string]gate.Verdict{"Regressed": gate.Regressed, "Not decided": gate.Inconclusive, "Improved": gate.Improved} {
		m := regexp.MustCompile(`(?m)^` + title + ` \((\d+)\)$`).FindStringSubmatch(text)
		if want := len(look(d).by[verdict]); m == nil && want > 0 || m != nil && m[1] != fmt.Sprint(want) {
			t.Errorf("%s: %v, and %d rows are %s", name, m, want, verdict)
		}
	}
}
