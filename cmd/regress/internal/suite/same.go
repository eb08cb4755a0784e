package suite

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// SameWhy is the proof that Same gives, in words.
const SameWhy = "the test binaries are equal to the byte, and no file differs that its benchmarks can be expected to read"

// Same reports whether nothing in a change can have made the benchmarks of a package slower: the
// test binaries are equal to the byte, and no file differs that a benchmark may read while it runs.
// changed are the files that differ between the trees of the two suites, relative to their tops.
//
// A benchmark may read what lies below its package's directory, but for
//
//   - Go files, go.mod, go.sum and go.work: what they do is in the binary;
//   - other modules below it;
//   - text about the code rather than of it: *.md and the like, README, LICENSE and the like,
//     everything in docs, and what begins with a dot, .github and .gitignore among them;
//   - regress.toml;
//
// unless the package's own source names such a file, its folder or its extension in a string. Where
// head.Inputs has a word on a file, wherever it lies, that counts instead. A package outside the
// tree, or one that has moved, is not vouched for.
func Same(head, other *Suite, p, twin *Package, changed []string) bool {
	if p.Hash == "" || p.Hash != twin.Hash {
		return false
	}
	rel, err := filepath.Rel(head.Root, p.Dir)
	if err != nil || !filepath.IsLocal(rel) || twin.Dir != filepath.Join(other.Root, rel) {
		return false
	}
	var named *literals // of the package, once they are needed
	for _, file := range changed {
		below, ok := cutDir(file, filepath.ToSlash(rel))
		if ok && p.built(below) && twin.built(below) {
			continue
		}
		if read, known := head.Inputs.say(file); read {
			return false
		} else if known || !ok {
			continue
		}
		if !unread(below) && !nested(p.Dir, below) && !nested(twin.Dir, below) {
			return false
		}
		if named == nil {
			named = &literals{}
			if !named.read(p) || !named.read(twin) {
				return false
			}
		}
		if named.mention(below) {
			return false
		}
	}
	return true
}

// built reports whether a file of the package is in its binary.
func (p *Package) built(name string) bool { return slices.Contains(p.Compiled, name) }

// cutDir returns a file relative to a folder that it lies below.
func cutDir(file, dir string) (below string, ok bool) {
	if dir == "." {
		return file, true
	}
	return strings.CutPrefix(file, dir+"/")
}

var (
	goFile    = regexp.MustCompile(`(^|/)([^/]+\.go|go\.(mod|sum|work|work\.sum))$`)
	aboutName = regexp.MustCompile(`(?i)(^|/)((README|LICEN[CS]E|COPYING|NOTICE|PATENTS|AUTHORS|CONTRIBUTORS|CONTRIBUTING|CHANGE_?LOG|CHANGES|HISTORY|MAINTAINERS|SECURITY|CODEOWNERS|CODE_OF_CONDUCT|GOVERNANCE|ROADMAP|TODO)([.-][^/]*)?|[^/]+\.(md|markdown|mdx|rst|adoc|asciidoc)|regress[^/]*\.toml)$`)
	aboutDir  = regexp.MustCompile(`(?i)(^|/)(\.[^/]+|docs?)(/|$)`)
)

// unread reports whether a file is one that benchmarks do not read, going by its name. What lies in
// testdata is there to be read.
func unread(file string) bool {
	if strings.Contains("/"+file, "/testdata/") {
		return false
	}
	return goFile.MatchString(file) || aboutName.MatchString(file) || aboutDir.MatchString(file)
}

// nested reports whether a file below dir belongs to another module.
func nested(dir, file string) bool {
	for at := path.Dir(file); at != "."; at = path.Dir(at) {
		if _, err := os.Stat(filepath.Join(dir, at, "go.mod")); err == nil {
			return true
		}
	}
	return false
}
