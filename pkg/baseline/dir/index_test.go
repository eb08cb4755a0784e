package dir

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// answers are what a store says of its runs; the index must make no difference to
// them.
type answers struct {
	infos         []baseline.RunInfo
	points        []baseline.Point
	list, history string // errors
}

func ask(t *testing.T, path string) (a answers) {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a.infos, err = s.List(t.Context(), baseline.Query{})
	if err != nil {
		a.list = err.Error()
	}
	for p, err := range s.History(t.Context(), baseline.Query{}) {
		if err != nil {
			a.history = err.Error()
			continue
		}
		a.points = append(a.points, p)
	}
	return a
}

// sameAsWithout fails unless a store answers as it does without its index, which
// it then has again.
func sameAsWithout(t *testing.T, path string) answers {
	t.Helper()
	have := ask(t, path)
	if err := os.RemoveAll(filepath.Join(path, indexDir)); err != nil {
		t.Fatal(err)
	}
	want := ask(t, path)
	if !reflect.DeepEqual(have, want) {
		t.Errorf("with the index:\n%+v\nwithout:\n%+v", have, want)
	}
	if again := ask(t, path); !reflect.DeepEqual(again, want) {
		t.Errorf("with a new index:\n%+v\nwithout:\n%+v", again, want)
	}
	return want
}

// indexed makes a store of n runs whose files are old enough to be trusted, with an index.
func indexed(t *testing.T, n int) (path string) {
	t.Helper()
	path = t.TempDir()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := s.Put(t.Context(), storetest.Example(i)); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, path)
	return path
}

// settle makes the index say that the files are old, as it will in two seconds.
func settle(t *testing.T, path string) {
	t.Helper()
	ask(t, path)
	s := &store{path: path}
	c, err := s.catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.entries {
		if _, err := c.points(e); err != nil {
			t.Fatal(err)
		}
		e.settled = true
	}
	c.stale = true
	c.close()
}

// trusted returns how many entries of the index are taken as they are.
func trusted(t *testing.T, path string) int {
	t.Helper()
	c, err := (&store{path: path}).catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.stale = false
	defer c.close()
	n := 0
	for _, e := range c.entries {
		if e.settled && e.known {
			n++
		}
	}
	return n
}

func TestIndexIsUsed(t *testing.T) {
	path := indexed(t, 5)
	if n := trusted(t, path); n != 5 {
		t.Errorf("%d of 5 runs are known from the index", n)
	}
	sameAsWithout(t, path)
	if text, err := os.ReadFile(filepath.Join(path, indexDir, ".gitignore")); err != nil || string(text) != "*\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// What happens to the files of runs shows, whatever the index says.
func TestIndexIsNotTrustedOverFiles(t *testing.T) {
	check := func(name string, alter func(t *testing.T, path, file string)) {
		t.Run(name, func(t *testing.T) {
			path := indexed(t, 4)
			files, _ := filepath.Glob(filepath.Join(path, "*.txt"))
			before := ask(t, path)
			alter(t, path, files[1])
			if after := sameAsWithout(t, path); reflect.DeepEqual(after, before) {
				t.Error("nothing was altered")
			}
		})
	}
	check("a run removed", func(t *testing.T, _, file string) { _ = os.Remove(file) })
	check("a run damaged", func(t *testing.T, _, file string) { _ = os.Truncate(file, 300) })
	check("one byte altered, size and time as before", func(t *testing.T, _, file string) {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(file)
		text[len(text)-10] ^= 1
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	})
	check("exchanged for another run", func(t *testing.T, path, file string) {
		r := storetest.Example(50)
		_ = os.Remove(file)
		if err := os.WriteFile(filepath.Join(path, fileName(r)), encode(r), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	check("a pipe in its place", func(t *testing.T, _, file string) {
		_ = os.Remove(file)
		if err := syscall.Mkfifo(file, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	check("a newer layout", func(t *testing.T, _, file string) {
		text, _ := os.ReadFile(file)
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), "regress-store: 2", "regress-store: 3", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	check("all gone", func(t *testing.T, path, _ string) {
		files, _ := filepath.Glob(filepath.Join(path, "*.txt"))
		for _, f := range files {
			_ = os.Remove(f)
		}
	})
}

// An index that is cut, altered at any byte, or something else altogether is no
// index.
func TestIndexMayBeDamaged(t *testing.T) {
	path := indexed(t, 3)
	want := ask(t, path)
	name := filepath.Join(path, indexDir, indexFile)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, at int, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if have := ask(t, path); !reflect.DeepEqual(have, want) {
			t.Fatalf("%s at %d:\n%+v\nwant\n%+v", what, at, have, want)
		}
	}
	step := 7
	if testing.Short() {
		step = 97
	}
	for i := 0; i < len(whole); i += step {
		try("cut", i, whole[:i])
		altered := slices.Clone(whole)
		altered[i] ^= 0x10
		try("altered", i, altered)
	}
	try("grown", len(whole), append(slices.Clone(whole), whole...))

	folder := filepath.Join(path, indexDir)
	for what, make := range map[string]func() error{
		"a pipe":                  func() error { return syscall.Mkfifo(name, 0o644) },
		"a directory":             func() error { return os.MkdirAll(name, 0o755) },
		"a device":                func() error { return os.Symlink("/dev/zero", name) },
		"a file for a directory":  func() error { _ = os.RemoveAll(folder); return os.WriteFile(folder, nil, 0o644) },
		"a link for a directory":  func() error { _ = os.RemoveAll(folder); return os.Symlink(t.TempDir(), folder) },
		"a link to the directory": func() error { _ = os.RemoveAll(folder); return os.Symlink(".", folder) },
	} {
		_ = os.RemoveAll(name)
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if have := ask(t, path); !reflect.DeepEqual(have, want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", what, have, want)
		}
		_ = os.RemoveAll(folder)
		ask(t, path)
	}
	if entries, _ := os.ReadDir(path); len(entries) != 3+3 { // runs, .lock, .gitignore and .index
		t.Errorf("%v", entries)
	}
}

// Another store's index, copied over, says nothing of these files.
func TestIndexOfAnotherStore(t *testing.T) {
	one, other := indexed(t, 4), indexed(t, 3)
	data, err := os.ReadFile(filepath.Join(one, indexDir, indexFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, indexDir, indexFile), data, 0o644); err != nil {
		t.Fatal(err)
	}
	sameAsWithout(t, other)
}

// A directory that may only be read is read.
func TestIndexNeedsNoRightToWrite(t *testing.T) {
	path := indexed(t, 2)
	want := ask(t, path)
	_ = os.RemoveAll(filepath.Join(path, indexDir))
	if err := os.WriteFile(filepath.Join(path, indexDir), nil, 0o444); err != nil { // root may write anywhere but there
		t.Fatal(err)
	}
	if have := ask(t, path); !reflect.DeepEqual(have, want) {
		t.Errorf("have %+v, want %+v", have, want)
	}
}

// Many write the index at once, while runs come and go.
func TestIndexWrittenByMany(t *testing.T) {
	path := indexed(t, 3)
	end := time.Now().Add(500 * time.Millisecond)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for time.Now().Before(end) {
				if have := ask(t, path); have.list != "" || have.history != "" || len(have.infos) < 3 {
					t.Errorf("%+v", have)
				}
			}
		})
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 10; time.Now().Before(end); i++ {
		r := storetest.Example(i)
		if _, err := s.Put(t.Context(), r); err != nil {
			t.Error(err)
		}
		if i%2 == 0 {
			if err := s.Remove(t.Context(), r.ID()); err != nil {
				t.Error(err)
			}
		}
	}
	all.Wait()
	sameAsWithout(t, path)
	if left, _ := filepath.Glob(filepath.Join(path, indexDir, indexTemp+"*")); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// FuzzIndex: no bytes with a right sum make the reader panic or take memory that
// they do not fill, and what it accepts is written again as it was read.
func FuzzIndex(f *testing.F) {
	one := storetest.Example(1)
	e := &entry{header: header{run: one, id: one.ID(), series: 2}, name: fileName(one), stamp: stamp{1, 2, 3}, settled: true, known: true, count: 2, sum: 5}
	e.run.Samples, e.run.Raw = nil, nil
	head := func(keys []baseline.Key, entries ...*entry) []byte { return packIndex(keys, entries)[indexHead:] }
	f.Add(head(nil))
	f.Add(head([]baseline.Key{one.Samples[0].Key, one.Samples[1].Key}, e))
	f.Add(head([]baseline.Key{{}}, &entry{}, e))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append([]byte(indexMagic), make([]byte, 12)...)
		binary.LittleEndian.PutUint32(data[len(indexMagic):], crc32.Checksum(body, castagnoli))
		binary.LittleEndian.PutUint64(data[len(indexMagic)+4:], uint64(len(body)))
		keys, entries, size, err := unpackIndex(append(data, body...))
		if err != nil {
			return
		}
		if size != int64(len(data)+len(body)) {
			t.Errorf("%d bytes, want %d", size, len(data)+len(body))
		}
		// Offsets are set when it is written; all else comes back.
		again, same, _, err := unpackIndex(packIndex(keys, entries))
		if err != nil || !slices.Equal(again, keys) || len(same) != len(entries) {
			t.Fatalf("%v, %v want %v, %d entries want %d", err, again, keys, len(same), len(entries))
		}
		for i, e := range same {
			e.at = entries[i].at
			if !equalEntries(*e, *entries[i]) {
				t.Errorf("entry %d: have %+v, want %+v", i, e, entries[i])
			}
		}
	})
}

// equalEntries compares quotas by their bits: one may be no number.
func equalEntries(a, b entry) bool {
	qa, qb := a.run.Environment.Quota, b.run.Environment.Quota
	a.run.Environment.Quota, b.run.Environment.Quota = 0, 0
	return reflect.DeepEqual(a, b) && (qa == qb || qa != qa && qb != qb)
}
