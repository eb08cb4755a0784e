package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Why returns the clause that says why a row has its verdict.
func Why(d gate.Decision, r gate.Row) string {
	say := reasonOf(d, r).words() + judgedAs(r.JudgedAs)
	if creep(r) {
		return crept(d.Anchor, r) + clauses(r.Drift.Waivers)
	}
	say += clauses(r.Waivers)
	if worse := r.Drift != nil && (r.Drift.Verdict == gate.Regressed || r.Drift.Verdict == gate.Waived); worse && r.Verdict == gate.Regressed {
		say += fmt.Sprintf("; %s since %s", against(d, r).looks(), d.Anchor)
	}
	return say
}

// reasonOf returns the reason of the comparison with base.
func reasonOf(d gate.Decision, r gate.Row) reason {
	return reason{own(r), r.Unit, r.Direction, "base", d.Policy.Alpha, known(r.Detectable)}
}

// known returns a figure, or 0 where there is none.
func known(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// own returns the reason of a row with the figures that stand beside it. Those in a reason can be
// of the row that this one repeats in another unit, or of a look that never came.
func own(r gate.Row) gate.Reason {
	switch {
	case r.Reason.Code == gate.WithinBound && r.AtMost != nil:
		r.Reason.Bound = *r.AtMost
	case r.Reason.Code == gate.TooNoisy && r.Detectable != nil:
		r.Reason.Bound = *r.Detectable
	case r.Reason.Code == gate.TooNoisy:
		r.Reason.Bound = 0
	case r.Reason.Code == gate.WorkNotTime && r.Reason.Shift == nil && r.Change != nil: // never weighed
		r.Reason.Shift = &gate.Shift{Change: *r.Change}
	}
	return r.Reason
}

// driftWhy returns the clause that says why a row has its verdict against the anchor.
func driftWhy(d gate.Decision, r gate.Row) string {
	if r.Drift.Verdict == gate.Regressed || r.Drift.Verdict == gate.Waived {
		return crept(d.Anchor, r) + clauses(r.Drift.Waivers)
	}
	return against(d, r).words() + judgedAs(r.Drift.JudgedAs)
}

// against returns the reason of the comparison with the anchor.
func against(d gate.Decision, r gate.Row) reason {
	return reason{r.Drift.Reason, r.Unit, r.Direction, d.Anchor, d.Policy.Alpha, known(r.Drift.Detectable)}
}

// crept returns what crept in since the anchor, and what of it is this change's own.
func crept(anchor string, r gate.Row) string {
	return "crept " + creptBy(anchor, r)
}

// creptBy returns how much crept in since the anchor: "+6.1 % [+4.2, +8.0] since v1.2.0".
func creptBy(anchor string, r gate.Row) string {
	old, say := r.Drift, ""
	switch {
	case old.Reason.Shift == nil:
	case old.Reason.Shift.Counted:
		say = fromCount(old.Reason.Shift)
	default:
		say = signed(old.Reason.Shift.Change)
		if old.Interval != nil {
			say += fmt.Sprintf(" [%s, %s]", strings.TrimSuffix(signed(old.Interval.Lo), " %"), strings.TrimSuffix(signed(old.Interval.Hi), " %"))
		}
	}
	if r.Unit == baseline.Instructions {
		say += " of work"
	}
	say += " since " + anchor
	switch own := r.Reason.Shift; {
	case own == nil:
	case r.Stage == gate.Exact:
		say += fmt.Sprintf(" (this change's own part: %s)", fromCount(own))
	case r.Change != nil && (r.Reason.Code == gate.Unconfirmed || !own.Counted):
		say += fmt.Sprintf(" (this change's own part: %s)", signed(*r.Change))
	}
	return say
}

// judgedAs ends the clause of a row that repeats another.
func judgedAs(unit string) string {
	if unit == "" {
		return ""
	}
	return ", judged once as " + unit
}

// clauses say what waivers mean for a row that is worse.
func clauses(waivers []gate.Accepted) (out string) {
	for _, w := range waivers {
		out += "; " + clause(w)
	}
	return out
}

func clause(w gate.Accepted) string {
	place := w.Place
	if place != "" {
		place = " at " + place
	}
	ceiling, day := figure.Percent(w.Ceiling), w.Expires.UTC().Format("2006-01-02")
	if w.Ceiling == math.MaxFloat64 {
		ceiling = "any amount"
	}
	switch w.State {
	case gate.Ended:
		return fmt.Sprintf("the waiver%s expired on %s", place, day)
	case gate.Beyond:
		return fmt.Sprintf("beyond the %s that the waiver%s accepts", ceiling, place)
	}
	return fmt.Sprintf("accepted up to %s until %s", ceiling, day)
}

// WaivedFor returns why a row that is worse was accepted; empty where it was not.
func WaivedFor(r gate.Row) string {
	waivers := r.Waivers
	if r.Drift != nil && r.Verdict == gate.Waived {
		waivers = append(slices.Clone(waivers), r.Drift.Waivers...)
	}
	for _, w := range slices.Backward(waivers) {
		if w.State == gate.Covers {
			return w.Reason
		}
	}
	return ""
}

// RowWarnings returns what weakens a row.
func RowWarnings(d gate.Decision, r gate.Row) []string {
	var out []string
	if m := r.Middle; m != nil {
		say := fmt.Sprintf("these figures are of its fast repetitions; their median changed by %s", figure.Change(m.Change))
		if m.Interval != nil {
			say += fmt.Sprintf(" (%s)", figure.Between(m.Interval.Lo, m.Interval.Hi))
		}
		out = append(out, say)
	}
	blameless := r.Verdict == gate.SameCode || r.Verdict == gate.NotJudged
	if blameless && r.Drift != nil && (r.Drift.Verdict == gate.Regressed || r.Drift.Verdict == gate.Waived) {
		out = append(out, driftWhy(d, r)+": not this change's doing")
	}
	return out
}

// reason is a gate.Reason with what its words depend on besides.
type reason struct {
	gate.Reason
	unit      string
	direction baseline.Direction
	base      string // what head is held against
	alpha     float64
	sees      float64 // the smallest change that could have been seen; 0: it is not known
}

// words returns the clause for a reason.
func (r reason) words() string {
	say := r.worked()
	if say == "" {
		say = r.fact()
	}
	if say == "" {
		say = r.tested()
	}
	if say == "" {
		say = r.counted()
	}
	return cmp.Or(say, string(r.Code))
}

// fact returns the clause for what is known of a series without a test.
func (r reason) fact() string {
	switch r.Code {
	case gate.Ignored:
		return "ignored by a rule"
	case gate.BrokenResult:
		return ProblemText(*r.Problem)
	case gate.NotFinite:
		return "printed a value that is not a finite number: mend the benchmark"
	case gate.Proven:
		return "nothing that it runs differs: " + r.Text
	case gate.NoBenchmem:
		return "head printed no allocations: measure it with -benchmem"
	case gate.NoDirection:
		return fmt.Sprintf("nothing says which way %[1]s improves: print \"Unit %[1]s better=lower\" or better=higher", r.unit)
	case gate.OtherMachine:
		return fmt.Sprintf("base was measured on another class of machine (%s): run both sides on one", Machine(*r.Machine))
	case gate.OtherProcs:
		return fmt.Sprintf("head ran with GOMAXPROCS=%d and base with %d: run both sides on one machine, or set -cpu", r.Procs[1], r.Procs[0])
	case gate.OtherStored:
		return fmt.Sprintf("the store knows it from other machines alone, and %s cannot be compared with them: regress compare measures both sides here", Machine(*r.Machine))
	case gate.NothingStored:
		return "nothing is stored to compare it with"
	case gate.NotAtBase:
		return r.base + " does not have it"
	case gate.BaseSilent:
		return r.base + " declares it and printed nothing: see why it did not run there"
	case gate.FunctionRemoved:
		return r.Text + " is gone from the source of head"
	case gate.SeriesGone:
		return fmt.Sprintf("head ran %s and printed no such line: renamed, or lost", r.Text)
	case gate.HeadSilent:
		return r.base + " ran it and head printed nothing: see why it did not run"
	case gate.SourceEdited:
		return "the benchmark itself was changed: the two are not comparable"
	case gate.CrashesMore:
		return fmt.Sprintf("%s: %s", deaths(r.Deaths), ProblemText(*r.Problem))
	case gate.CrashesUnsure:
		return fmt.Sprintf("%s: %s", unsure(r.Reason), ProblemText(*r.Problem))
	case gate.OneSided:
		return fmt.Sprintf("%d rounds have it on one side alone: make the benchmark print it every time", r.Rounds)
	case gate.Negative:
		return "printed negative values, which have no relative change"
	}
	return ""
}

// deaths tells how often a benchmark died on both sides.
func deaths(d gate.Deaths) string {
	switch {
	case d.Given && d.BaseOf == 0:
		return fmt.Sprintf("died %s at head, beside %s, and base has none", times(d.Head), figure.Counted(d.HeadOf-d.Head, "result"))
	case d.Given:
		return fmt.Sprintf("died %s at head, beside %s, and %s at base, beside %d",
			times(d.Head), figure.Counted(d.HeadOf-d.Head, "result"), times(d.Base), d.BaseOf-d.Base)
	case d.BaseOf == 0:
		return fmt.Sprintf("died in %d of %s at head, and base has none", d.Head, processes(d.HeadOf))
	}
	return fmt.Sprintf("died in %d of %s at head and in %d of %d at base", d.Head, processes(d.HeadOf), d.Base, d.BaseOf)
}

// times writes "never", "once", "3 times".
func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// processes writes "1 process", "8 processes".
func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return strconv.Itoa(n) + " processes"
}

// unsure tells how often a benchmark died, and what would say whether head is to blame.
func unsure(r gate.Reason) string {
	say := deaths(r.Deaths)
	if r.Needed > 0 {
		return fmt.Sprintf("%s; %d more of each side would tell whether that is head's doing", say, r.Needed)
	}
	return say + ", which does not tell whether that is head's doing"
}

// tested returns the clause for what a procedure found.
func (r reason) tested() string {
	rounds := figure.Counted(r.Rounds, "round")
	worse, better := r.ways()
	switch r.Code {
	case gate.WithinBound:
		return fmt.Sprintf("less than %s %s", figure.PercentUp(r.Bound), worse) + r.sessions()
	case gate.NotWorse:
		if r.Shift != nil && r.Shift.Counted {
			return "no " + worse + " than before" + r.sessions()
		}
		return "no " + worse + r.sessions()
	case gate.PerhapsBetter:
		return fmt.Sprintf("no %s; %s %s, if anything", worse, figure.Percent(r.Shift.Change), better) + r.sessions()
	case gate.Told:
		return fmt.Sprintf("%s; noise does this in less than one of %.0f unchanged pull requests", r.looks(), 1/r.alpha)
	case gate.ToldByMedian:
		return fmt.Sprintf("%s in most of its repetitions, not in the fastest; noise does this in less than one of %.0f unchanged pull requests", r.looks(), 1/r.alpha)
	case gate.Better:
		return r.looks()
	case gate.TooNoisy:
		if r.Bound == 0 { // zeros among the values: no percentage is true of them
			return "too noisy: no change can be told from noise here" + r.uncounted()
		}
		return fmt.Sprintf("too noisy: a change below %s cannot be told from noise here", figure.Percent(r.Bound)) + r.uncounted()
	case gate.NextLook:
		return fmt.Sprintf("%s a side; the next look is at %d", rounds, r.Needed)
	case gate.MoreRounds:
		return fmt.Sprintf("%s after %s a side: more would tell", r.looks(), rounds)
	case gate.Unconfirmed:
		return fmt.Sprintf("seemed %s while screening; telling needs %s a side more", r.looks(), figure.Counted(r.Needed, "fresh round"))
	case gate.Unsettled:
		return fmt.Sprintf("%s, and %d rounds a side did not settle whether that is noise", r.looks(), r.Rounds) + r.uncounted()
	case gate.TooFew:
		return fmt.Sprintf("%s a side cannot tell a change from noise; about %d would", rounds, r.Needed)
	case gate.TooFewAmong:
		return fmt.Sprintf("%s, but %s a side cannot show a change among so many series; about %d would", r.looks(), rounds, r.Needed)
	case gate.StillOpen:
		return fmt.Sprintf("%s, and %s a side do not settle whether that is noise; about %d would", r.looks(), rounds, r.Needed)
	case gate.FewSessions:
		if r.Earlier > 0 {
			return fmt.Sprintf("%s stored on this class of machine since its level changed, %d before: fewer than %d cannot tell the code from the day; regress compare measures both sides here", figure.Counted(r.Sessions, "session"), r.Earlier, r.Needed)
		}
		return fmt.Sprintf("%s stored on this class of machine: fewer than %d cannot tell the code from the day; regress compare measures both sides here", figure.Counted(r.Sessions, "session"), r.Needed)
	case gate.FewOfHead:
		return fmt.Sprintf("%s of head; a stored baseline needs %d", rounds, r.Needed)
	case gate.StoredDiffers:
		return r.looks() + " than in earlier sessions, which no stored baseline tells from the day's machine: confirm with regress compare"
	}
	return ""
}

// sessions ends a claim that was made against stored ones.
func (r reason) sessions() string {
	if r.Sessions == 0 {
		return ""
	}
	return " than in " + figure.Counted(r.Sessions, "earlier session")
}

// counted returns the clause for what counts say.
func (r reason) counted() string {
	rounds := figure.Counted(r.Rounds, "round")
	switch r.Code {
	case gate.Counted:
		return fromCount(r.Shift)
	case gate.Tolerated:
		return fmt.Sprintf("%s, within the tolerance of %s", fromCount(r.Shift), figure.Percent(r.Bound))
	case gate.Constant:
		return number(r.Shift.To) + " in every round"
	case gate.CountAgain:
		return rounds + " a side: a count that never varied needs two to be known for one"
	case gate.MayWaver:
		return fmt.Sprintf("%s in all of %s; the rest of the screen tells whether it ever wavers", fromCount(r.Shift), rounds)
	case gate.OneCount:
		return fromCount(r.Shift) + " in a single round; a second tells whether it wavers"
	}
	return ""
}

// ways are the words of a unit for the worse and for the better.
func (r reason) ways() (worse, better string) {
	switch {
	case r.direction == baseline.Higher:
		return "lower", "higher"
	case r.unit == baseline.Instructions:
		return "more work", "less work"
	case strings.Contains(r.unit, "sec"):
		return "slower", "faster"
	}
	return "more", "less"
}

// looks says how the measured change reads: "12 % slower", "from 1 to 20".
func (r reason) looks() string {
	if r.Shift == nil {
		return "no change"
	}
	if r.Shift.Counted {
		return fromCount(r.Shift)
	}
	way, better := r.ways()
	if improved := r.Shift.Change < 0; r.direction == baseline.Higher && r.Shift.Change > 0 || r.direction != baseline.Higher && improved {
		way = better
	}
	return figure.Percent(r.Shift.Change) + " " + way
}

// fromCount tells of a change that has no percentage, or needs none.
func fromCount(s *gate.Shift) string {
	return fmt.Sprintf("from %s to %s", number(s.From), number(s.To))
}

// number writes a value with up to six digits and no exponent where that is short.
func number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// signed writes a relative change with its sign: "+6.1 %".
func signed(x float64) string {
	if x < 0 {
		return "-" + figure.Percent(x)
	}
	return "+" + figure.Percent(x)
}

// Machine names a class of machine for the reader: "AMD EPYC, 2 cores, linux/amd64".
func Machine(e baseline.Environment) string {
	var parts []string
	if e.CPU != "" {
		parts = append(parts, e.CPU)
	}
	if e.Cores > 0 {
		parts = append(parts, fmt.Sprintf("%d cores", e.Cores))
	}
	if e.OS != "" || e.Arch != "" {
		parts = append(parts, strings.Trim(e.OS+"/"+e.Arch, "/"))
	}
	return cmp.Or(strings.Join(parts, ", "), "unknown machine")
}
