package github

import (
	"fmt"
	"io"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/finding"
)

// What one step may print, and how long a message may be: the runner drops the
// rest in silence. Source: actions/runner and the documentation of workflow
// commands.
const (
	maxPerLevel = 10
	maxMessage  = 4096 // characters
)

// command returns a note as a workflow command, one line with its line end.
func command(n note) string {
	word := map[finding.Level]string{finding.Failure: "error", finding.Warning: "warning", finding.Notice: "notice"}[n.Level]
	properties := []string{}
	if n.File != "" {
		properties = append(properties, "file="+escapeProperty(n.File), fmt.Sprintf("line=%d", n.Line))
	}
	if n.Title != "" {
		properties = append(properties, "title="+escapeProperty(figure.OneLine(n.Title)))
	}
	if len(properties) > 0 {
		word += " " + strings.Join(properties, ",")
	}
	return fmt.Sprintf("::%s::%s\n", word, escapeData(figure.Cut(figure.Printable(n.Message), maxMessage)))
}

// commands writes the first notes of each level, as many as a step may print.
// Where there are more, the last one that fits says so. One warning is kept
// for what may fail at GitHub later.
func commands(w io.Writer, notes []note) error {
	count, limit := map[finding.Level]int{}, map[finding.Level]int{finding.Failure: maxPerLevel, finding.Warning: maxPerLevel - 1, finding.Notice: maxPerLevel}
	for _, n := range notes {
		count[n.Level]++
	}
	written := map[finding.Level]int{}
	for _, n := range notes {
		written[n.Level]++
		at, most := written[n.Level], limit[n.Level]
		if at > most {
			continue
		}
		if at == most && count[n.Level] > most {
			n = note{Level: n.Level, Title: "regress", Message: fmt.Sprintf("and %d more: see the summary of this job", count[n.Level]-most+1)}
		}
		if _, err := io.WriteString(w, command(n)); err != nil {
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
func escapeProperty(text string) string { return propertyEscapes.Replace(figure.Printable(text)) }
