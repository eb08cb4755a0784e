package figure

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bytes and characters that one piece of Markdown may take, so that what is
// never cut has a bound. Wider tables scroll sideways.
const (
	mostCode    = 200
	mostCommand = 300
	mostProse   = 400
)

// Code shows a name as it is: in a code span, where GitHub sees neither
// markup, HTML, links, mentions, issue numbers nor emoji. The fence is longer
// than any run of backticks inside. In a table a bar must be escaped even there.
func Code(s string, inTable bool) string {
	s = Shorten(Plain(s), mostCode)
	if inTable && strings.Contains(s, `\|`) { // renderers disagree on where such a cell ends
		return Prose(s)
	}
	return span(s, inTable)
}

// Command shows a line that is copied: a code span like Code, that is cut late.
func Command(s string) string { return span(Shorten(Plain(s), mostCommand), false) }

// span returns a code span of one line of plain text.
func span(s string, inTable bool) string {
	if strings.TrimSpace(s) == "" {
		return "–"
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	if inTable {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	return fence + s + fence
}

// Prose shows a sentence that may hold hostile names: markup is escaped, HTML
// turned into entities, and what a forge would link of its own accord — mentions,
// numbers of issues, merge requests, milestones and epics, addresses — is broken by a
// space of no width.
func Prose(s string) string {
	const nothing = "\u200b"
	s = Plain(s)
	var b strings.Builder
	for i, r := range s {
		if b.Len() > mostProse {
			b.WriteString("…")
			break
		}
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
			if startsWord(s[i+1:]) { // an epic of GitLab's
				b.WriteString(nothing)
			}
		case '%':
			b.WriteRune(r)
			if startsWord(s[i+1:]) { // a milestone of GitLab's
				b.WriteString(nothing)
			}
		case '\\', '`', '*', '_', '{', '}', '[', ']', '|', '~', '!', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
			if (r == '!' || r == '~' || r == '$') && startsWord(s[i+1:]) { // merge requests, labels and snippets of GitLab's
				b.WriteString(nothing)
			}
		case '@', '#':
			b.WriteByte('\\')
			b.WriteRune(r)
			b.WriteString(nothing)
		case ':':
			b.WriteRune(r)
			if rest := s[i+1:]; rest != "" && rest[0] != ' ' { // :// and :emoji:
				b.WriteString(nothing)
			}
		case '.':
			if strings.HasSuffix(strings.ToLower(s[:i]), "www") {
				b.WriteString(nothing)
			}
			b.WriteRune(r)
		case '-':
			if strings.HasSuffix(strings.ToUpper(s[:i]), "GH") { // GH-12 is an issue
				b.WriteString(nothing)
			}
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// startsWord reports whether a text begins with a letter, a digit or a quotation mark.
func startsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '"' || s != "" && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// Link returns a link of Markdown; nothing where the address is none of the web, or longer than any
// that somebody means.
func Link(text, address string) string {
	const longest = 500
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(address) > longest {
		return ""
	}
	safe := strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "|", "%7C", `\\`, "%5C", "`", "%60").Replace(u.String())
	return "[" + Prose(text) + "](" + Plain(safe) + ")"
}

// Fenced shows a block of text that is copied from.
func Fenced(language, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + language + "\n" + strings.TrimSuffix(text, "\n") + "\n" + fence + "\n"
}

// Whole keeps a figure on one line of a table, in Markdown and in HTML.
func Whole(figure string) string { return strings.ReplaceAll(figure, " ", "\u00a0") }
