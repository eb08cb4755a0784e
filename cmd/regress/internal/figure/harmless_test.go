package figure

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// names that a benchmark of a stranger may have.
var names = []string{
	"A/**b**_i_~~s~~[x](https://evil.example)![p](https://evil.example/p.png)",
	"A|b|c", "A/`b`/```", `A/\|x`, `\`, "`", " ", "",
	`A/<img/src=x/onerror=alert(1)><script>alert(1)</script>&lt;b&gt;<!--`,
	"A/@octocat/@acme/admins", "A/#1/acme/shop#1/GH-1", "A/https://evil.example/www.evil.example/a@evil.example",
	"A\n::error::x\r\n::set-output name=a::b\n##[add-mask]x", "A\x1b]0;x\x07\x1b[31m", "A\u202eB\u2066C\u200b",
	"A\u2028B\u0085C\vD", "A\xff\xfe", "A/:tada:/$x^2$", strings.Repeat("é", 1000),
}

// harmless checks that text shows as itself wherever bytes are printed.
func harmless(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q is not UTF-8", text)
	}
	if strings.Contains(text, "##[") {
		t.Errorf("%q is a command of the runner", text)
	}
	for _, r := range text {
		if r != '\u200b' && r != '\u00a0' && !unicode.IsPrint(r) {
			t.Errorf("%q holds %U", text, r)
			return
		}
	}
}

// shown returns what a reader of prose sees: entities and escapes are read, and invisible spaces
// are not there.
func shown(prose string) string {
	prose = regexp.MustCompile(`\\([!-/:-@[-`+"`"+`{-~])`).ReplaceAllString(prose, "$1")
	return strings.ReplaceAll(html.UnescapeString(prose), "\u200b", "")
}

func FuzzProseReadsAsItWas(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	alive := regexp.MustCompile(`@\w|#\d|://|:\w+:|(?i:www\.)|(?i:GH-\d)`)
	f.Fuzz(func(t *testing.T, text string) {
		prose := Prose(text)
		harmless(t, prose)
		bare := regexp.MustCompile(`\\.`).ReplaceAllString(prose, "")
		if i := strings.IndexAny(bare, "`*_{}[]<>|~$\\!"); i >= 0 {
			t.Errorf("%q is markup in %q", bare[i], prose)
		}
		if found := alive.FindString(prose); found != "" {
			t.Errorf("%q is a mention, reference or link in %q", found, prose)
		}
		want := Plain(text)
		have := shown(prose)
		if have == want || len(prose) > mostProse && strings.HasPrefix(want, strings.TrimSuffix(have, "…")) {
			return
		}
		t.Errorf("shows as %q, want %q", have, want)
	})
}

func FuzzCodeKeepsItsCell(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, code := range []string{Code(text, true), Code(text, false), Command(text)} {
			harmless(t, code)
		}
		if bare := strings.ReplaceAll(Code(text, true), `\|`, ""); strings.Contains(bare, "|") {
			t.Errorf("%q ends its cell", bare)
		}
	})
}

func FuzzJSONIsTheSameDocument(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := json.Marshal(map[string]string{"name": text})
		if err != nil {
			t.Fatal(err)
		}
		safe := JSON(doc)
		harmless(t, string(safe))
		var have, want map[string]string
		if err := json.Unmarshal(safe, &have); err != nil {
			t.Fatalf("%v in %q", err, safe)
		}
		if err := json.Unmarshal(doc, &want); err != nil || have["name"] != want["name"] {
			t.Errorf("reads as %q, want %q", have["name"], want["name"])
		}
	})
}

func TestLinksLeadToTheWebAlone(t *testing.T) {
	check := func(address, want string) {
		t.Helper()
		if have := Link("the [run]", address); have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check("https://github.com/a/b_c/pull/1/files", `[the \[run\]](https://github.com/a/b_c/pull/1/files)`)
	check("https://e.example/a(b)c d|`<x>\n", "") // a line end is none of an address
	check("https://e.example/a(b)c d|`<x>", `[the \[run\]](https://e.example/a%28b%29c%20d%7C%60%3Cx%3E)`)
	check("javascript:alert(1)", "")
	check("/relative", "")
	check("https://", "")
	check("https://e.example/"+strings.Repeat("a", 500), "")
}

func TestSpark(t *testing.T) {
	check := func(have, want string) {
		t.Helper()
		if have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check(Spark([]float64{0, 1, 2, 3, 4, 5, 6, 7}, 0, 7), "▁▂▃▄▅▆▇█")
	check(Spark([]float64{-1, 9}, 0, 8), "▁█")
	check(Spark([]float64{5, 5}, 5, 5), "▅▅")
	check(Spark([]float64{-1.7e308, 0, 1.7e308}, -1.7e308, 1.7e308), "▁▅█") // hi - lo overflows
	check(Spark(nil, 0, 1), "")
}
