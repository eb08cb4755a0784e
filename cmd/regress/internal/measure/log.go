package measure

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// logbook is the raw log while it is being written: each block goes out in one
// write, so that what an interrupt leaves behind ends with a whole process.
type logbook struct {
	out  io.Writer // may be nil
	text bytes.Buffer
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

// header returns what the log begins with: its facts, and the marks that come before the first
// round.
func (m *measurement) header(env baseline.Environment) string {
	h := ingest.Header{
		Project: m.project(), Head: ingest.Origin{Commit: m.repo.head, Ref: m.res.Branch}, Dirty: m.repo.dirty,
		Seed: m.o.Seed, Started: time.Now(), Environment: env,
	}
	if m.o.Next != nil {
		h.Procedure = string(baseline.TwoStage)
	}
	if m.o.Base != "" {
		h.Base = ingest.Origin{Commit: m.repo.base, Ref: m.o.Base}
		h.Anchor = ingest.Origin{Commit: m.repo.anchor, Ref: m.repo.anchorRef}
	}
	if m.o.Bench != "." {
		h.Bench = m.o.Bench
	}
	text := h.Text()
	for _, s := range m.suites {
		for _, p := range s.packages {
			text += ingest.Functions(s.marked(), p.path, p.functions)
		}
	}
	text += m.binaries()
	for _, key := range slices.SortedFunc(maps.Keys(m.o.Noise), baseline.Key.Compare) {
		text += ingest.Noise(key, m.o.Noise[key])
	}
	return text
}

// binaries are the marks by which --resume knows that the code has not changed.
func (m *measurement) binaries() string {
	text := ""
	for _, s := range m.suites {
		for _, p := range s.packages {
			text += ingest.Binary(s.marked(), p.path, p.hash)
		}
	}
	return text
}
