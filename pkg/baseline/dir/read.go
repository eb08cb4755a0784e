package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/internal/lookup"
)

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
	id, err := lookup.ParseID(id)
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

// openRun opens the file of a run. What is no regular file (a pipe, which nobody
// may write to, a device without an end, a link to either) is damaged.
func (s *store) openRun(name string) (*os.File, fs.FileInfo, error) {
	path := filepath.Join(s.path, name)
	strange := func(mode fs.FileMode) error {
		return fault(path, fmt.Errorf("%w: it is no regular file but %s", baseline.ErrDamaged, kind(mode)))
	}
	info, err := os.Lstat(path) // first, for opening a device may do something
	if err != nil {
		return nil, nil, explain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, strange(info.Mode())
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, explain(err)
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() { // exchanged just now
		err = strange(info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// kind returns in words what a file is that is no regular one.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// read reads a whole file.
func (s *store) read(name string) (baseline.Run, string, error) {
	f, info, err := s.openRun(name)
	if err != nil {
		return baseline.Run{}, "", err
	}
	defer f.Close()
	path := filepath.Join(s.path, name)
	h, err := readHeader(f, path, info.Size()) // also compares the size, before that much memory is taken
	if err != nil {
		return baseline.Run{}, "", err
	}
	data := make([]byte, h.size+h.body)
	if _, err := f.ReadAt(data, 0); err != nil {
		return baseline.Run{}, "", fmt.Errorf("read %s: %w", path, err)
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

// fault adds to err the file, and to damage what to do about it.
func fault(path string, err error) error {
	if errors.Is(err, baseline.ErrDamaged) {
		return fmt.Errorf("read %s: %w: %s", path, err, remedy)
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// header reads the header of a file and compares the file's size with it.
func (s *store) header(name string) (header, error) {
	f, info, err := s.openRun(name)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	path := filepath.Join(s.path, name)
	h, err := readHeader(f, path, info.Size())
	if err == nil && (idOf(name) == "" || !strings.HasPrefix(h.id, idOf(name))) {
		err = fault(path, fmt.Errorf("%w: its name is that of another run", baseline.ErrDamaged))
	}
	if err != nil {
		return header{}, err
	}
	return h, nil
}

// readHeader reads the header of a file of size bytes and compares size with it.
func readHeader(f *os.File, path string, size int64) (h header, err error) {
	// Nearly every header fits in the first piece.
	for piece := int64(4 << 10); ; piece *= 16 {
		piece = min(piece, headerMax)
		data := make([]byte, min(piece, size))
		if _, err := f.ReadAt(data, 0); err != nil {
			return header{}, fmt.Errorf("read %s: %w", path, err)
		}
		if h, err = decodeHeader(data); err == nil || piece == headerMax || piece >= size {
			break
		}
	}
	if err == nil && size != int64(h.size)+int64(h.body) {
		err = fmt.Errorf("%w: %d bytes, %d were written", baseline.ErrDamaged, size, h.size+h.body)
	}
	if err != nil {
		return header{}, fault(path, err)
	}
	return h, nil
}
