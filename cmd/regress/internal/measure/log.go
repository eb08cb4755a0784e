package measure

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// logbook is the raw log while it is being written: each block goes out in one
// write, so that what an interrupt leaves behind ends with a whole process.
type logbook struct {
	out      io.Writer // may be nil
	text     bytes.Buffer
	said     map[string]bool // its lines, once one was to be written once
	troubles int             // marks of what has no result
}

func (l *logbook) write(block string) error {
	l.text.WriteString(block)
	if l.out == nil || block == "" {
		return nil
	}
	if _, err := io.WriteString(l.out, block); err != nil {
		return fmt.Errorf("write the raw log: %w; make room or name another file", err)
	}
	return nil
}

// once writes a line that the log does not have yet.
func (l *logbook) once(line string) error {
	if l.said == nil {
		l.said = map[string]bool{}
		for old := range strings.Lines(l.text.String()) {
			l.said[old] = true
		}
	}
	if l.said[line] {
		return nil
	}
	l.said[line] = true
	return l.write(line)
}

// failed writes the mark of a benchmark without a result, once.
func (l *logbook) failed(line string) error {
	l.troubles++
	return l.once(line)
}

// units writes the unit metadata that the log does not have yet: every process
// prints it again.
func (l *logbook) units(lines []string) error {
	for _, line := range lines {
		if err := l.once(line + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// header returns what the log begins with: its facts, and the marks that come before the first
// round.
func (s *Session) header(env baseline.Environment) string {
	h := ingest.Header{
		Project: s.project(), Dirty: s.facts.Dirty, Shards: s.o.Shards, Seed: s.o.Seed, Started: time.Now(), Environment: env,
		Anchor: ingest.Origin{Commit: s.facts.AnchorCommit, Ref: s.facts.Anchor},
	}
	for _, r := range s.revisions {
		from := ingest.Origin{Commit: r.Commit, Ref: r.Ref}
		switch r.marked() {
		case baseline.Head:
			h.Head = from
		case baseline.Base:
			h.Base = from
		case baseline.Anchor:
			h.Anchor = from
		}
	}
	if s.o.Next != nil {
		h.Procedure = string(baseline.Paired)
	}
	if s.o.Bench != "." {
		h.Bench = s.o.Bench
	}
	text := h.Text()
	text += s.functions() + s.binaries()
	for _, key := range s.noiseKeys() {
		text += ingest.Noise(key, s.o.Noise[key])
	}
	return text
}

// functions are the marks of what each side declares. A side that declares nothing says so: what
// the other has is gone or new there, and did not fail to run.
func (s *Session) functions() (text string) {
	some := "" // a package with benchmarks, of any side
	if s.o.Shards.Of > 0 {
		some = s.project() // a shard may have none, and other shards have more
	}
	for _, one := range s.sides {
		for _, p := range one.Packages {
			some = p.Path
		}
	}
	for _, one := range s.sides {
		for _, p := range one.Packages {
			text += ingest.Functions(one.marked(), p.Path, p.Functions)
		}
		if len(one.Packages) == 0 && some != "" {
			text += ingest.Functions(one.marked(), some, nil)
		}
	}
	return text
}

// binaries are the marks by which --resume knows that the code has not changed.
func (s *Session) binaries() string {
	text := ""
	for _, one := range s.sides {
		for _, p := range one.Packages {
			if p.Binary != "" {
				text += ingest.Binary(one.marked(), p.Path, p.Hash)
			}
		}
	}
	return text
}
