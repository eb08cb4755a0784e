package figure

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LongestName is how many characters are shown of a name: more than any that is meant to be read.
// The middle of a longer one is left out; the JSON report has it whole.
const LongestName = 1000

// Plain returns text from data as one line that is harmless on a terminal: control characters, line
// breaks, direction overrides and broken UTF-8 become visible.
func Plain(s string) string {
	if isPlain(s) {
		return s
	}
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

// isPlain reports whether s needs no change, as far as a look at its bytes tells: nearly every
// name does not, and there are tens of thousands in a report.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '#' {
			return false
		}
	}
	return true
}

// PlainLines makes each line of a block plain and keeps the lines.
func PlainLines(block string) string {
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		lines[i] = Plain(line)
	}
	return strings.Join(lines, "\n")
}

// Name returns a plain name of at most LongestName characters.
func Name(s string) string { return Shorten(Plain(s), LongestName) }

// Sentence returns plain prose of bounded length.
func Sentence(s string) string {
	const longest = 600
	return Shorten(Plain(s), longest)
}

// Shorten leaves out the middle of s, where the parts of a long benchmark name that tell it from
// its neighbours rarely are.
func Shorten(s string, width int) string {
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

// Uncommand keeps lines that happen to start with "::" from being read as commands by the runner of
// GitHub Actions.
func Uncommand(text string) string {
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

// Word returns text as one word of a command, quoted for a shell where it must be.
func Word(text string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:@%", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !safe(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Printable drops what can move a cursor, reverse a line or hide in it: control
// characters but tab and line end, and the invisible formatting characters of
// Unicode. Bytes that are not UTF-8 become U+FFFD.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// OneLine returns printable text without line ends.
func OneLine(text string) string { return strings.Join(strings.Fields(Printable(text)), " ") }

// Cut shortens text to at most most characters, the last of which then is '…'.
func Cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
