package forge

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Sizes, in bytes. GitHub takes 65,535 characters in a check run's summary,
// 65,536 in a comment and 1 MiB in a job summary, past which it drops the whole
// of it. GitLab takes 1,000,000 characters in a note, and Gitea a megabyte. One
// budget below all of them leaves room for what is added here.
const (
	MaxMarkdown   = 60_000
	maxJobSummary = 1 << 20
)

// Fit cuts Markdown at a line so that it holds at most most bytes, and says how
// many lines were left out. A fence or fold that the cut leaves open is closed.
func Fit(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	const room = 400 // for what is said and closed below
	cut := strings.LastIndexByte(text[:max(most-room, 0)+1], '\n')
	if cut < 0 { // one endless line
		cut = max(most-room, 0)
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
	}
	kept, left := text[:cut], strings.TrimRight(text[cut:], "\n")
	if strings.Count("\n"+kept, "\n```")%2 == 1 {
		kept += "\n```"
	}
	open := strings.Count(kept, "<details") - strings.Count(kept, "</details>")
	kept += strings.Repeat("\n</details>", min(max(open, 0), 10))
	return fmt.Sprintf("%s\n\n%d more lines were left out here, to be short enough to post; the raw log has them.\n", kept, max(strings.Count(left, "\n"), 1))
}

// AppendSummary adds Markdown to the job's summary file.
func AppendSummary(name, text string) error {
	info, err := os.Stat(name)
	held := int64(0)
	if err == nil {
		held = info.Size()
	}
	const least = 1000 // bytes that are worth writing
	room := min(MaxMarkdown, maxJobSummary-int(min(held, maxJobSummary))-2)
	if room < least {
		return fmt.Errorf("write the job summary: other commands of this step have filled it (%d bytes)", held)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the job summary: %w", err)
	}
	_, err = file.WriteString(Fit(text, room) + "\n")
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write the job summary: %w", err)
	}
	return nil
}
