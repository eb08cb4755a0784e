package table

import (
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// sample has every style, a note and a name that does not fit anywhere.
func sample() Table {
	t := Table{Columns: []Column{{Title: "benchmark"}, {Title: "base", Right: true}, {Title: "change\n95 % interval", Right: true}, {Title: "unused"}, {Title: "why", Wraps: true}}}
	t.Add([]Cell{Named("Parse|1"), Figure("240 ns"), Figure("+12.1 %").Strong().Below(Figure("+9 to +14 %")), nil, Say("slower <b>")}, "noise does this once in a hundred")
	t.Add([]Cell{Named("Throughput/transport=unix/size=256B/mode=plain-2"), Figure("1.25 M"), nil, nil, Say("the reason is long and wraps").Then(Named("x"))})
	return t
}

func text(t Table, o Text) string {
	var b strings.Builder
	o.Write(&b, t)
	return b.String()
}

func TestTextIsAsWideAsItNeeds(t *testing.T) {
	have := text(sample(), Text{Indent: 2, Prose: 30})
	want := `  benchmark                                           base  change 95 % interval  why
  Parse|1                                           240 ns   +12.1 % +9 to +14 %  slower <b>
    noise does this once in a
    hundred
  Throughput/transport=unix/size=256B/mode=plain-2  1.25 M                        the reason is long and wrapsx
`
	if have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

func TestTextWrapsAndNeverCuts(t *testing.T) {
	have := text(sample(), Text{Width: 70, Indent: 2})
	want := `  benchmark              base  change 95 % interval  why
  Parse|1              240 ns   +12.1 % +9 to +14 %  slower <b>
    noise does this once in a hundred
  Throughput/transport=unix/size=256B/mode=plain-2
                       1.25 M                        the reason is
                                                     long and wrapsx
`
	if have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
	for width := 1; width < 120; width++ {
		all := strings.Join(strings.Fields(text(sample(), Text{Width: width, Indent: 2})), "")
		for _, word := range []string{"Parse|1", "Throughput/transport=unix/size=256B/mode=plain-2", "1.25M", "longandwrapsx"} {
			if width > 60 && !strings.Contains(all, word) {
				t.Errorf("width %d: no %q in\n%s", width, word, text(sample(), Text{Width: width, Indent: 2}))
			}
		}
	}
}

func TestFoldLosesNothing(t *testing.T) {
	check := func(text string, width int, want ...string) {
		t.Helper()
		if have := fold(text, width); strings.Join(have, "\n") != strings.Join(want, "\n") {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check("idle memory of an agent, resident", 16, "idle memory of", "an agent,", "resident")
	check("Throughput/transport=pipe/size=1KiB", 20, "Throughput/", "transport=pipe/", "size=1KiB")
	check("abcdefgh", 3, "abc", "def", "gh")
	check("ab", 3, "ab")
	check("", 3, "")
}

func TestMarkdown(t *testing.T) {
	want := strings.ReplaceAll("| benchmark | base | change<br>95~%~interval | unused | why |\n"+
		"|:--|--:|--:|:--|:--|\n"+
		"| `Parse\\|1`<br>noise does this once in a hundred | 240~ns | **+12.1~%**<br>+9~to~+14~% |  | slower &lt;b&gt; |\n"+
		"| `Throughput/transport=unix/size=256B/mode=plain-2` | 1.25~M |  |  | the reason is long and wraps`x` |\n", "~", "\u00a0")
	if have := sample().Markdown(); have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

func TestHTML(t *testing.T) {
	want := strings.ReplaceAll(`<table>
<thead><tr><th scope="col">benchmark</th><th scope="col" class="right">base</th><th scope="col" class="right">change<br>95 % interval</th><th scope="col">unused</th><th scope="col">why</th></tr></thead>
<tbody>
<tr><td><code>Parse|1</code></td><td class="right">240~ns</td><td class="right"><strong>+12.1~%</strong><br>+9~to~+14~%</td><td></td><td>slower &lt;b&gt;</td></tr>
<tr class="notes"><td colspan="5">noise does this once in a hundred</td></tr>
<tr><td><code>Throughput/transport=unix/size=256B/mode=plain-2</code></td><td class="right">1.25~M</td><td class="right"></td><td></td><td>the reason is long and wraps<code>x</code></td></tr>
</tbody>
</table>
`, "~", "\u00a0")
	if have := sample().HTML(); have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

// FuzzCellsStayCells: whatever a cell holds, a row has as many cells as its table, and nothing in
// it is markup or moves a cursor.
func FuzzCellsStayCells(f *testing.F) {
	for _, text := range []string{"A|b", "`|`", `\|`, `</td></tr></table><script>alert(1)</script>`, "a\nb\r\n| c |", "\x1b[31m", "\u202e", "\xff", "::error::x", "<!--", "&lt;", "", " "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, hostile string) {
		tab := Table{Columns: []Column{{Title: "first"}, {Title: "second", Right: true}}}
		tab.Add([]Cell{Named(hostile), Say(hostile).Strong().Below(Figure(hostile))}, hostile)
		rows := strings.Split(strings.TrimSuffix(tab.Markdown(), "\n"), "\n")
		if len(rows) != 3 {
			t.Fatalf("%d lines: %q", len(rows), rows)
		}
		if bars := strings.Count(regexp.MustCompile(`\\.`).ReplaceAllString(rows[2], ""), "|"); bars != 3 {
			t.Errorf("%d bars in %q", bars, rows[2])
		}
		decoder, elements := xml.NewDecoder(strings.NewReader(strings.ReplaceAll(tab.HTML(), "<br>", "<br/>"))), 0
		decoder.Entity = xml.HTMLEntity
		for {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in %q", err, tab.HTML())
			}
			if _, is := token.(xml.StartElement); is {
				elements++
			}
		}
		// table, thead, tr, 2 th, tbody, tr, 2 td, code, strong, br, tr, td
		if want := 14; elements != want && hostile != "" {
			t.Errorf("%d elements, want %d: %q", elements, want, tab.HTML())
		}
		for _, page := range []string{text(tab, Text{Indent: 2}), text(tab, Text{Width: 20}), tab.Markdown(), tab.HTML()} {
			for _, r := range page {
				if r != '\n' && r != '\u00a0' && r != '\u200b' && !unicode.IsPrint(r) {
					t.Fatalf("%U in %q", r, page)
				}
			}
		}
	})
}

// TestNumbersStayWithTheirUnits: a line never ends between a number and what it counts.
func TestNumbersStayWithTheirUnits(t *testing.T) {
	const prose = "changed by -4.5 % in Parse-2 and +39.7 ns/op, 12 of 100, see 3.1. Then on"
	for width := 8; width < 80; width++ {
		for _, line := range Wrap(prose, width) {
			for _, end := range []string{"-4.5", "+39.7", "12"} {
				if strings.HasSuffix(line, end) {
					t.Errorf("width %d: a line ends with %q", width, line)
				}
			}
		}
	}
	if have := Wrap(prose, 0); len(have) != 1 || have[0] != prose {
		t.Errorf("%q", have)
	}
	if have := Wrap("see 3.1. Then on", 9); len(have) != 2 || have[0] != "see 3.1." {
		t.Errorf("a sentence's end is a number: %q", have)
	}
}
