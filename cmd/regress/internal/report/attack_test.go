package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

func markdown(t *testing.T, d gate.Decision, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func plainText(t *testing.T, d gate.Decision, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// outside returns Markdown without its code spans and fences, in which nothing
// has a meaning, and without what a backslash has disarmed.
func outside(text string) string {
	text = regexp.MustCompile("(?ms)^(```+)toml\n.*?\n(```+)$").ReplaceAllString(text, "")
	var b strings.Builder
	for i := 0; i < len(text); {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i += 2
		case text[i] == '`':
			n := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
			end := i + n
			for end < len(text) { // the next run of exactly n closes it
				at := strings.IndexByte(text[end:], '`')
				if at < 0 {
					end = len(text)
					break
				}
				end += at
				run := len(text[end:]) - len(strings.TrimLeft(text[end:], "`"))
				end += run
				if run == n {
					break
				}
			}
			i = end
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

// forbidden is markup that no report of ours has, so that it can only come from a name.
var forbidden = regexp.MustCompile(`(?i)<(script|h1|img|/code|!--)|-->|\]\(|!\[|://|www\.|\w@\w|(^|\W)@\w|#\d|GH-\d|:tada:|~~|\$x|\*\*bold|_under`)

func TestAttackerShowsAsText(t *testing.T) {
	check := func(what, text string) {
		t.Helper()
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
				t.Errorf("%s:%d is a workflow command: %q", what, i+1, line)
			}
			for _, r := range line {
				if r == utf8.RuneError && !strings.Contains(line, "\uFFFD") || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("%s:%d holds %U: %q", what, i+1, r, line)
				}
			}
		}
	}
	d, o := hostile(), options()
	o.All = true
	text := plainText(t, d, o)
	check("text", text)
	page := markdown(t, d, o)
	check("markdown", page)
	for i, line := range strings.Split(outside(page), "\n") {
		line = strings.ReplaceAll(line, "**", "") // ours
		if found := forbidden.FindString(line); found != "" {
			t.Errorf("markdown:%d: %q is alive in %q", i+1, found, line)
		}
	}
	for _, tag := range []string{"details", "summary"} {
		if opened, closed := strings.Count(outside(page), "<"+tag+">"), strings.Count(outside(page), "</"+tag+">"); opened != closed {
			t.Errorf("%d <%s> and %d </%s>", opened, tag, closed, tag)
		}
	}
	var b bytes.Buffer
	if err := JSON(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	check("json", b.String())
}

// Every row of a table has as many cells as its header: a bar in a name would
// shift the figures of another column under a wrong title.
func TestTableCells(t *testing.T) {
	cells := func(line string) int {
		line = regexp.MustCompile(`\\.`).ReplaceAllString(line, "")
		return strings.Count(line, "|") - 1
	}
	for name, d := range cases {
		o := options()
		o.All = true
		want := 0
		for i, line := range strings.Split(markdown(t, d, o), "\n") {
			if !strings.HasPrefix(line, "|") {
				want = 0
				continue
			}
			if want == 0 {
				want = cells(line)
			}
			if have := cells(line); have != want {
				t.Errorf("%s.md:%d: %d cells, want %d: %s", name, i+1, have, want, line)
			}
		}
	}
}

// TestRepeated: what only repeats another row in a second unit is shown once, and asks for one
// waiver.
func TestRepeated(t *testing.T) {
	const name = "Throughput-2"
	d := decision(gate.Fail, judged(gate.Regressed, name, "sec/op", 1e-6, .4, .3, .5, "40 % slower"), judged(gate.Regressed, name, "B/s", 1e8, -.28, -.33, -.23, "40 % slower, judged once as sec/op"))
	d.Rows[1].JudgedAs = "sec/op"
	count := func(text, what string, want int) {
		t.Helper()
		if have := strings.Count(text, what); have != want {
			t.Errorf("%q stands there %d times, want %d:\n%s", what, have, want, text)
		}
	}
	for _, page := range []string{plainText(t, d, options()), markdown(t, d, options())} {
		count(page, "[[waiver]]", 1)
		count(page, "B/s", 0)
	}
	d.Rows[0].Verdict = gate.Waived // a waiver of the one alone does not hide the other
	count(plainText(t, d, options()), "[[waiver]]", 1)
}

// TestNotWorse: a bound of nothing is no bound to print.
func TestNotWorse(t *testing.T) {
	for atMost, want := range map[float64]string{0: "1 unchanged: none worse\n", .01: "1 unchanged: none worse by 1 % or more\n"} {
		if have := plainText(t, decision(gate.Pass, unchanged("A-2", "sec/op", 1e-6, atMost)), options()); !strings.Contains(have, want) {
			t.Errorf("no %q in\n%s", want, have)
		}
	}
}

// Whatever is in it and however much: a page fits, says what it left out, and
// closes what it opened.
func TestBudget(t *testing.T) {
	check := func(what string, d gate.Decision, o Options, most int) {
		t.Helper()
		page := markdown(t, d, o)
		if len(page) > most || !utf8.ValidString(page) {
			t.Errorf("%s: %d bytes, want at most %d", what, len(page), most)
		}
		if strings.Count(page, "<details>") != strings.Count(page, "</details>") {
			t.Errorf("%s: a section is not closed", what)
		}
		rows, left := 0, 0
		for _, line := range strings.Split(page, "\n") {
			if strings.HasPrefix(line, "| `") {
				rows++
			}
			var n int
			if _, err := fmt.Sscanf(line, "%d more rows left out", &n); err == nil {
				left += n
			}
		}
		if rows+left < len(d.Rows) && !strings.Contains(page, ": left out, no room") {
			t.Errorf("%s: %d rows shown and %d left out, of %d", what, rows, left, len(d.Rows))
		}
	}
	big := decision(gate.Fail)
	for i := range 10_000 {
		verdict := []gate.Verdict{gate.Regressed, gate.Inconclusive}[i%2]
		big.Rows = append(big.Rows, judged(verdict, fmt.Sprintf("PingPong/transport=shm/size=%dB-2", i), "sec/op", 1e-6, .2, .1, .3, gate.Told))
	}
	check("10,000 rows", big, Options{}, defaultBudget)
	check("10,000 rows in the least budget", big, Options{Budget: 1}, leastBudget)
	check("10,000 rows in more", big, Options{Budget: 1_000_000}, 1_000_000)

	long := hostile()
	enlarge := func(s *string) { *s = strings.Repeat("<@\\|`é#", 5000) + *s }
	for i := range long.Rows {
		enlarge(&long.Rows[i].Name)
		enlarge(&long.Rows[i].Unit)
		enlarge(&long.Rows[i].Reason.Text)
		enlarge(&long.Rows[i].Package)
	}
	for i := range long.Targets {
		enlarge(&long.Targets[i].Target)
		enlarge(&long.Targets[i].Unit)
		enlarge(&long.Targets[i].Reason.Text)
	}
	for i := range long.Reasons {
		enlarge(&long.Reasons[i].Benchmarks[0])
		enlarge(&long.Cannot[i+1].Benchmarks[0])
	}
	for i := range long.Sides {
		enlarge(&long.Sides[i].Commit)
		enlarge(&long.Sides[i].Environment.CPU)
		enlarge(&long.Sides[i].Branch)
	}
	long.Sides = append(append(long.Sides, long.Sides...), long.Sides...)
	o := options()
	o.Budget = 1
	enlarge(&o.Command)
	enlarge(&o.LogName)
	check("everything at its longest", long, o, leastBudget)
}

// A reader who sees the first five lines alone knows what to do.
func TestFirstFiveLines(t *testing.T) {
	check := func(name string, want ...string) {
		t.Helper()
		var lines []string
		for _, line := range strings.Split(markdown(t, cases[name], options()), "\n") {
			if line != "" && len(lines) < 5 {
				lines = append(lines, strings.ReplaceAll(line, "\u00a0", " "))
			}
		}
		top := strings.Join(lines, "\n")
		for _, w := range want {
			if !strings.Contains(top, w) {
				t.Errorf("%s: %q is not among the first five lines:\n%s", name, w, top)
			}
		}
	}
	check("regression", "❌ 3 of 40", "Encode/codec=binary", "0 → 2", "a count without noise", "3f2a91c04d on main →", "**fix**", "regress compare --base main", "**accept**")
	check("improvement", "✅ No regression", "62.0 %", "none worse by 4.1 % or more", "3f2a91c04d on main →")
	check("inconclusive", "⚠️ 1 benchmark left undecided by the budget", "telling needs 8 fresh rounds", "for longer: `regress compare --base main --budget 6m`", "3f2a91c04d on main →")
	check("missing", "⚠️ 1 benchmark missing", "EventLog/durability=every-2", "**restore**", "3f2a91c04d on main →")
	check("target", "❌ 1 target missed", "&lt; 100 µs", "131 µs", "PingPong/transport=unix/size=256B-2", "**meet**")
	check("expired", "❌ 1 of 38", "12 % slower", "between +9.8 and +14.4 %", "expired on 2026-10-01", "**renew**")
	check("green", "✅ No regression in 38", "none worse by 4.1 % or more", "Targets met", "1.31×", "Cannot see")
	check("nothing", "⚠️ No benchmark printed a result", "**check**")
	check("twins", "the same commit, 3f2a91c04d: this was an A/A run")
	check("false-alarm", "**doubt**", "regress doctor")
}

// The shape that programs rely on: lists are lists, words are words.
func TestJSONShape(t *testing.T) {
	check := func(name string, d gate.Decision) {
		t.Helper()
		var b bytes.Buffer
		if err := JSON(&b, d, Options{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var doc map[string]any
		if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, key := range []string{"reasons", "cannotSee", "rows", "targets", "problems", "warnings", "sides"} {
			if _, ok := doc[key].([]any); !ok {
				t.Errorf("%s: %s is %T, want a list", name, key, doc[key])
			}
		}
		if doc["version"] != 1. || doc["outcome"] != string(d.Outcome) {
			t.Errorf("%s: version %v, outcome %v", name, doc["version"], doc["outcome"])
		}
		for i, row := range doc["rows"].([]any) {
			want := directions[d.Rows[i].Direction]
			if have := row.(map[string]any)["direction"]; have != want {
				t.Errorf("%s: direction %v, want %s", name, have, want)
			}
		}
	}
	for name, d := range cases {
		check(name, d)
	}
	check("zero", gate.Decision{})
	neutral := decision(gate.Pass, gate.Row{Direction: baseline.Neutral, Verdict: gate.NotJudged})
	check("neutral", neutral)
}

// No line is wider than asked for, except where a word of ours cannot be broken:
// waivers and commands are copied whole.
func TestWidth(t *testing.T) {
	for name, d := range cases {
		for _, width := range []int{72, 80, 100, 120, 200} {
			if name == "hostile" && width < 100 {
				continue // its units are longer than any
			}
			o := options()
			o.Width, o.All = width, true
			for i, line := range strings.Split(plainText(t, d, o), "\n") {
				copied := strings.Contains(line, " = ") || strings.Contains(line, "regress compare") || strings.Contains(line, "regress waive") || strings.Contains(line, "go test")
				line = strings.Replace(line, `\::`, "::", 1)
				if n := utf8.RuneCountInString(line); n > width && !copied {
					t.Errorf("%s at %d: line %d has %d columns: %s", name, width, i+1, n, line)
				}
			}
		}
	}
}

// No name of a benchmark or of a target loses a character, whatever the width: where it does not
// fit, it is wrapped or stands on a line of its own.
func TestNamesAreWhole(t *testing.T) {
	name := "Render/template=" + strings.Repeat("invoice-line/", 12) + "locale=de-2"
	target := "idle memory of a process that has been told to hold nothing at all any more, resident"
	d := decision(gate.Fail, judged(gate.Regressed, name, "context-switches-between-cores/op", 1e-6, .4, .3, .5, "40 % slower"))
	d.Targets = []gate.TargetRow{met(target, name, "rss-bytes", 5e6, 4e6, 1.25, true), met(target+"!", name, "rss-bytes", 5e6, 6e6, .83, true)}
	d.Targets[1].Verdict = gate.Missed
	bare := func(text string) string { return strings.Join(strings.Fields(text), "") }
	for _, width := range []int{0, 72, 80, 100, 120, 200} {
		o := options()
		o.Width = width
		text := bare(plainText(t, d, o))
		for what, want := range map[string]int{name: 2, "context-switches-between-cores/op": 1} { // the row, and the missed target; the met one where there is room
			if have := strings.Count(text, what); have < want {
				t.Errorf("%d columns: %q stands there %d times, want %d:\n%s", width, what, have, want, plainText(t, d, o))
			}
		}
		if words := strings.Fields(target); !containsInOrder(plainText(t, d, o), words) {
			t.Errorf("%d columns: no %q in\n%s", width, target, plainText(t, d, o))
		}
	}
	if page := markdown(t, d, options()); strings.Count(page, name) < 3 || !strings.Contains(page, target) {
		t.Errorf("a name is cut in\n%s", page)
	}
}

func containsInOrder(text string, words []string) bool {
	for _, word := range words {
		_, after, found := strings.Cut(text, word)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// A decision of nothing at all is still a report and never a panic.
func TestZero(t *testing.T) {
	var d gate.Decision
	for _, text := range []string{plainText(t, d, Options{}), markdown(t, d, Options{})} {
		if !strings.Contains(text, "othing to say") {
			t.Errorf("have %q", text)
		}
	}
	row := gate.Row{Verdict: gate.Regressed}
	d.Rows, d.Targets = []gate.Row{row}, []gate.TargetRow{{Verdict: gate.Met}, {Verdict: gate.Missed}}
	if text := plainText(t, d, Options{}); !strings.Contains(text, "Regressed (1)") {
		t.Errorf("have %q", text)
	}
	if text := markdown(t, d, Options{}); !strings.Contains(text, "Regressed (1)") {
		t.Errorf("have %q", text)
	}
}
