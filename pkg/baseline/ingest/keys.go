package ingest

import (
	"fmt"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// What a part does with lines of the form `key: value`: the facts among them go to its header,
// and the side and the package of the results below move its place.

// key deals with a line that looks like `key: value`; false: it does not.
func (p *part) key(line []byte, adjacent bool) bool {
	if c := line[0]; (c < 'a' || c > 'z') && c < utf8.RuneSelf {
		return false
	}
	name, text, ok := splitKey(line)
	if !ok {
		return false
	}
	key, value := string(name), string(text)
	switch class := p.header.classify(key, value, adjacent); class {
	case ClassPassed:
		p.passOver(baseline.FactPassedOver, line)
	case ClassFact:
		p.took(class, line)
		p.set(key, value)
	default:
		p.took(class, line)
	}
	return true
}

// set takes in one key.
func (p *part) set(key, value string) {
	value = p.header.fit(key, value)
	switch {
	case key == keySide:
		p.setSide(value)
	case key == keyPackage:
		p.process.close()
		if delete(p.header.left, value); p.pkg != "" && p.pkg != value {
			p.header.left[p.pkg] = value
		}
		p.setPackage(value)
		p.body, p.header.printed, p.header.opened = true, true, true
	case keys[key]:
		p.header.set(key, value)
		p.collector.moved()
	default:
		p.header.setForeign(key, value, len(p.collector.runs) > 0)
	}
}

// setSide names the side of the results below.
func (p *part) setSide(value string) {
	side := baseline.Side(value)
	if !knownSide(side) {
		p.err = fmt.Errorf("line %d: side %q is neither base nor head nor anchor; write `side: base` above the results of the reference and `side: head` above those to judge", p.at(), value)
		return
	}
	p.process.close()
	p.side, p.round, p.body, p.header.printed = side, 0, true, false
	p.ended++
	clear(p.header.left)
	p.collector.moved()
	if side != baseline.None && p.regress {
		p.collector.run() // a side that prints nothing was measured all the same
	}
}

// setPackage names the package of the results below.
func (p *part) setPackage(pkg string) {
	if pkg != p.pkg {
		p.pkg = pkg
		p.collector.moved()
	}
}

// endPackage takes in go test's word that it is done with a package: results above that
// no pkg: line named are of it, and a header may follow.
func (p *part) endPackage(pkg string) {
	p.header.printed = false
	if p.regress {
		return
	}
	if pkg = p.header.fit(keyPackage, pkg); blank(pkg) {
		pkg = "" // no package has such a name
	}
	if other := p.header.left[pkg]; other != "" { // what is of pkg stands below its pkg: line, not here
		mixed := p.here(baseline.Problem{Kind: baseline.Mixed, Of: other})
		mixed.Package = pkg
		p.report(mixed)
		delete(p.header.left, pkg)
	}
	if p.pkg == "" && pkg != "" {
		p.collector.belong(pkg)
		p.belong(pkg)
	}
	p.setPackage("")
}
