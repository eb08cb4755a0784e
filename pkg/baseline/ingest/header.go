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

// header is what `key: value` lines have said so far.
type header struct {
	regress bool // a raw log of regress: its header ends where its body begins
	body    bool // something of the body was seen
	printed bool // below a pkg: line of go test: what looks like a key was printed by a benchmark
	opened  bool // the line above is pkg:, and so this one may be cpu:
	keys    map[string]string
	parsed  *parsed // what they say; nil: look again
	side    baseline.Side
	pkg     string
	foreign map[string]string // keys that mean nothing to regress
	named   map[string]bool   // those of them that a warning has named
}

func newHeader() header {
	return header{keys: map[string]string{}, foreign: map[string]string{}, named: map[string]bool{}}
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

// key deals with a line that looks like `key: value`; false: it does not. Below
// the pkg: line of go test it is what a benchmark printed, but for the few that go
// test itself prints there; a key that means something is then told as passed over.
func (p *part) key(line []byte, adjacent bool) bool {
	if c := line[0]; (c < 'a' || c > 'z') && c < utf8.RuneSelf {
		return false
	}
	name, text, ok := splitKey(line)
	if !ok {
		return false
	}
	key, value := string(name), string(text)
	switch {
	case key == keySide || key == keyPackage:
	case p.regress && p.body:
		p.took(ClassOutput, line) // the header says it once; what a benchmark prints cannot change it
		return true
	case p.printed && key != keyOS && key != keyArch && (key != keyCPU || !adjacent):
		if !keys[key] {
			p.took(ClassOutput, line)
		} else {
			p.passOver(baseline.FactPassedOver, line)
		}
		return true
	case oneWord[key] && strings.ContainsAny(value, " \t"):
		p.passOver(baseline.FactPassedOver, line)
		return true
	}
	p.took(ClassFact, line)
	p.set(key, value)
	return true
}

// oneWord are the keys whose value has no blanks.
var oneWord = map[string]bool{
	keyPackage: true, keyOS: true, keyArch: true, keyCommit: true, "branch": true,
	"base-commit": true, "base-branch": true, "anchor-commit": true, "anchor-ref": true,
}

// set takes in one key.
func (p *part) set(key, value string) {
	if !keepable([]byte(value)) && (keys[key] || key == keyPackage) {
		p.warn(baseline.Warning{Kind: baseline.LongFact, File: p.file, Line: p.at(), Of: key})
		value = strings.ToValidUTF8(value, "?")
		value = strings.ToValidUTF8(value[:min(len(value), baseline.MaxName)], "")
	}
	switch key {
	case keySide:
		p.setSide(value)
		return
	case keyPackage:
		p.closeBlock("")
		p.setPackage(value)
		p.body, p.printed, p.opened = true, true, true
		return
	}
	if !keys[key] {
		p.setForeign(key, value)
		return
	}
	p.restart(key)
	p.keys[key] = value
	p.parsed = nil
	p.moved()
	switch key {
	case keyVersion:
		if value != version {
			p.err = fmt.Errorf("line %d: it has version %s of the raw log and this program reads version %s; update regress", p.at(), value, version)
		}
		p.regress = true
	case keySeed:
		if err := setSeed(&Header{}, value); err != nil {
			p.warn(baseline.Warning{Kind: baseline.BadFact, File: p.file, Line: p.at(), Of: key, Detail: value})
		}
	}
}

// setPackage names the package of the results below.
func (p *part) setPackage(pkg string) {
	if pkg != p.pkg {
		p.pkg = pkg
		p.moved()
	}
}

// endPackage is go test's word that it is done with a package: results above that
// no pkg: line named are of it, and a header may follow.
func (p *part) endPackage(pkg string) {
	p.printed = false
	if p.regress {
		return
	}
	if p.pkg == "" && pkg != "" {
		p.rename(pkg)
	}
	p.setPackage("")
}

// setForeign warns of a key that benchstat would tell results apart by. Few are
// looked at, since what benchmarks print can look like a key.
func (p *part) setForeign(key, value string) {
	const most = 50
	old, had := p.foreign[key]
	switch {
	case had && old != value && len(p.runs) > 0 && !p.regress:
		p.warn(baseline.Warning{Kind: baseline.KeyChanges, File: p.file, Of: key, Other: string(clip([]byte(old))), Detail: string(clip([]byte(value)))})
		delete(p.foreign, key)
		p.named[key] = true
	case !p.named[key] && len(p.foreign)+len(p.named) < most:
		p.foreign[key] = value
	}
}

func (p *part) setSide(value string) {
	side := baseline.Side(value)
	if !knownSide(side) {
		p.err = fmt.Errorf("line %d: side %q is neither base nor head nor anchor; write `side: base` above the results of the reference and `side: head` above those to judge", p.at(), value)
		return
	}
	p.closeBlock("")
	p.side, p.round, p.body, p.printed = side, 0, true, false
	p.process++
	p.moved()
	if side != baseline.None && p.regress {
		p.run() // a side that prints nothing was measured all the same
	}
}

// parse returns what the keys say, until one of them changes. A fact of the machine that is none is
// taken as unknown, with a warning.
func (p *part) parse() *parsed {
	if p.parsed != nil {
		return p.parsed
	}
	p.parsed = &parsed{}
	for _, f := range facts {
		text := p.keys[f.key]
		if text == "" {
			continue
		}
		if err := f.set(&p.parsed.Header, text); err != nil && f.machine {
			p.warn(baseline.Warning{Kind: baseline.BadFact, File: p.file, Of: f.key, Detail: text})
			delete(p.keys, f.key)
		}
	}
	p.parsed.fingerprint = p.parsed.Environment.Fingerprint()
	return p.parsed
}

// parsed is a header as far as it has come.
type parsed struct {
	Header
	fingerprint string
}

// origin returns where the code of the present side came from. In a raw log of regress `commit` is
// head's; in other texts it is that of the results below it.
func (p *part) origin() Origin {
	h := p.parse()
	own := h.Base
	switch {
	case p.side.Judged():
		return h.Head
	case p.side == baseline.Anchor:
		own = h.Anchor
	}
	if p.regress {
		return own
	}
	return Origin{Commit: cmp.Or(own.Commit, h.Head.Commit), Ref: cmp.Or(own.Ref, h.Head.Ref)}
}

// begun returns a run of the present side, without results.
func (p *part) begun() baseline.Run {
	if text := p.keys[keyStarted]; text != "" && p.parse().Started.IsZero() {
		p.warn(baseline.Warning{Kind: baseline.BadFact, File: p.file, Of: keyStarted, Detail: text})
	}
	h, from := p.parse(), p.origin()
	return baseline.Run{
		Project: h.Project, Side: p.side, Commit: from.Commit, Branch: from.Ref, Environment: h.Environment,
		Dirty: h.Dirty && p.side.Judged(), Time: h.Started,
	}
}

// restart forgets the machine when go test begins anew with `goos:`, so that a
// text of one machine appended to that of another, which has no `cpu:` line,
// does not inherit it.
func (p *part) restart(key string) {
	if key == keyOS && !p.regress {
		maps.DeleteFunc(p.keys, func(k, _ string) bool { return k == keyArch || k == keyCPU })
	}
}
