package dir

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/baseline"
)

// The index stands in a directory of its own, which git is told to leave alone.
const (
	indexDir  = ".index"
	indexFile = "points"
	indexTemp = "new-" // begins the name of an index that is being written
)

// settling is how long after its last change a file is read anew: within the
// tick of a file system's clock, of two seconds at most, a second change leaves the
// stamp as it is.
const settling = 2 * time.Second

// catalog is what a directory holds: the index where it tells the truth, the
// files where it does not. Nobody needs a lock for it: whoever finds the index stale
// writes a new one beside it and renames it, and the last one stays.
type catalog struct {
	store   *store
	file    *os.File // the index; nil when there is none
	start   int64    // of the points in it
	keys    []baseline.Key
	numbers map[baseline.Key]uint32
	entries []*entry // of the files whose header is whole, by name
	bad     []error  // of the others
	stale   bool     // the index is not what it should be
	buffer  []byte   // for the points of one run
}

// catalog compares the directory with the index. The caller closes it.
func (s *store) catalog(ctx context.Context) (*catalog, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	c := &catalog{store: s}
	old := c.load()
	still := 0 // of old
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			c.close()
			return nil, err
		}
		e, err := c.entry(name, old[name])
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed by another process just now
		case err != nil:
			c.bad = append(c.bad, err)
		default:
			c.entries = append(c.entries, e)
			if old[name] != nil {
				still++
			}
		}
	}
	c.stale = c.stale || still < len(old)
	return c, nil
}

// entry returns what is known of a file: old, if the file is still the one that
// it was read from, else what its header says now.
func (c *catalog) entry(name string, old *entry) (*entry, error) {
	now, err := c.store.stamp(name)
	if err != nil {
		return nil, err
	}
	if old != nil && old.settled && old.stamp == now {
		return old, nil
	}
	h, err := c.store.header(name)
	if err != nil {
		return nil, err
	}
	c.stale = true
	return &entry{header: h, name: name, stamp: now, settled: now.settled()}, nil
}

// stamp returns that of a file, without following a link.
func (s *store) stamp(name string) (stamp, error) {
	var st unix.Stat_t
	path := filepath.Join(s.path, name)
	if err := unix.Lstat(path, &st); err != nil {
		return stamp{}, explain(&fs.PathError{Op: "lstat", Path: path, Err: err})
	}
	return stamp{st.Size, st.Mtim.Nano(), st.Ctim.Nano()}, nil
}

// settled reports whether a file of this stamp was last changed long enough ago.
func (s stamp) settled() bool {
	return max(s.modified, s.changed) < time.Now().Add(-settling).UnixNano()
}

// load reads the head of the index; whatever is wrong with it, there is none.
func (c *catalog) load() map[string]*entry {
	folder, err := os.Lstat(filepath.Join(c.store.path, indexDir))
	if err != nil || !folder.IsDir() {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(c.store.path, indexDir, indexFile), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil
	}
	entries := c.read(f, info.Size())
	if entries == nil {
		f.Close()
		return nil
	}
	c.file = f
	old := make(map[string]*entry, len(entries))
	for _, e := range entries {
		old[e.name] = e
	}
	return old
}

// read returns the entries of an index of size bytes; nil for what is none.
func (c *catalog) read(f *os.File, size int64) []*entry {
	first := make([]byte, indexHead)
	if _, err := f.ReadAt(first, 0); err != nil {
		return nil
	}
	length, err := headLength(first)
	if err != nil || length > size-int64(indexHead) {
		return nil
	}
	data := make([]byte, int64(indexHead)+length)
	if _, err := f.ReadAt(data, 0); err != nil {
		return nil
	}
	keys, entries, start, err := unpackIndex(data)
	if err != nil {
		return nil
	}
	c.keys, c.start = keys, start
	for _, e := range entries {
		if e.known && e.at > size-start-int64(e.count)*pointSize {
			return nil // cut off
		}
	}
	return entries
}

// number returns that of a key, a new one where it has none yet.
func (c *catalog) number(k baseline.Key) uint32 {
	if c.numbers == nil {
		c.numbers = make(map[baseline.Key]uint32, len(c.keys))
		for i, k := range c.keys {
			c.numbers[k] = uint32(i)
		}
	}
	n, found := c.numbers[k]
	if !found {
		n = uint32(len(c.keys))
		c.numbers[k] = n
		c.keys = append(c.keys, k)
	}
	return n
}

// points returns those of a run, from the index where they are there and whole,
// else from the run's file. They are valid until the next call.
func (c *catalog) points(e *entry) ([]byte, error) {
	if e.fresh != nil {
		return e.fresh, nil
	}
	if e.known && c.file != nil {
		if data, ok := c.stored(e); ok {
			return data, nil
		}
	}
	c.stale = true
	e.known = false
	now, err := c.store.stamp(e.name) // before the file is read: a later change shows
	if err != nil {
		return nil, err
	}
	r, _, err := c.store.read(e.name)
	if err != nil {
		return nil, err
	}
	e.stamp, e.settled = now, now.settled()
	e.fresh = packPoints(r.Samples, c.number)
	if e.fresh == nil {
		e.fresh = []byte{}
	}
	e.known, e.count, e.sum = true, len(e.fresh)/pointSize, crc32.Checksum(e.fresh, castagnoli)
	return e.fresh, nil
}

// stored reads points from the index, if they are whole.
func (c *catalog) stored(e *entry) ([]byte, bool) {
	size := e.count * pointSize
	if cap(c.buffer) < size {
		c.buffer = make([]byte, size)
	}
	data := c.buffer[:size]
	if _, err := c.file.ReadAt(data, c.start+e.at); err != nil || crc32.Checksum(data, castagnoli) != e.sum {
		return nil, false
	}
	for at := 0; at < size; at += pointSize {
		if int(le32(data[at:])) >= len(c.keys) {
			return nil, false
		}
	}
	return data, true
}

// close writes the index if it was stale. That it cannot, on a full disk or in a
// directory that may only be read, costs time and nothing else.
func (c *catalog) close() {
	if c.stale && (len(c.entries) > 0 || c.file != nil) {
		_ = c.save()
	}
	if c.file != nil {
		c.file.Close()
	}
}

// save writes the index under a temporary name and renames it.
func (c *catalog) save() error {
	folder := filepath.Join(c.store.path, indexDir)
	if err := os.Mkdir(folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no directory: %w", folder, err)
	}
	c.sweep(folder)
	ignore := filepath.Join(folder, ".gitignore")
	if _, err := os.Lstat(ignore); err != nil {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(folder, indexTemp)
	if err != nil {
		return err
	}
	err = errors.Join(c.write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(folder, indexFile))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// write writes the index. Points that were in the old one are copied; those that
// are not whole there are left to be read again.
func (c *catalog) write(f io.Writer) error {
	where := make([]int64, len(c.entries)) // in the old index
	for i, e := range c.entries {
		where[i] = e.at
		if e.known && e.fresh == nil && c.file == nil {
			e.known = false
		}
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if _, err := w.Write(packIndex(c.keys, c.entries)); err != nil {
		return err
	}
	for i, e := range c.entries {
		switch {
		case !e.known:
		case e.fresh != nil:
			if _, err := w.Write(e.fresh); err != nil {
				return err
			}
		default:
			if _, err := io.CopyN(w, io.NewSectionReader(c.file, c.start+where[i], int64(e.count)*pointSize), int64(e.count)*pointSize); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

// sweep removes what a process that died has left half-written.
func (c *catalog) sweep(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), indexTemp) && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}
