package dir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/internal/lookup"
)

const (
	decisionDir     = "decisions"
	decisionSuffix  = ".json"
	decisionVersion = 1
	decisionMax     = 256 << 20 // bytes of a file: 500,000 series are a tenth
)

// decisionFile is what a file of a decision holds.
type decisionFile struct {
	Version  int               `json:"version"`
	ID       string            `json:"id"`
	Decision baseline.Decision `json:"decision"`
}

// decisions is the part of a store that keeps decisions: a directory in its directory.
func (s *store) decisions() *store { return &store{path: filepath.Join(s.path, decisionDir)} }

// decisionName returns <utc>-<sha12>-<id12>.json.
func decisionName(d baseline.Decision) string {
	name := fileName(baseline.Run{Time: d.Time, Commit: d.Commit})
	parts := strings.Split(name, "-")
	return parts[0] + "-" + parts[1] + "-" + d.ID()[:idLength] + decisionSuffix
}

// PutDecisions keeps decisions; see the package's promise for runs.
func (s *store) PutDecisions(ctx context.Context, decisions ...baseline.Decision) (added int, err error) {
	if added, err = s.putDecisions(ctx, decisions); err != nil {
		return 0, fmt.Errorf("put %d decisions into store %s: %w", len(decisions), s.path, err)
	}
	return added, nil
}

// putDecisions is PutDecisions without the words around its errors.
func (s *store) putDecisions(ctx context.Context, decisions []baseline.Decision) (int, error) {
	for _, d := range decisions {
		if err := d.Validate(); err != nil {
			return 0, err
		}
	}
	if err := ctx.Err(); err != nil || len(decisions) == 0 {
		return 0, err
	}
	at := s.decisions()
	if err := os.MkdirAll(at.path, 0o777); err != nil {
		return 0, explain(err)
	}
	unlock, err := lock(ctx, s.path)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if err := at.sweep(); err != nil {
		return 0, err
	}
	ignore := filepath.Join(at.path, ".gitignore")
	if _, err := os.Lstat(ignore); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return 0, explain(err)
		}
	}
	b := batch{path: at.path}
	if err := at.fillDecisions(&b, decisions); err != nil {
		return 0, errors.Join(err, b.discard())
	}
	return len(b.want), b.publish()
}

// RemoveDecisions removes the files of decisions.
func (s *store) RemoveDecisions(ctx context.Context, decisions ...baseline.Decision) (removed int, err error) {
	if removed, err = s.decisions().removeDecisions(ctx, s.path, decisions); err != nil {
		return removed, fmt.Errorf("remove %d decisions from store %s: %w", len(decisions), s.path, err)
	}
	return removed, nil
}

// removeDecisions is RemoveDecisions without the words around its errors, under the lock of the
// store at.
func (s *store) removeDecisions(ctx context.Context, at string, decisions []baseline.Decision) (removed int, err error) {
	if _, err := os.Stat(s.path); len(decisions) == 0 || errors.Is(err, fs.ErrNotExist) {
		return 0, ctx.Err()
	}
	unlock, err := lock(ctx, at)
	if err != nil {
		return 0, err
	}
	defer unlock()
	for _, d := range decisions {
		err := os.Remove(filepath.Join(s.path, decisionName(d.Normal())))
		switch {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist):
			return removed, explain(err)
		}
	}
	return removed, syncDir(s.path)
}

// fillDecisions writes the decisions that are not there, or damaged there, to temporary files.
func (s *store) fillDecisions(b *batch, decisions []baseline.Decision) error {
	for _, d := range decisions {
		d = d.Normal()
		id, name := d.ID(), decisionName(d)
		_, err := s.decision(name)
		if err == nil || slices.Contains(b.ids, id) {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, baseline.ErrDamaged) {
			return err
		}
		text, err := json.Marshal(decisionFile{decisionVersion, id, d})
		if err != nil {
			return err
		}
		if err := b.write(id, name, append(text, '\n')); err != nil {
			return explain(err)
		}
	}
	return nil
}

// decision reads one file and checks that its content is what was put.
func (s *store) decision(name string) (baseline.Decision, error) {
	f, info, err := s.openRun(name)
	if err != nil {
		return baseline.Decision{}, err
	}
	defer f.Close()
	path := filepath.Join(s.path, name)
	if info.Size() > decisionMax {
		return baseline.Decision{}, fault(path, fmt.Errorf("%w: %d MiB are no decision", baseline.ErrDamaged, info.Size()>>20))
	}
	text, err := io.ReadAll(io.LimitReader(f, decisionMax))
	if err != nil {
		return baseline.Decision{}, fmt.Errorf("read %s: %w", path, err)
	}
	d, err := decodeDecision(text, name)
	if err != nil {
		return baseline.Decision{}, fault(path, err)
	}
	return d, nil
}

// decodeDecision reads a decision from the text of the file name.
func decodeDecision(text []byte, name string) (baseline.Decision, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err == nil && head.Version > decisionVersion {
		return baseline.Decision{}, fmt.Errorf("%w: layout %d of decisions, this program knows %d: update regress", baseline.ErrNewerSchema, head.Version, decisionVersion)
	}
	var file decisionFile
	in := json.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(&file); err != nil {
		return baseline.Decision{}, fmt.Errorf("%w: %w", baseline.ErrDamaged, err)
	}
	d := file.Decision.Normal()
	if err := d.Validate(); err != nil {
		return baseline.Decision{}, fmt.Errorf("%w: %w", baseline.ErrDamaged, err)
	}
	if d.ID() != file.ID {
		return baseline.Decision{}, fmt.Errorf("%w: its content is not that of decision %s", baseline.ErrDamaged, file.ID)
	}
	if decisionName(d) != name {
		return baseline.Decision{}, fmt.Errorf("%w: its name is that of another decision", baseline.ErrDamaged)
	}
	return d, nil
}

// Decisions streams decisions, oldest first.
func (s *store) Decisions(ctx context.Context, q baseline.Query) iter.Seq2[baseline.Decision, error] {
	return func(yield func(baseline.Decision, error) bool) {
		found, err := s.decisions().findDecisions(ctx, q)
		if err != nil && !errors.Is(err, baseline.ErrDamaged) {
			yield(baseline.Decision{}, fmt.Errorf("read the decisions of store %s: %w", s.path, err))
			return
		}
		for _, d := range found {
			if !yield(d, nil) {
				return
			}
		}
		if err != nil {
			yield(baseline.Decision{}, fmt.Errorf("read the decisions of store: %w", err))
		}
	}
}

// findDecisions returns what q selects, oldest first, beside the errors of what is damaged.
func (s *store) findDecisions(ctx context.Context, q baseline.Query) (found []baseline.Decision, err error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, explain(err)
	}
	var bad []error
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(e.Name(), decisionSuffix) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		d, err := s.decision(e.Name())
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed just now
		case errors.Is(err, baseline.ErrDamaged):
			bad = append(bad, err)
		case err != nil:
			return nil, err
		case lookup.Selects(q, d):
			found = append(found, d)
		}
	}
	slices.SortFunc(found, lookup.OldestFirst)
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[len(found)-q.Limit:]
	}
	return found, errors.Join(bad...)
}
