package dir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// batch is the files of one Put: written and synced under temporary names
// first, then renamed together.
type batch struct {
	path string
	ids  []string // of the runs
	temp []string // temporary paths
	want []string // final paths
	old  []string // names of damaged files that the batch replaces
}

// write writes and syncs one file under a temporary name.
func (b *batch) write(id, name string, data []byte) error {
	f, err := os.CreateTemp(b.path, temporary)
	if err != nil {
		return err
	}
	b.ids = append(b.ids, id)
	b.temp = append(b.temp, f.Name())
	b.want = append(b.want, filepath.Join(b.path, name))
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Chmod(0o644) // CreateTemp's 0600 would hide the run from colleagues and later CI steps
	}
	return errors.Join(err, f.Close())
}

// discard takes back what was written.
func (b *batch) discard() error {
	var errs []error
	for _, path := range b.temp {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// publish gives the files their names, all or none.
func (b *batch) publish() error {
	for i, path := range b.temp {
		if err := os.Rename(path, b.want[i]); err != nil {
			errs := []error{explain(err), b.discard()}
			for _, done := range b.want[:i] {
				errs = append(errs, os.Remove(done))
			}
			return errors.Join(errs...)
		}
	}
	for _, name := range b.old {
		path := filepath.Join(b.path, name)
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("replace a damaged file: %w", explain(err))
		}
	}
	return syncDir(b.path)
}

// syncDir makes names durable: a file's own sync does not cover them.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return explain(err)
	}
	return errors.Join(d.Sync(), d.Close())
}
