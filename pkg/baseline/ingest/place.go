package ingest

import "github.com/descartes/regress/pkg/baseline"

// place is how far a part was read: the present line, and what a result there belongs to.
type place struct {
	file string  // as problems name it
	line int     // number of the present line, in the text
	from int     // that of the line which the present one was put together from; or 0
	base int     // how many lines of the text stand in front of the file
	at32 []int32 // the numbers of the lines of the text, where they are not their own
	torn bool    // the present line has no end: the text was cut, or ends so

	regress bool // in a raw log of regress
	body    bool // something of the body was seen
	side    baseline.Side
	pkg     string
	round   int // by the last mark; 0: count the lines of each benchmark
	ended   int // how many processes have
}

// at returns the number of the present line in the file.
func (p *place) at() int {
	if p.from > 0 {
		return p.number(p.from)
	}
	return p.number(p.line)
}

// number returns the number in the file of a line of the text.
func (p *place) number(line int) int {
	if line > 0 && line <= len(p.at32) {
		line = int(p.at32[line-1])
	}
	return line - p.base
}

// here fills in the place of a problem, and its line unless it has one.
func (p *place) here(what baseline.Problem) baseline.Problem {
	what.File, what.Side, what.Package = p.file, p.side, p.pkg
	if what.Line == 0 {
		what.Line = p.at()
	}
	return what
}
