package count

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// shelf is a directory where what was compiled is kept for the next process of the same user. Where
// nothing can be kept, it is a temporary one.
type shelf struct {
	dir       string
	temporary bool
}

// openShelf returns the shelf in the cache of the user, else a temporary one.
func openShelf() (shelf, error) {
	dir, err := os.UserCacheDir()
	if err == nil {
		dir = filepath.Join(dir, "regress", "count")
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		var probe string
		if probe, err = os.MkdirTemp(dir, "making-"); err == nil {
			return shelf{dir: dir}, os.Remove(probe)
		}
	}
	temp, tempErr := os.MkdirTemp("", "regress-count-")
	if tempErr != nil {
		return shelf{}, fmt.Errorf("a place for the counter's plugin: %w", errors.Join(err, tempErr))
	}
	return shelf{dir: temp, temporary: true}, nil
}

// close removes a temporary shelf.
func (s shelf) close() error {
	if !s.temporary {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// get returns the path of a file of the shelf, which produce writes to the path that it is given
// where it is not there yet. Of several processes at once each makes it, and one's stays: what is
// half made has another name.
func (s shelf) get(name string, produce func(path string) error) (string, error) {
	path := filepath.Join(s.dir, name)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path, nil
	}
	making, err := os.MkdirTemp(s.dir, "making-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(making)
	half := filepath.Join(making, name)
	if err := produce(half); err != nil {
		return "", err
	}
	return path, os.Rename(half, path)
}

// digest returns the key of what is made of these parts.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n%s", len(p), p)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}
