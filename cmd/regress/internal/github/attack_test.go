package github

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/pkg/gate"
)

// attacks are names that a benchmark of a stranger may have.
var attacks = map[string]string{
	"markdown":           "A/**b**_i_~~s~~[x](https://evil.example)![p](https://evil.example/p.png)",
	"table":              "A|b|c",
	"code":               "A/`b`/```",
	"html":               `A/<img/src=x/onerror=alert(1)><script>alert(1)</script>&lt;b&gt;<!--`,
	"marker":             "A/<!-- regress:default -->",
	"details":            "A/</details></table><h1>approved</h1>",
	"mention":            "A/@octocat/@acme/admins",
	"reference":          "A/#1/acme/shop#1/GH-1",
	"link":               "A/https://evil.example/www.evil.example/a@evil.example",
	"command":            "A\n::error::x\r\n::set-output name=a::b\n##[add-mask]x",
	"command properties": "A,line=1,title=x::y",
	"escape sequence":    "A\x1b]0;x\x07\x1b[31m",
	"bidi":               "A\u202eB\u2066C\u200b",
	"line separators":    "A\u2028B\u0085C\vD",
	"not UTF-8":          "A\xff\xfe",
	"long":               strings.Repeat("A", 100_000),
	"percent":            "A/%0A::error::x%25",
	"emoji":              "A/:tada:/$x^2$",
}

// Every attack shows as the text that it is, wherever it ends up.
func TestAttacks(t *testing.T) {
	for name, text := range attacks {
		hub := server(t)
		s := setting(t, hub, "pull_request", "pull_request")
		s.opt.Comment = forge.WhenAlways
		post := red(1, 2)
		post.Decision.Outcome, post.Headline = gate.Pass, text // the one-line comment
		post.Decision.Counts = map[gate.Verdict]int{gate.Unchanged: 2}
		row := &post.Decision.Rows[0]
		post.Positions[gate.Row{Package: row.Package, Name: text}.Key().Function()] = post.Positions[row.Key().Function()]
		row.Name, row.Reason = text, gate.Reason{Code: gate.Proven, Text: text}
		s.start().Finish(t.Context(), post)

		out := s.commands.String()
		if strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "::error file=cart/cart_test.go,line=10,title=") || strings.Count(out, "::")-strings.Count(text, "::")*2 > 2 {
			t.Errorf("%s: commands %.300q", name, out)
		}
		invisible(t, name+": commands", strings.TrimSuffix(out, "\n"))
		if len(hub.Runs[0].Annotations) != 1 || len(hub.Comments) != 1 || s.warnings() != 0 {
			t.Fatalf("%s: %d annotations, %d comments, %.300s", name, len(hub.Runs[0].Annotations), len(hub.Comments), out)
		}
		note := hub.Runs[0].Annotations[0]
		invisible(t, name+": title", note["title"].(string))
		invisible(t, name+": message", note["message"].(string))
		plain(t, name, hub.Comments[0].Body)
	}
}

func invisible(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' {
			t.Errorf("%s holds %U", what, r)
			return
		}
	}
}

// plain checks the one line that this package writes itself as Markdown.
func plain(t *testing.T, name, body string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if len(lines) != 3 || lines[0] != "<!-- regress:default -->" {
		t.Fatalf("%s: comment %.300q", name, body)
	}
	line, _, _ := strings.Cut(lines[2], " · [")
	line = strings.TrimPrefix(line, "✅ regress: ")
	line = regexp.MustCompile(`\\.`).ReplaceAllString(line, "") // disarmed
	if i := strings.IndexAny(line, "`*_{}[]<>@|~$\\!"); i >= 0 {
		t.Errorf("%s: %q is markup in %.300q", name, line[i], line)
	}
	// What GitHub looks for after decoding: @name, #1, ://, www., GH-1.
	shown := html.UnescapeString(line)
	if m := regexp.MustCompile(`@\w|#\d|://|:\w+:`).FindString(shown); m != "" {
		t.Errorf("%s: %q is a mention, reference or link in %.300q", name, m, line)
	}
}
