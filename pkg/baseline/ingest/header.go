package ingest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// header is what `key: value` lines have said so far of where results come from and of the machine.
type header struct {
	*notes
	keys    map[string]string
	parsed  *parsed           // what they say; nil: look again
	printed bool              // below a pkg: line of go test: what looks like a key was printed by a benchmark
	opened  bool              // the line above is pkg:, and so this one may be cpu:
	left    map[string]string // packages that go test is not done with, and the one whose lines came then
	foreign map[string]string // keys that mean nothing to regress
	named   map[string]bool   // those of them that a warning has named
}

// parsed is a header as far as it has come.
type parsed struct {
	Header
	fingerprint string
}

// splitKey takes a configuration line of the benchmark format apart: the key
// begins with a lower-case letter and has neither spaces nor upper-case letters,
// and a space follows its colon unless the value is empty.
func splitKey(line []byte) (key, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || (colon+1 < len(line) && line[colon+1] != ' ' && line[colon+1] != '\t') {
		return nil, nil, false
	}
	key = line[:colon]
	if first, _ := utf8.DecodeRune(key); !unicode.IsLower(first) {
		return nil, nil, false
	}
	if bytes.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsUpper(r) }) {
		return nil, nil, false
	}
	return key, bytes.TrimSpace(line[colon+1:]), true
}

// classify returns what a line of the form `key: value` is taken for: a fact, or not. Below the
// pkg: line of go test it is what a benchmark printed, but for the few that go test itself prints
// there; a key that means something is then passed over. adjacent: the line above was pkg:.
func (h *header) classify(key, value string, adjacent bool) Class {
	switch {
	case key == keyPackage && blank(value):
		return ClassPassed
	case key == keySide || key == keyPackage:
	case h.regress && h.body:
		return ClassOutput // the header says it once; what a benchmark prints cannot change it
	case h.printed && key != keyOS && key != keyArch && (key != keyCPU || !adjacent):
		if !keys[key] {
			return ClassOutput
		}
		return ClassPassed
	case oneWord[key] && blank(value):
		return ClassPassed
	}
	return ClassFact
}

// blank reports whether there are blanks of any kind in a text.
func blank(text string) bool { return strings.ContainsFunc(text, unicode.IsSpace) }

// oneWord are the keys, besides pkg, whose value has no blanks.
var oneWord = map[string]bool{
	keyOS: true, keyArch: true, keyCommit: true, "branch": true,
	"base-commit": true, "base-branch": true, "anchor-commit": true, "anchor-ref": true,
}

// fit returns the value of a key as far as a store would keep it, with a warning where it is cut.
func (h *header) fit(key, value string) string {
	if keepable([]byte(value)) || !keys[key] && key != keyPackage {
		return value
	}
	h.warn(baseline.Warning{Kind: baseline.LongFact, File: h.file, Line: h.at(), Of: key})
	value = strings.ToValidUTF8(value, "?")
	return strings.ToValidUTF8(value[:min(len(value), baseline.MaxName)], "")
}

// set takes in a key that means something to regress, other than side and pkg.
func (h *header) set(key, value string) {
	h.restart(key)
	h.keys[key] = value
	h.parsed = nil
	switch key {
	case keyVersion:
		if value != version {
			h.err = fmt.Errorf("line %d: it has version %s of the raw log and this program reads version %s; update regress", h.at(), value, version)
		}
		h.regress = true
	case keyShard: // what is not known to be missing would not be missed
		if err := setShards(&Header{}, value); err != nil && h.regress {
			h.err = fmt.Errorf("line %d: %s: %w", h.at(), key, err)
		}
	case keySeed:
		if err := setSeed(&Header{}, value); err != nil {
			h.warn(baseline.Warning{Kind: baseline.BadFact, File: h.file, Line: h.at(), Of: key, Detail: value})
		}
	}
}

// restart forgets the machine when go test begins anew with `goos:`, so that a
// text of one machine appended to that of another, which has no `cpu:` line,
// does not inherit it.
func (h *header) restart(key string) {
	if key == keyOS && !h.regress {
		maps.DeleteFunc(h.keys, func(k, _ string) bool { return k == keyArch || k == keyCPU })
	}
}

// setForeign warns of a key that benchstat would tell results apart by, where it changes and
// there are results. Few are looked at, since what benchmarks print can look like a key.
func (h *header) setForeign(key, value string, results bool) {
	const most = 50
	old, had := h.foreign[key]
	switch {
	case had && old != value && results && !h.regress:
		h.warn(baseline.Warning{Kind: baseline.KeyChanges, File: h.file, Of: key, Other: string(clip([]byte(old))), Detail: string(clip([]byte(value)))})
		delete(h.foreign, key)
		h.named[key] = true
	case !h.named[key] && len(h.foreign)+len(h.named) < most:
		h.foreign[key] = value
	}
}

// parse returns what the keys say, until one of them changes. A fact of the machine that is none is
// taken as unknown, with a warning.
func (h *header) parse() *parsed {
	if h.parsed != nil {
		return h.parsed
	}
	h.parsed = &parsed{}
	for _, f := range facts {
		text := h.keys[f.key]
		if text == "" {
			continue
		}
		if err := f.set(&h.parsed.Header, text); err != nil && f.machine {
			h.warn(baseline.Warning{Kind: baseline.BadFact, File: h.file, Of: f.key, Detail: text})
			delete(h.keys, f.key)
		}
	}
	h.parsed.fingerprint = h.parsed.Environment.Fingerprint()
	return h.parsed
}

// origin returns where the code of the present side came from. In a raw log of regress `commit` is
// head's; in other texts it is that of the results below it.
func (h *header) origin() Origin {
	said := h.parse()
	own := said.Base
	switch {
	case h.side.Judged():
		return said.Head
	case h.side == baseline.Anchor:
		own = said.Anchor
	}
	if h.regress {
		return own
	}
	return Origin{Commit: cmp.Or(own.Commit, said.Head.Commit), Ref: cmp.Or(own.Ref, said.Head.Ref)}
}

// begun returns a run of the present side, without results.
func (h *header) begun() baseline.Run {
	if text := h.keys[keyStarted]; text != "" && h.parse().Started.IsZero() {
		h.warn(baseline.Warning{Kind: baseline.BadFact, File: h.file, Of: keyStarted, Detail: text})
	}
	said, from := h.parse(), h.origin()
	return baseline.Run{
		Project: said.Project, Side: h.side, Commit: from.Commit, Branch: from.Ref, Environment: said.Environment,
		Dirty: said.Dirty && h.side.Judged(), Time: said.Started,
	}
}
