package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Written says what Write wrote.
type Written struct {
	Files  int
	Bytes  int64
	Series int
	Points int   // runs, counted in each series
	View   int64 // bytes that the largest view of one series loads, the page included
}

// projectRow is a project as the page lists it.
type projectRow struct {
	ID   string `json:"id"` // of its folder under data
	Name string `json:"name"`
	Live bool   `json:"live,omitempty"` // a server can decide on two commits
}

// mark is a file that says that a folder is a page of ours, so that Write may replace it.
const mark = "regress-site.txt"

// Write writes the page of some projects into the folder dir, which is made where it is not there.
// A folder that holds something else is refused. A reader who has the page open meanwhile sees
// either the old data or the new: files carry the build that they are of.
func Write(dir string, projects ...*Project) (Written, error) {
	out := Written{}
	if err := claim(dir); err != nil {
		return out, err
	}
	files := map[string][]byte{}
	for name, text := range bundle() {
		files[name] = text
	}
	var rows []projectRow
	for i, p := range projects {
		own := documents(p, fmt.Sprintf("p%d", i))
		rows = append(rows, projectRow{ID: own.id, Name: p.Name})
		out.Series += len(p.Page.Series)
		for _, s := range p.Page.Series {
			out.Points += len(s.Points)
		}
		view := int64(len(bundle()["index.html"]) + len(bundle()["app.js"]) + len(bundle()["app.css"]))
		out.View = max(out.View, view+own.view())
		for name, text := range own.files {
			files["data/"+name] = text
		}
	}
	files["data/projects.js"] = script("projects", "", encoded(rows))
	kept := map[string]bool{mark: true}
	for name, text := range files {
		kept[name] = true
		out.Files++
		out.Bytes += int64(len(text))
		if err := put(dir, name, text); err != nil {
			return out, fmt.Errorf("write the page: %w", err)
		}
	}
	return out, sweep(dir, kept)
}

// claim makes the folder of a page, or checks that it is one, and marks it.
func claim(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the page: %w", err)
	}
	named := func(e fs.DirEntry) bool { return e.Name() == mark }
	if len(entries) > 0 && !slices.ContainsFunc(entries, named) {
		return fmt.Errorf("write the page: %s holds other files, and a page replaces what is in its folder: name a new or an empty one", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, mark), []byte("Written by regress site, which replaces what is in this folder. Open index.html.\n"), 0o644)
}

func put(dir, name string, text []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// sweep removes files of an older page.
func sweep(dir string, kept map[string]bool) error {
	data := filepath.Join(dir, "data")
	return filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if name, err := filepath.Rel(dir, path); err != nil || kept[filepath.ToSlash(name)] {
			return err
		}
		return os.Remove(path)
	})
}

// documentSet is the data of one project as files.
type documentSet struct {
	id, build string
	files     map[string][]byte // by name below data
	values    map[string]any
}

// documents returns the data of a project: the same project gives the same bytes.
func documents(p *Project, id string) documentSet {
	b := bind(p)
	shards := b.shards()
	first, causes := b.index(len(shards))
	values := map[string]any{"index": first, "list": b.listing(causes), "runs": b.runsFile()}
	for i, s := range shards {
		values[fmt.Sprintf("s%d", i)] = s
	}
	texts, hash := map[string][]byte{}, sha256.New()
	for name, value := range values {
		texts[name] = encoded(value)
	}
	names := make([]string, 0, len(texts))
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(hash, "%s %d\n", name, len(texts[name]))
		hash.Write(texts[name])
	}
	out := documentSet{id: id, build: hex.EncodeToString(hash.Sum(nil)[:6]), files: map[string][]byte{}, values: values}
	for name, text := range texts {
		out.files[id+"/"+name+".js"] = script(id+"/"+name, out.build, text)
	}
	return out
}

// view returns how many bytes of data the largest view of one series loads.
func (d documentSet) view() int64 {
	shard := 0
	for name, text := range d.files {
		if filepath.Base(name)[0] == 's' {
			shard = max(shard, len(text))
		}
	}
	return int64(shard + len(d.files[d.id+"/index.js"]) + len(d.files[d.id+"/runs.js"]))
}

// script returns a file that hands a value over.
func script(name, build string, value []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "regressData(%s, %s, ", encoded(name), encoded(build))
	b.Write(value)
	b.WriteString(");\n")
	return b.Bytes()
}

// encoded returns a value as JSON that is a literal of JavaScript too: encoding/json escapes <, >,
// &, U+2028 and U+2029.
func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("site: %T: %v", value, err)) // no value is infinite: course refuses them
	}
	return text
}
