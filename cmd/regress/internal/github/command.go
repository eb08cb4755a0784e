package github

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What one step may print, and how long a message may be: the runner drops the
// rest in silence. Source: actions/runner and the documentation of workflow
// commands.
const (
	maxPerLevel = 10
	maxMessage  = 4096 // characters
)

// Level of a note, in the words of a check run's annotations.
type level string

const (
	failure level = "failure"
	warning level = "warning"
	notice  level = "notice"
)

// note is one thing to say about one place in the source.
type note struct {
	level      level
	file       string // relative to the repository; empty: about no line
	line, last int    // from 1
	title      string // one line
	message    string
	details    string // for the check run alone
}

// command is the note as a workflow command, one line with its line end.
func (n note) command() string {
	word := map[level]string{failure: "error", warning: "warning", notice: "notice"}[n.level]
	properties := []string{}
	if n.file != "" {
		properties = append(properties, "file="+escapeProperty(n.file), fmt.Sprintf("line=%d", n.line))
	}
	if n.title != "" {
		properties = append(properties, "title="+escapeProperty(oneLine(n.title)))
	}
	if len(properties) > 0 {
		word += " " + strings.Join(properties, ",")
	}
	return fmt.Sprintf("::%s::%s\n", word, escapeData(cutAt(printable(n.message), maxMessage)))
}

// commands writes the first notes of each level, as many as a step may print.
// Where there are more, the last one that fits says so. One warning is kept
// for what may fail at GitHub later.
func commands(w io.Writer, notes []note) error {
	count, limit := map[level]int{}, map[level]int{failure: maxPerLevel, warning: maxPerLevel - 1, notice: maxPerLevel}
	for _, n := range notes {
		count[n.level]++
	}
	written := map[level]int{}
	for _, n := range notes {
		written[n.level]++
		at, most := written[n.level], limit[n.level]
		if at > most {
			continue
		}
		if at == most && count[n.level] > most {
			n = note{level: n.level, title: "regress", message: fmt.Sprintf("and %d more: see the summary of this job", count[n.level]-most+1)}
		}
		if _, err := io.WriteString(w, n.command()); err != nil {
			return fmt.Errorf("write workflow commands: %w", err)
		}
	}
	return nil
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func escapeData(text string) string     { return dataEscapes.Replace(text) }
func escapeProperty(text string) string { return propertyEscapes.Replace(printable(text)) }

// printable drops what can move a cursor, reverse a line or hide in it: control
// characters but tab and line end, and the invisible formatting characters of
// Unicode. Bytes that are not UTF-8 become U+FFFD.
func printable(text string) string {
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

// oneLine is printable text without line ends.
func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// cutAt shortens text to at most most characters, the last of which then is '…'.
func cutAt(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
