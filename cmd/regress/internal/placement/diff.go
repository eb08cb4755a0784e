package placement

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// maxDiff bounds what is read of a difference, in bytes: a pull request with
// more than this in it is generated.
const maxDiff = 32 << 20

// hunk is one changed place. Lines count from 1; a side without lines has Count
// 0 and as Start the line in front of the gap.
type hunk struct {
	file               string // in the head, relative to the repository
	oldStart, oldCount int
	newStart, newCount int
	old, new           string // what was removed and added
}

// next is the first line behind n lines that begin at start.
func next(start, n int) int { return start + max(n, 1) }

// last is the last line that the hunk has in the head; for a removal that of the
// line behind the gap.
func (h *hunk) last() int { return h.newStart + max(h.newCount-1, 0) }

// change is one file that differs.
type change struct {
	old, new string // paths; empty: not there
	hunks    []*hunk
}

// align says which line of the head a line of the base has become, or in which
// hunk it is.
func (c *change) align(line int) (int, *hunk) {
	shift := 0
	for _, h := range c.hunks {
		if h.oldCount > 0 && line >= h.oldStart && line < h.oldStart+h.oldCount {
			return 0, h
		}
		if line < next(h.oldStart, h.oldCount) {
			break
		}
		shift = next(h.newStart, h.newCount) - next(h.oldStart, h.oldCount)
	}
	return line + shift, nil
}

// at is the hunk that the line of the head is in, or nil.
func (c *change) at(line int) *hunk {
	for _, h := range c.hunks {
		if line >= h.newStart && line < h.newStart+h.newCount {
			return h
		}
	}
	return nil
}

// difference is what changed between a commit and the working tree, untracked
// files included.
func difference(ctx context.Context, top, base string) ([]*change, error) {
	in, err := repo.Open(ctx, top)
	if err != nil {
		return nil, err
	}
	if base, err = in.Commit(ctx, base); err != nil {
		return nil, err
	}
	text, err := in.Diff(ctx, base)
	if err != nil {
		return nil, err
	}
	if len(text) > maxDiff {
		return nil, fmt.Errorf("the difference has %d MiB, more than %d: it is not looked through", len(text)>>20, maxDiff>>20)
	}
	changes := parseDiff(text)
	loose, err := in.Untracked(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range loose {
		if filepath.Ext(name) != ".go" {
			continue
		}
		body, err := os.ReadFile(filepath.Join(in.Top, name))
		if err != nil || len(body) > maxFile {
			continue // a file that has gone meanwhile, or that nobody wrote by hand
		}
		h := &hunk{file: name, newStart: 1, newCount: bytes.Count(body, []byte("\n")) + 1, new: string(body)}
		changes = append(changes, &change{new: name, hunks: []*hunk{h}})
	}
	return changes, nil
}

var hunkHead = regexp.MustCompile(`^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@`)

// parseDiff reads a unified difference without context. What it does not know
// it skips.
func parseDiff(text string) []*change {
	var all []*change
	var c *change
	var h *hunk
	minus, plus := 0, 0 // lines of h that are still to come: they may look like headers
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case minus > 0 && strings.HasPrefix(line, "-"):
			h.old += line[1:] + "\n"
			minus--
		case plus > 0 && strings.HasPrefix(line, "+"):
			h.new += line[1:] + "\n"
			plus--
		case strings.HasPrefix(line, "diff --git "):
			c = &change{}
			all = append(all, c)
		case c == nil:
		case strings.HasPrefix(line, "--- "):
			c.old = diffPath(line[4:], "a/")
		case strings.HasPrefix(line, "+++ "):
			c.new = diffPath(line[4:], "b/")
		default:
			m := hunkHead.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			h = &hunk{file: c.new, oldStart: number(m[1]), oldCount: countOf(m[2]), newStart: number(m[3]), newCount: countOf(m[4])}
			minus, plus = h.oldCount, h.newCount
			c.hunks = append(c.hunks, h)
		}
	}
	return all
}

// diffPath is a path as a header has it; empty for /dev/null.
func diffPath(text, prefix string) string {
	text = strings.TrimSuffix(text, "\t") // git ends a name with a space in it so
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	name, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return ""
	}
	return name
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func countOf(digits string) int {
	if digits == "" {
		return 1
	}
	return number(digits)
}
