package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostName is what is shown of a name, in characters; the middle is left out.
const mostName = 200

// plain makes text from data harmless on a terminal and in one line: control
// characters, line breaks, direction overrides and broken UTF-8 become visible.
func plain(s string) string {
	clean := func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}
	s = strings.Map(clean, strings.ToValidUTF8(s, "\uFFFD"))
	// The runner of GitHub Actions obeys "##[" anywhere in its log.
	return strings.ReplaceAll(s, "##[", "## [")
}

// name is plain and of bounded length.
func name(s string) string { return shorten(plain(s), mostName) }

// sentence is plain prose of bounded length.
func sentence(s string) string {
	const most = 600
	return shorten(plain(s), most)
}

// shorten leaves out the middle of s, where the parts of a long benchmark name
// that tell it from its neighbours rarely are.
func shorten(s string, width int) string {
	n := utf8.RuneCountInString(s)
	if n <= width {
		return s
	}
	runes := []rune(s)
	if width < 3 {
		return string(runes[:max(0, width)])
	}
	tail := (width - 1) / 2
	head := width - 1 - tail
	return string(runes[:head]) + "…" + string(runes[n-tail:])
}

// uncommand keeps a line that happens to start with "::" from being read as a
// command by the runner of GitHub Actions.
func uncommand(text string) string {
	if !strings.Contains(text, "::") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if body := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(body, "::") {
			lines[i] = line[:len(line)-len(body)] + "\\" + body
		}
	}
	return strings.Join(lines, "\n")
}
