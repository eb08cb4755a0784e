package ingest

import (
	"bytes"
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

// units is what `Unit` lines say.
type units struct {
	*notes
	said benchfmt.UnitMetadataMap // all of it, once the part was read
}

// line reports whether a line that begins with "Unit" is for benchfmt: one
// with a setting is. Others are sentences that a benchmark has printed.
func (u *units) line(line []byte) bool {
	fields := bytes.Fields(line)
	settings := 0
	for _, f := range fields[min(2, len(fields)):] {
		if i := bytes.IndexByte(f, '='); i > 0 && i < len(f)-1 {
			settings++
		}
	}
	if settings == 0 || len(line) >= longest {
		u.passOver(baseline.NotAResult, line)
		return false
	}
	u.took(ClassFact, line)
	if settings < len(fields)-2 {
		u.problem("", baseline.Problem{Kind: baseline.BrokenUnitLine, Detail: string(clip(line)), Of: "expected key=value"})
		return false
	}
	return true
}

// check looks at what one setting says; benchfmt keeps it.
func (u *units) check(set *benchfmt.UnitMetadata) {
	switch {
	case set.Key == "better" && set.Value != "higher" && set.Value != "lower":
		u.problem("", baseline.Problem{Kind: baseline.BadDirection, Of: set.OrigUnit, Detail: set.Value})
	case set.Key == "assume" && set.Value != "exact" && set.Value != "nothing":
		u.problem("", baseline.Problem{Kind: baseline.BadAssumption, Of: set.OrigUnit, Detail: set.Value})
	}
}

// describe returns direction and exactness of a unit.
func (u *units) describe(name string) baseline.Unit {
	unit := standard(name)
	name = tidied(name) // what was said is kept so, also of a unit that has its printed name
	if u.said.Get(name, "better") != nil {
		unit.Direction = baseline.Neutral // what is neither lower nor higher is a Problem already
	}
	switch u.said.GetBetter(name) {
	case -1:
		unit.Direction = baseline.Lower
	case 1:
		unit.Direction = baseline.Higher
	}
	if assume := u.said.Get(name, "assume"); assume != nil {
		unit.Exact = assume.Value == "exact"
	}
	return unit
}

// judged reports whether a unit has a better side.
func (u *units) judged(unit string) bool {
	return u.describe(unit).Direction != baseline.Neutral
}

// unwelcome rates are those that say nothing good: more retries a second may be
// a fault or a faster program. They stay neutral.
var unwelcome = regexp.MustCompile(`(?i)err|fail|fault|miss|drop|lost|loss|retr|timeout|alloc|gc|switch|stall|conflict|abort|sec|wait`)

// standard returns what a unit means when no Unit line says it. benchfmt knows
// sec/op, B/s, B/op and allocs/op; beyond it times and bytes by what was done count
// as costs, and anything by a time as a gain. Everything else is neutral: a wrong
// guess would turn an improvement red, and a regression green.
func standard(name string) baseline.Unit {
	u := baseline.Unit{Name: name, Exact: name == "B/op" || name == "allocs/op"}
	if name == "allocs/op" || name == baseline.Instructions {
		u.Direction = baseline.Lower
		return u
	}
	over, per, isRate := strings.Cut(strings.ReplaceAll(name, "-per-", "/"), "/")
	per, _, _ = strings.Cut(per, "/") // what goes on behind is a share: B/s/core
	words := strings.Split(tidied(over), "-")
	last := words[len(words)-1]
	cost := last == "sec" || last == "B" || last == "bytes"
	switch {
	case isRate && isTime(per):
		if !unwelcome.MatchString(over) {
			u.Direction = baseline.Higher
		}
	case isRate && last != "sec" && !done[strings.ToLower(per)]: // bytes by something unknown: it may be a time
	case cost && !rate.MatchString(over): // "p95-latency-sec", "sec/op"
		u.Direction = baseline.Lower
	}
	return u
}

// isTime reports whether something counted by a word is a rate.
func isTime(word string) bool {
	switch strings.TrimSuffix(strings.ToLower(word), "s") {
	case "", "n", "u", "µ", "μ", "m": // s, ns, us, µs, ms
		return word != "" && word != "m" && word != "n" && word != "u"
	case "sec", "second", "millisecond", "microsecond", "nanosecond", "msec", "usec", "nsec", "min", "minute", "h", "hr", "hour",
		"day", "week", "cycle", "clk", "clock", "tick":
		return true
	}
	return false
}

// done are the words for something done, or kept: what one of it costs in bytes is
// a cost.
var done = func() map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(`op msg message req request call item entry elem element key row record event conn
		connection client session user packet pkt frame object obj node doc document file page line token word query tx txn
		transaction iter iteration sample point block chunk batch value insert lookup get put read write task job goroutine
		worker thread series char rune int pixel b byte run test benchmark alloc`) {
		out[word], out[word+"s"] = true, true
	}
	for _, word := range []string{"queries", "entries", "batches", "bodies"} {
		out[word] = true
	}
	return out
}()

// rate says that what a name without a fraction bar ends in is a time or a size of
// something that should be large: "throughput-B", "ops-sec", "free-bytes".
var rate = regexp.MustCompile(`(?i)throughput|bandwidth|(^|-)(rate|speed|ops|qps|rps|tps|msgs|reqs|B|bytes|` +
	`free|freed|saved|spare|avail|available|idle|uptime|remaining|reclaimed|headroom)-`)

func neutralWarning(unit string) baseline.Warning {
	return baseline.Warning{Kind: baseline.NeutralUnit, Of: unit}
}
