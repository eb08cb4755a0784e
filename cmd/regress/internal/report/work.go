package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// sameWork is the growth of work below which the gate calls it the same.
const sameWork = .01

// Work knows of each benchmark the row of its time and that of its counted work, so that a reader
// is told once what both say.
type Work struct {
	of     map[bench]timeAndWork
	anchor string
}

// bench is a benchmark on one class of machine.
type bench struct {
	key         baseline.Key // Unit empty
	fingerprint string
}

func benchOf(r gate.Row) bench { return bench{r.Key().Benchmark(), r.Fingerprint} }

type timeAndWork struct{ time, work *gate.Row }

// WorkOf returns what is counted in a decision.
func WorkOf(d gate.Decision) Work {
	w := Work{anchor: d.Anchor}
	for i := range d.Rows {
		if r := &d.Rows[i]; r.Unit == baseline.Instructions {
			if w.of == nil {
				w.of = map[bench]timeAndWork{}
			}
			w.of[benchOf(*r)] = timeAndWork{work: r}
		}
	}
	for i := range d.Rows {
		r := &d.Rows[i]
		if r.Unit != "sec/op" {
			continue
		}
		if both, counted := w.of[benchOf(*r)]; counted {
			both.time = r
			w.of[benchOf(*r)] = both
		}
	}
	return w
}

// Told reports whether a row of counted work is told beside the time of its benchmark, which has
// the same verdict: it is no second regression.
func (w Work) Told(r gate.Row) bool {
	time := w.of[benchOf(r)].time
	if r.Unit != baseline.Instructions || time == nil || time.Verdict != r.Verdict {
		return false
	}
	return r.Verdict == gate.Regressed || r.Verdict == gate.Crept || r.Verdict == gate.Waived
}

// Beside returns the clause that the counted work of a benchmark adds to the row of its time, and
// its time to that of its work; empty where it adds nothing.
func (w Work) Beside(r gate.Row) string {
	both := w.of[benchOf(r)]
	switch {
	case both.time == nil || both.work == nil:
		return ""
	case r.Unit == baseline.Instructions:
		return timeBeside(r, *both.time)
	case r.Unit == "sec/op":
		return workBeside(r, *both.work, w.anchor)
	}
	return ""
}

// timeBeside returns what the time of a benchmark adds to work that has grown.
func timeBeside(work, time gate.Row) string {
	if work.Verdict != gate.Regressed && work.Verdict != gate.Waived {
		return ""
	}
	switch {
	case time.Verdict == gate.Inconclusive && time.Reason.Code == gate.TooNoisy:
		return "time is too noisy to say how much longer it takes"
	case time.Verdict == gate.Inconclusive:
		return "how much longer it takes is not settled"
	case time.Verdict == gate.Waived && work.Verdict == gate.Regressed:
		return "its time is waived, its work is not"
	case time.Verdict == gate.NotJudged:
		return "its time is not judged"
	}
	return ""
}

// workBeside returns what the counted work of a benchmark adds to its time.
func workBeside(time, work gate.Row, anchor string) string {
	red := time.Verdict == gate.Regressed
	switch {
	case work.Verdict == gate.Crept && time.Verdict == gate.Crept:
		return "its work crept too, " + creptBy(anchor, work)
	case work.Change == nil:
		return ""
	case work.Verdict == time.Verdict && (red || time.Verdict == gate.Waived):
		return doesMore(*work.Change)
	case work.Reason.Code == gate.CountUnused && (red || time.Verdict == gate.Waived):
		return doesMore(*work.Change)
	case work.Reason.Code == gate.CountGrew && (red || time.Verdict == gate.Inconclusive):
		return doesMore(*work.Change)
	case work.Reason.Code == gate.CountPartly && time.Verdict == gate.Inconclusive:
		return "its work is the same" + grown(*work.Change) + ", but " + partly(work.Reason.Work)
	case work.Reason.Code == gate.SameCount && red && *work.Change > -work.MinEffect:
		return "its work is the same" + grown(*work.Change) + ": the layout of its code, caches, branches, locks, waiting or system calls may do that"
	}
	return ""
}

// partly says why equal instructions do not settle a time.
func partly(w *baseline.Work) string {
	switch {
	case w == nil || w.User <= 0:
		return "how much of its time is its own work is not known"
	case w.Children:
		return "its processes work for it, which are not counted"
	case w.User < gate.CoverUser:
		return fmt.Sprintf("it spends %s of its time in its own code, and waits or is in the kernel otherwise", figure.Percent(w.User))
	}
	return fmt.Sprintf("it is in the kernel for %s of its time", figure.Percent(w.System))
}

// doesMore says how much more instructions a benchmark runs, or how much fewer.
func doesMore(change float64) string {
	if change < 0 {
		return fmt.Sprintf("does %s less work (instructions)", figure.Percent(change))
	}
	return fmt.Sprintf("does %s more work (instructions)", figure.Percent(change))
}

// grown says in parentheses by how much work that is called the same has grown.
func grown(change float64) string {
	if change <= 0 {
		return " (no more instructions)"
	}
	return fmt.Sprintf(" (%s more instructions)", figure.Percent(change))
}

// unseen says which slowdowns equal instructions do not show, up to which size; 0: it is not known.
func unseen(size float64) string {
	const causes = "by caches, branches, locks or waiting"
	if size <= 0 {
		return "a slowdown " + causes
	}
	return fmt.Sprintf("a slowdown below %s %s", figure.Percent(size), causes)
}

// uncounted says why no count of its instructions settles a time; empty where one was taken.
func (r reason) uncounted() string {
	if r.Text == "" {
		return ""
	}
	return "; its instructions are not counted: " + r.Text
}

// worked returns the clause for what counted instructions say.
func (r reason) worked() string {
	switch r.Code {
	case gate.WorkEqual:
		return "same work" + grown(r.Bound) + ", where time alone tells too little: " + unseen(r.sees) + " could not be seen"
	case gate.NoDirection:
		if r.unit == baseline.Syscalls {
			return "shown beside the instructions, and never judged"
		}
	}
	if r.unit != baseline.Instructions {
		return ""
	}
	change, known := 0., r.Shift != nil && !r.Shift.Counted
	if known {
		change = r.Shift.Change
	}
	switch r.Code {
	case gate.MoreWork:
		return fmt.Sprintf("%s; chance does this in less than one of %.0f unchanged pull requests", doesMore(change), 1/r.alpha)
	case gate.CountGrew:
		say := doesMore(change)
		if change < r.Bound {
			say += fmt.Sprintf(", below the %s to act on", figure.Percent(r.Bound))
		}
		return say
	case gate.CountPartly:
		return "the same work" + grown(change) + ", but " + partly(r.Work)
	case gate.SameCount, gate.WorkNotTime:
		switch {
		case !known || math.Abs(change) < sameWork:
			return "the same work" + grown(change)
		case change > 0 && r.Code == gate.WorkNotTime:
			return doesMore(change) + " and takes no longer"
		}
		return doesMore(change)
	case gate.CountWavers:
		if r.Bound == 0 {
			return "its counts waver, and say nothing"
		}
		return fmt.Sprintf("its counts differ by %s within a side, and say nothing", figure.Percent(r.Bound))
	case gate.CountUnused:
		return "counted, and nothing hangs on it"
	case gate.CountAgain:
		return fmt.Sprintf("counted %s a side: more counts would tell", times(r.Rounds))
	case gate.Unconfirmed:
		return fmt.Sprintf("seemed to do %s more work (instructions); telling needs %s a side more", figure.Percent(change), figure.Counted(r.Needed, "fresh count"))
	case gate.Unsettled:
		return fmt.Sprintf("%s, and %s a side did not settle whether that is chance", doesMore(change), figure.Counted(r.Rounds, "count"))
	}
	return ""
}

// sameWork says in one sentence what was judged by its work, and what that could not have seen.
func (v view) sameWork() []string {
	rows := v.by[gate.SameWork]
	if len(rows) == 0 {
		return nil
	}
	most, widest := 0., 0.
	for _, r := range rows {
		most = max(most, r.Reason.Bound)
		if r.Detectable == nil {
			widest = math.Inf(1)
		} else {
			widest = max(widest, *r.Detectable)
		}
	}
	if math.IsInf(widest, 1) {
		widest = 0
	}
	more := grown(most)
	if len(rows) > 1 && most > 0 {
		more = strings.Replace(more, "(", "(at most ", 1)
	}
	return []string{fmt.Sprintf("%d with the same work%s, where time alone tells too little: %s could not be seen", len(rows), more, unseen(widest))}
}

// counted says what work that fails nobody has grown or fallen, as far as no row above tells it.
func (v view) counted() []string {
	var longer, little, less []string
	for _, rows := range [][]gate.Row{v.by[gate.Unchanged], v.by[gate.NotJudged]} {
		for _, r := range rows {
			if r.Unit != baseline.Instructions || r.Change == nil {
				continue
			}
			named := fmt.Sprintf("%s %s", v.rowLabel(r), figure.Percent(*r.Change))
			time := v.work.of[benchOf(r)].time
			switch {
			case r.Reason.Code == gate.WorkNotTime && *r.Change >= sameWork:
				longer = append(longer, named)
			case r.Reason.Code == gate.CountGrew && (time == nil || workBeside(*time, r, "") == ""):
				little = append(little, named)
			case r.Reason.Code == gate.SameCount && *r.Change <= -r.MinEffect && (time == nil || time.Verdict != gate.Improved):
				less = append(less, named)
			}
		}
	}
	var out []string
	for _, group := range []struct {
		names     []string
		one, many string
	}{
		{longer, "does more work (instructions) and takes no longer", "do more work (instructions) and take no longer"},
		{little, "does more work (instructions), by less than is looked for", "do more work (instructions), by less than is looked for"},
		{less, "does less work (instructions); whether it is faster is not proven", "do less work (instructions); whether they are faster is not proven"},
	} {
		switch n := len(group.names); {
		case n == 1:
			out = append(out, fmt.Sprintf("1 %s: %s", group.one, group.names[0]))
		case n > 1:
			out = append(out, fmt.Sprintf("%d %s: %s", n, group.many, few(group.names)))
		}
	}
	return out
}

// parted names the unchanged times whose usual repetition moved otherwise than the fast ones.
func (v view) parted() []string {
	var names []string
	for _, r := range v.by[gate.Unchanged] {
		if r.Middle != nil {
			names = append(names, fmt.Sprintf("%s %s", v.rowLabel(r), figure.Change(r.Middle.Change)))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{"changed in the median of all repetitions, not in the fast ones that are judged: " + few(names)}
}

// why returns why a row has its verdict, and what the other row of its benchmark adds.
func (v view) why(r gate.Row) string {
	return strings.Join(slices.DeleteFunc([]string{Why(v.Decision, r), v.work.Beside(r)}, func(s string) bool { return s == "" }), "; ")
}

// note returns what stands below a row where its reason does not.
func (v view) note(r gate.Row) string {
	beside := v.work.Beside(r)
	switch {
	case r.Unit != baseline.Instructions:
		return beside
	case beside == "":
		return "counted work, not time"
	}
	return "counted work; " + beside
}
