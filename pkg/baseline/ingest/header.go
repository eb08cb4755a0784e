package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// header is what `key: value` lines have said so far.
type header struct {
	regress   bool // a raw log of regress: its header ends where its body begins
	body      bool // something of the body was seen
	keys      map[string]string
	side      baseline.Side
	pkg       string
	procedure string
	seed      uint64
	foreign   map[string]string // keys that mean nothing to regress
	told      map[string]bool   // those of them that a warning has named
}

func newHeader() header {
	return header{keys: map[string]string{}, foreign: map[string]string{}, told: map[string]bool{}}
}

// version is the one that this package writes about and reads.
const version = "1"

// known are the keys that mean something to regress, besides side and pkg.
var known = map[string]bool{
	"regress-log": true, "procedure": true, "project": true, "commit": true, "branch": true, "dirty": true,
	"base-commit": true, "base-branch": true, "anchor-commit": true, "anchor-ref": true, "seed": true, "started": true, "bench": true,
	"goos": true, "goarch": true, "cpu": true, "cores": true, "quota": true, "gomaxprocs": true, "memory-mib": true,
	"kernel": true, "virtual": true, "governor": true, "go-version": true, "suite-flags": true,
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

// set takes in one key.
func (p *part) set(key, value string) {
	if !keepable([]byte(value)) && (known[key] || key == "pkg") && !(p.regress && p.body && key != "pkg") {
		p.warn(baseline.Warning{Kind: baseline.LongFact, File: p.file, Line: p.at(), Of: key})
		value = strings.ToValidUTF8(value, "?")
		value = strings.ToValidUTF8(value[:min(len(value), baseline.MaxName)], "")
	}
	switch key {
	case "side":
		p.setSide(value)
		return
	case "pkg":
		p.closeBlock("")
		p.pkg, p.body = value, true
		p.moved()
		return
	}
	if p.regress && p.body {
		return // the header says it once; what a benchmark prints cannot change it
	}
	if !known[key] {
		p.setForeign(key, value)
		return
	}
	p.restart(key)
	p.keys[key] = value
	p.moved()
	switch key {
	case "regress-log":
		if value != version {
			p.err = fmt.Errorf("line %d: it has version %s of the raw log and this program reads version %s; update regress", p.at(), value, version)
		}
		p.regress = true
	case "procedure":
		p.procedure = value
	case "seed":
		seed, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			p.warn(baseline.Warning{Kind: baseline.BadFact, File: p.file, Line: p.at(), Of: key, Detail: value})
		}
		p.seed = seed
	}
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
		p.told[key] = true
	case !p.told[key] && len(p.foreign)+len(p.told) < most:
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
	p.side, p.round, p.body = side, 0, true
	p.moved()
	if side != baseline.None && p.regress {
		p.run() // a side that prints nothing was measured all the same
	}
}

// commit of the present side. In a raw log of regress `commit` is head's; in
// other texts it is that of the results below it.
func (p *part) commit() string {
	if p.side.Judged() {
		return p.keys["commit"]
	}
	if sha := p.keys[string(p.side)+"-commit"]; sha != "" || p.regress {
		return sha
	}
	return p.keys["commit"]
}

// facts are those of a run of the present side.
func (p *part) facts(env baseline.Environment) baseline.Run {
	r := baseline.Run{
		Project: p.keys["project"], Side: p.side, Commit: p.commit(), Environment: env,
		Branch: p.keys["branch"], Dirty: p.keys["dirty"] == "true",
	}
	if !p.side.Judged() {
		r.Dirty = false
		name := map[baseline.Side]string{baseline.Base: "base-branch", baseline.Anchor: "anchor-ref"}[p.side]
		if branch := p.keys[name]; branch != "" || p.regress {
			r.Branch = branch
		}
	}
	if text := p.keys["started"]; text != "" {
		started, err := time.Parse(time.RFC3339, text)
		if err != nil || started.UTC().Year() < 1 {
			p.warn(baseline.Warning{Kind: baseline.BadFact, File: p.file, Of: "started", Detail: text})
		} else {
			r.Time = started.UTC()
		}
	}
	return r
}

// environment as the keys tell it.
func (p *part) environment() baseline.Environment {
	number := func(key string) float64 {
		text := p.keys[key]
		if text == "" {
			return 0
		}
		v, err := strconv.ParseFloat(text, 64)
		if err == nil && (!(v >= 0) || v > math.MaxInt32) {
			err = errors.New("out of range")
		}
		if err != nil {
			p.warn(baseline.Warning{Kind: baseline.BadFact, File: p.file, Of: key, Detail: text})
			delete(p.keys, key)
			return 0
		}
		return v
	}
	return baseline.Environment{
		OS: p.keys["goos"], Arch: p.keys["goarch"], CPU: p.keys["cpu"],
		Cores: int(number("cores")), Quota: number("quota"), Procs: int(number("gomaxprocs")), MemoryMiB: int(number("memory-mib")),
		Kernel: p.keys["kernel"], Virtual: p.keys["virtual"], Governor: p.keys["governor"],
		GoVersion: p.keys["go-version"], SuiteFlags: p.keys["suite-flags"],
	}
}

// restart forgets the machine when go test begins anew with `goos:`, so that a
// text of one machine appended to that of another, which has no `cpu:` line,
// does not inherit it.
func (p *part) restart(key string) {
	if key == "goos" && !p.regress {
		maps.DeleteFunc(p.keys, func(k, _ string) bool { return k == "goarch" || k == "cpu" })
	}
}
