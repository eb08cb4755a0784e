package ingest

import (
	"regexp"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"

	"github.com/descartes/regress/pkg/baseline"
)

// Tidy returns the base unit in which the values of a unit as printed are kept, and what a value in
// the printed unit is multiplied by: "ns/op" gives "sec/op" and 1e-9. It is the rule of the Go
// benchmark tools: ns becomes sec and MB becomes B above the fraction bar, and all else stays.
func Tidy(unit string) (base string, factor float64) {
	factor, base = benchunit.Tidy(1, unit)
	return base, factor
}

func tidied(unit string) string {
	unit, _ = Tidy(unit)
	return unit
}

// unit checks one `Unit` line; benchfmt keeps what it says.
func (p *part) unit(u *benchfmt.UnitMetadata) {
	switch {
	case u.Key == "better" && u.Value != "higher" && u.Value != "lower":
		p.problem("", baseline.Problem{Kind: baseline.BadDirection, Of: u.OrigUnit, Detail: u.Value})
	case u.Key == "assume" && u.Value != "exact" && u.Value != "nothing":
		p.problem("", baseline.Problem{Kind: baseline.BadAssumption, Of: u.OrigUnit, Detail: u.Value})
	}
}

// units notes direction and exactness of every unit that occurs.
func (p *part) units() {
	for _, r := range p.log.Runs {
		for _, s := range r.Samples {
			if _, done := p.log.Units[s.Unit]; !done {
				p.log.Units[s.Unit] = p.describe(s.Unit)
			}
		}
	}
	for _, name := range sortedKeys(p.log.Units) {
		if p.log.Units[name].Direction == baseline.Neutral {
			p.warn(neutralWarning(name))
		}
	}
}

func (p *part) describe(name string) baseline.Unit {
	u := standard(name)
	if p.metadata.Get(name, "better") != nil {
		u.Direction = baseline.Neutral // what is neither lower nor higher is a Problem already
	}
	switch p.metadata.GetBetter(name) {
	case -1:
		u.Direction = baseline.Lower
	case 1:
		u.Direction = baseline.Higher
	}
	if assume := p.metadata.Get(name, "assume"); assume != nil {
		u.Exact = assume.Value == "exact"
	}
	return u
}

// unwelcome rates are those that say nothing good: more retries a second may be
// a fault or a faster program. They stay neutral.
var unwelcome = regexp.MustCompile(`(?i)err|fail|fault|miss|drop|lost|loss|retr|timeout|alloc|gc|switch|stall|conflict|abort|sec|wait`)

// standard is what a unit means when no Unit line says it. benchfmt knows
// sec/op, B/s, B/op and allocs/op; beyond it times and bytes count as costs and
// rates as gains. Everything else is neutral: a wrong guess would turn an
// improvement red.
func standard(name string) baseline.Unit {
	u := baseline.Unit{Name: name, Exact: name == "B/op" || name == "allocs/op"}
	over, per, isRate := strings.Cut(name, "/")
	if isRate && (per == "s" || per == "sec") {
		if !unwelcome.MatchString(over) {
			u.Direction = baseline.Higher
		}
		return u
	}
	if name == "allocs/op" {
		u.Direction = baseline.Lower
		return u
	}
	words := strings.Split(over, "-")
	switch words[len(words)-1] { // "p95-latency-sec", "sec/op"
	case "sec", "B", "bytes":
		u.Direction = baseline.Lower
	}
	return u
}

func neutralWarning(unit string) baseline.Warning {
	return baseline.Warning{Kind: baseline.NeutralUnit, Of: unit}
}
