package report

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// view is a decision sorted into the questions of a reader.
type view struct {
	gate.Decision
	by       map[gate.Verdict][]gate.Row
	work     Work
	told     []gate.Row // of work that has the verdict of the time beside it: not in by
	base     *gate.SideInfo
	head     *gate.SideInfo
	headline string // without the outcome, which stands before it anyway
	common   string // leading folders that all packages share, or the one package whole
}

// look returns a decision sorted.
func look(d gate.Decision) view {
	v := view{Decision: d, by: map[gate.Verdict][]gate.Row{}, work: WorkOf(d), headline: cmp.Or(summed(d), "nothing to say")}
	packages := map[string]bool{}
	rows, of := d.Distinct(), map[gate.Verdict]int{}
	rows = slices.DeleteFunc(rows, func(r gate.Row) bool {
		told := v.work.Told(r)
		if told {
			v.told = append(v.told, r)
		}
		return told
	})
	for i := range rows {
		of[rows[i].Verdict]++
		packages[rows[i].Package] = true
	}
	for i := range rows {
		verdict := rows[i].Verdict
		if v.by[verdict] == nil {
			v.by[verdict] = make([]gate.Row, 0, of[verdict])
		}
		v.by[verdict] = append(v.by[verdict], rows[i])
	}
	for _, t := range d.Targets {
		if t.Name != "" {
			packages[t.Package] = true
		}
	}
	v.common = commonFolder(packages)
	for i := range d.Sides {
		side := &d.Sides[i]
		switch {
		case side.Side == baseline.Base && v.base == nil:
			v.base = side
		case side.Side.Judged() && v.head == nil:
			v.head = side
		}
	}
	return v
}

// commonFolder returns the leading folders that all packages share, or the one package whole.
func commonFolder(packages map[string]bool) string {
	first, common := true, ""
	for name := range packages {
		switch {
		case len(packages) == 1:
			return name
		case first:
			first, common = false, path.Dir(name)+"/"
		}
		for common != "" && !strings.HasPrefix(name, common) {
			parent := path.Dir(strings.TrimSuffix(common, "/"))
			common = parent + "/"
			if parent == "." || parent == "/" {
				common = ""
			}
		}
	}
	return common
}

// label returns the shortest name that tells a benchmark from all others here.
func (v view) label(pkg, name string) string {
	rest := strings.TrimPrefix(pkg, v.common)
	switch {
	case name == "":
		return pkg
	case rest == "":
		return name
	}
	return rest + "." + name
}

// rowLabel returns the label of a row.
func (v view) rowLabel(r gate.Row) string {
	label := v.label(r.Package, r.Name)
	if r.Fingerprint != "" {
		label += " on " + r.Fingerprint
	}
	return label
}

// reasons returns the sentences for grounds that neither the headline nor a table has.
func (v view) reasons() []string {
	var out []string
	for i, g := range v.Reasons {
		tabled := g.Code == gate.RowRegressed || g.Code == gate.RowCrept || g.Code == gate.TargetOpen
		if say := groundText(v.Decision, g); !tabled && !(i == 0 && say == v.headline) {
			out = append(out, say)
		}
	}
	return out
}

// twins returns that both sides are the same code, when they are.
func (v view) twins() string {
	if v.base == nil || v.head == nil || v.base.Commit == "" || v.base.Commit != v.head.Commit || v.base.Dirty || v.head.Dirty {
		return ""
	}
	return fmt.Sprintf("Base and head are the same commit, %s: this was an A/A run, and every difference is noise of this machine.", figure.Commit(v.base.Commit))
}

// unchanged returns the rows nobody must look at folded into sentences that say what
// they prove.
func (v view) unchanged() []string {
	var out []string
	bounded, exact, open, worst := 0, 0, 0, 0.
	var better []string
	for _, r := range v.by[gate.Unchanged] {
		switch {
		case r.Unit == baseline.Instructions: // see counted
		case r.Reason.Code == gate.PerhapsBetter:
			better = append(better, v.rowLabel(r)+" "+r.Unit) // a benchmark may be so in several units
		case r.AtMost != nil:
			bounded++
			worst = max(worst, *r.AtMost)
		case r.Stage == gate.Exact || r.Exact:
			exact++
		default:
			open++
		}
	}
	if bounded > 0 {
		out = append(out, fmt.Sprintf("%d unchanged: none worse%s", bounded, byOrMore(worst)))
	}
	if len(better) > 0 {
		out = append(out, fmt.Sprintf("%d not worse, and better if anything, which is not proven: %s", len(better), few(better)))
	}
	if exact > 0 {
		out = append(out, fmt.Sprintf("%d exact, the same or within tolerance", exact))
	}
	if open > 0 {
		out = append(out, fmt.Sprintf("%d unchanged", open))
	}
	out = append(out, v.sameWork()...)
	out = append(out, v.parted()...)
	if n := len(v.by[gate.SameCode]); n > 0 {
		out = append(out, fmt.Sprintf("%d with the same code on both sides", n))
	}
	return slices.Concat(out, v.notJudged(), v.counted(), v.held())
}

// notJudged says how many rows are never judged, and of which it is worth knowing why.
func (v view) notJudged() (out []string) {
	bare, others := 0, 0
	for _, r := range v.by[gate.NotJudged] {
		switch {
		case r.Reason.Code == gate.NoBenchmem:
			bare++
		case r.Unit != baseline.Instructions && r.Unit != baseline.Syscalls:
			others++
		}
	}
	if others > 0 {
		out = append(out, fmt.Sprintf("%d shown and never judged (a rule, or a unit without a better side)", others))
	}
	if bare > 0 {
		out = append(out, fmt.Sprintf("%d of allocations that head did not print: measure it with -benchmem", bare))
	}
	return out
}

// red returns the rows that fail the run.
func (v view) red() []gate.Row {
	return slices.Concat(v.by[gate.Regressed], v.by[gate.Crept])
}

// creep reports whether what a row shows is what crept in since the anchor.
func creep(r gate.Row) bool {
	return r.Drift != nil && (r.Verdict == gate.Crept || r.Verdict == gate.Waived && r.Drift.Verdict == gate.Waived)
}

// before returns the title of what rows are held against.
func before(rows []gate.Row) string {
	if len(rows) > 0 && rows[0].Verdict == gate.Crept {
		return string(baseline.Anchor)
	}
	return string(baseline.Base)
}

// held returns in a few words what the anchor had to say of the rest.
func (v view) held() []string {
	var out []string
	held, fresh, worst := 0, 0, 0.
	for _, r := range v.Rows {
		switch {
		case r.Drift == nil || r.Unit == baseline.Instructions:
		case r.Drift.Verdict == gate.Added:
			fresh++
		case holds(r.Drift.Verdict):
			held++
			if r.Drift.AtMost != nil {
				worst = max(worst, *r.Drift.AtMost)
			}
		}
	}
	if held > 0 {
		out = append(out, fmt.Sprintf("%d held against %s: none worse%s", held, v.Anchor, byOrMore(worst)))
	}
	if fresh > 0 {
		out = append(out, fmt.Sprintf("%d new since %s", fresh, v.Anchor))
	}
	return out
}

// byOrMore returns the end of "none worse" with the bound that holds for all; nothing where they
// are proven not worse at all.
func byOrMore(worst float64) string {
	if worst <= 0 {
		return ""
	}
	return fmt.Sprintf(" by %s or more", figure.PercentUp(worst))
}

// folded returns the rows behind unchanged.
func (v view) folded() []gate.Row {
	var rows []gate.Row
	for _, verdict := range []gate.Verdict{gate.Unchanged, gate.SameWork, gate.SameCode, gate.NotJudged} {
		rows = append(rows, v.by[verdict]...)
	}
	return rows
}

// promise is one target with the series that comes closest to breaking it.
type promise struct {
	gate.TargetRow
	series int // met by so many
}

// promises returns what is not met row by row, and every target that is met once.
func (v view) promises(all bool) (broken, kept []promise) {
	at := map[string]int{}
	for _, t := range v.Targets {
		if t.Verdict == gate.LeftOut {
			continue // told among what the decision could not see
		}
		if t.Verdict != gate.Met {
			broken = append(broken, promise{t, 1})
			continue
		}
		i, seen := at[t.Target]
		if !seen || all {
			at[t.Target] = len(kept)
			kept = append(kept, promise{t, 1})
			continue
		}
		kept[i].series++
		if t.Margin != nil && (kept[i].Margin == nil || *t.Margin < *kept[i].Margin) {
			kept[i].TargetRow = t
		}
	}
	return broken, kept
}

// sideFacts returns the facts of one side: "base", "3f2a91c on main", the machine.
func sideFacts(s gate.SideInfo) (name, code, machine string) {
	name = string(s.Side)
	if name == "" {
		name = string(baseline.Head)
	}
	code = figure.Commit(s.Commit)
	if code == "" {
		code = "commit unknown"
	}
	if s.Branch != "" {
		code += " on " + s.Branch
	}
	if s.Dirty {
		code += ", with uncommitted changes"
	}
	if s.Stored {
		code += ", stored"
	}
	machine = Machine(s.Environment)
	if version := s.Environment.GoVersion; version != "" {
		machine += ", " + version
	}
	return name, code, strings.TrimPrefix(machine, ", ")
}

// procedure returns how it was decided, for a reader who wants to check.
func (v view) procedure() string {
	p := v.Policy
	words := map[baseline.Procedure]string{
		baseline.TwoStage:   "screened, then confirmed on fresh rounds",
		baseline.Paired:     "base and head in adjacent pairs of processes; screened, then confirmed on fresh pairs",
		gate.FixedRounds:    "on the rounds as given",
		gate.StoredBaseline: "against the stored baseline",
	}
	var effects []float64 // as rules have them
	for _, r := range v.Rows {
		if r.Stage != "" && r.Stage != gate.Exact && r.Verdict != gate.NotJudged {
			effects = append(effects, r.MinEffect)
		}
	}
	if len(effects) == 0 {
		effects = []float64{p.MinEffect}
	}
	out := fmt.Sprintf("at most %s of unchanged runs red; smallest change to act on %s", figure.Percent(p.Alpha), percents(slices.Min(effects), slices.Max(effects)))
	if say := words[p.Procedure]; say != "" {
		out += "; " + say
	}
	if p.Counter != "" {
		out += "; instructions counted by " + p.Counter
	}
	if v.Rounds > 0 {
		out += fmt.Sprintf("; %s rounds a side", strings.TrimSuffix(fmt.Sprintf("%.1f", v.Rounds), ".0"))
	}
	if p.Strict {
		out += "; strict"
	}
	if p.Seed != 0 {
		out += fmt.Sprintf("; seed %d", p.Seed)
	}
	return out
}

// Where returns where a problem was found: "run.txt:12: head Parse: ".
func Where(p baseline.Problem) string {
	out := p.File
	if out != "" && p.Line > 0 {
		out = fmt.Sprintf("%s:%d", out, p.Line)
	}
	if out != "" {
		out += ": "
	}
	subject := strings.TrimSpace(string(p.Side) + " " + p.Name)
	if p.Name == "" && p.File == "" {
		subject = strings.TrimSpace(string(p.Side) + " " + p.Package)
	}
	if subject != "" {
		out += subject + ": "
	}
	return out
}

// problemTexts returns the sentences for problems with their places, in order. What differs in its
// place alone, such as a panic in every round, is told once, and so is what one end of the
// measurement kept from running: each of these benchmarks has a row that says so.
func problemTexts(problems []baseline.Problem) []string {
	var out []string
	at, times, unit := map[baseline.Problem]int{}, map[int]int{}, map[int]string{}
	for _, p := range problems {
		kind := p
		kind.Line = 0
		what := "time"
		if p.Kind == baseline.NotRun && p.Name != "" {
			kind.Side, kind.Package, kind.Name, what = "", "", "", "benchmark"
		}
		if i, seen := at[kind]; seen {
			times[i]++
			continue
		}
		at[kind], unit[len(out)] = len(out), what
		out = append(out, Where(p)+ProblemText(p))
	}
	for i, n := range times {
		out[i] += fmt.Sprintf(" (and %s more)", figure.Counted(n, unit[i]))
	}
	return out
}

// between returns the interval of an undecided target, as the start of a sentence.
func between(t gate.TargetRow) string {
	if t.Verdict != gate.Undecided || t.Interval == nil {
		return ""
	}
	ends := figure.Alike(t.Unit, false, t.Interval.Lo, t.Interval.Hi)
	return fmt.Sprintf("%s to %s: ", ends[0], ends[1])
}
