package forge

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Comment is a comment on a change.
type Comment struct {
	ID     int64
	Author string // account that wrote it
	Body   string
}

// Thread is the comments on one change: a pull request or a merge request.
type Thread interface {
	// Comments returns a page of comments by rising id, and the number of the next page; 0: there
	// is none. The first page is 1.
	Comments(ctx context.Context, page int) (list []Comment, next int, err error)
	// Write adds a comment and returns it.
	Write(ctx context.Context, body string) (Comment, error)
	// Rewrite gives a comment another text.
	Rewrite(ctx context.Context, id int64, body string) error
	// Remove takes a comment away.
	Remove(ctx context.Context, id int64) error
	// Unsure reports whether a request that failed so may have been carried out.
	Unsure(err error) bool
}

// Sticky is the one comment of a suite on a change.
type Sticky struct {
	Thread
	Mark string                   // the comment begins with it, where no reader sees it
	Run  int64                    // number of the run that writes; a later one has a larger number
	Mine func(author string) bool // reports whether an account is the one that writes here
}

// found is a comment of ours, if there is one.
type found struct {
	id   int64 // 0: there is none
	run  int64 // the workflow run that wrote it
	page int   // the page it stands on, or the last one
}

// Keep brings the comment up to date; where there is none, it writes one if write is set. What a
// later run has written is left as it is.
func (s Sticky) Keep(ctx context.Context, body string, write bool) error {
	old, err := s.find(ctx, 1)
	switch {
	case err != nil:
		return err
	case old.id != 0 && old.run > s.Run:
		return nil // a later push has been judged in the meantime
	case old.id != 0:
		return s.Rewrite(ctx, old.id, body)
	case !write:
		return nil
	}
	return s.add(ctx, body, old.page)
}

// add posts a new comment and makes sure that it stays the only one:
// of two jobs that both found none, the one with the larger id gives way.
func (s Sticky) add(ctx context.Context, body string, page int) error {
	made, err := s.Write(ctx, body)
	if err != nil && !s.Unsure(err) {
		return err
	}
	first, looked := s.find(ctx, page)
	switch {
	case err != nil && looked != nil:
		return fmt.Errorf("%w (and whether it took is unknown)", err)
	case err != nil && first.id != 0:
		// It took, or another job has written one.
		return s.Rewrite(ctx, first.id, body)
	case err != nil:
		_, err = s.Write(ctx, body)
		return err
	case looked != nil:
		return looked
	case first.id == 0 || first.id >= made.ID:
		return nil
	}
	if first.run <= s.Run {
		if err := s.Rewrite(ctx, first.id, body); err != nil {
			return err
		}
	}
	return s.Remove(ctx, made.ID)
}

var writtenBy = regexp.MustCompile(`^<!-- run (\d+) -->`)

// find looks for the comment with the lowest id that is ours: it begins with
// the mark and this job's own account wrote it. Anybody can write a
// mark, and with this token we could edit their comment.
func (s Sticky) find(ctx context.Context, page int) (found, error) {
	first := "<!-- " + s.Mark + " -->"
	for {
		list, next, err := s.Comments(ctx, page)
		if err != nil {
			return found{}, err
		}
		at := found{page: page}
		for _, c := range list {
			head, rest, _ := strings.Cut(strings.ReplaceAll(c.Body, "\r\n", "\n"), "\n")
			if head != first || !s.Mine(c.Author) || at.id != 0 && at.id < c.ID {
				continue
			}
			at.id, at.run = c.ID, 0
			if m := writtenBy.FindStringSubmatch(rest); m != nil {
				at.run, _ = strconv.ParseInt(m[1], 10, 64)
			}
		}
		if at.id != 0 || next == 0 {
			return at, nil
		}
		page = next
	}
}
