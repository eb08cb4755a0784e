package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// List reads the headers alone. Beside the runs that are whole it returns an
// error for each file that is not, which wraps [baseline.ErrDamaged].
func (s *store) List(ctx context.Context, q baseline.Query) ([]baseline.RunInfo, error) {
	if err := q.Valid(); err != nil {
		return nil, fmt.Errorf("list store %s: %w", s.path, err)
	}
	names, err := s.names()
	if err != nil {
		return nil, fmt.Errorf("list store %s: %w", s.path, err)
	}
	var infos []baseline.RunInfo
	var bad []error
	seen := map[string]bool{}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("list store %s: %w", s.path, err)
		}
		h, err := s.header(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed by another process just now
		case err != nil:
			bad = append(bad, fmt.Errorf("list store: %w", err))
		case !seen[h.id] && q.Match(h.info()):
			seen[h.id] = true
			infos = append(infos, h.info())
		}
	}
	slices.SortFunc(infos, func(a, b baseline.RunInfo) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.ID, b.ID))
	})
	if q.Limit > 0 && len(infos) > q.Limit {
		infos = infos[:q.Limit]
	}
	return infos, errors.Join(bad...)
}

// Get reads one run and checks its sums.
func (s *store) Get(ctx context.Context, id string) (baseline.Run, error) {
	names, err := s.find(ctx, id)
	if err != nil {
		return baseline.Run{}, fmt.Errorf("get run from store %s: %w", s.path, err)
	}
	// Copies of one run may lie in two files; one that is whole will do.
	var errs []error
	for _, name := range names {
		r, _, err := s.read(name)
		switch {
		case err == nil:
			return r, nil
		case !errors.Is(err, fs.ErrNotExist): // else removed by another process just now
			errs = append(errs, fmt.Errorf("get run: %w", err))
		}
	}
	if len(errs) == 0 {
		return baseline.Run{}, fmt.Errorf("get run %s from store %s: %w", id, s.path, baseline.ErrNotFound)
	}
	return baseline.Run{}, errors.Join(errs...)
}

// find lists the files of the one run whose ID begins with id.
func (s *store) find(ctx context.Context, id string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	id, err := baseline.ParseID(id)
	if err != nil {
		return nil, err
	}
	have, err := s.byID()
	if err != nil {
		return nil, err
	}
	var found []string
	for short := range have {
		if strings.HasPrefix(short, id[:min(len(id), idLength)]) && short != "" {
			found = append(found, short)
		}
	}
	slices.Sort(found)
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("run %s: %w", id, baseline.ErrNotFound)
	case len(found) > 1:
		return nil, fmt.Errorf("run %s: %d runs begin so (%s, …): give more digits", id, len(found), strings.Join(found[:2], ", "))
	}
	names := have[found[0]]
	if len(id) > idLength {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			h, err := s.header(name)
			return err == nil && !strings.HasPrefix(h.id, id)
		})
		if len(names) == 0 {
			return nil, fmt.Errorf("run %s: %w", id, baseline.ErrNotFound)
		}
	}
	return names, nil
}

const (
	headerMax = 1 << 20
	remedy    = "put back the file from a backup or delete it"
)

// read reads a whole file.
func (s *store) read(name string) (baseline.Run, string, error) {
	path := filepath.Join(s.path, name)
	data, err := os.ReadFile(path)
	if err != nil {
		return baseline.Run{}, "", explain(err)
	}
	r, id, err := decode(data)
	if err == nil && !strings.HasPrefix(id, idOf(name)) {
		err = fmt.Errorf("%w: its name is that of another run", baseline.ErrDamaged)
	}
	if err != nil {
		return baseline.Run{}, "", fault(path, err)
	}
	return r, id, nil
}

func fault(path string, err error) error {
	if errors.Is(err, baseline.ErrDamaged) {
		return fmt.Errorf("read %s: %w: %s", path, err, remedy)
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// header reads the header of a file and compares the file's size with it.
func (s *store) header(name string) (header, error) {
	path := filepath.Join(s.path, name)
	f, err := os.Open(path)
	if err != nil {
		return header{}, explain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return header{}, err
	}
	var h header
	// Nearly every header fits in the first piece.
	for size := int64(4 << 10); ; size *= 16 {
		size = min(size, headerMax)
		data := make([]byte, min(size, info.Size()))
		if _, err := f.ReadAt(data, 0); err != nil {
			return header{}, fmt.Errorf("read %s: %w", path, err)
		}
		if h, err = decodeHeader(data); err == nil || size == headerMax || size >= info.Size() {
			break
		}
	}
	if err == nil && info.Size() != int64(h.size)+int64(h.body) {
		err = fmt.Errorf("%w: %d bytes, %d were written", baseline.ErrDamaged, info.Size(), h.size+h.body)
	}
	if err == nil && (idOf(name) == "" || !strings.HasPrefix(h.id, idOf(name))) {
		err = fmt.Errorf("%w: its name is that of another run", baseline.ErrDamaged)
	}
	if err != nil {
		return header{}, fault(path, err)
	}
	return h, nil
}
