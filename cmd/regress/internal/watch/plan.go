package watch

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/gate/trend"
)

// Known is an alert that was told before.
type Known struct {
	Number int
	Mark   Mark
	Open   bool
	Text   string // whole, with the mark
	URL    string // for people; may be empty
}

// Deed says what is done about a cause or an alert.
type Deed string

// The deeds.
const (
	Open   Deed = "open"
	Update Deed = "update"
	Close  Deed = "close"
	Reopen Deed = "reopen"
	Keep   Deed = "keep"   // it says all there is to say
	Untold Deed = "untold" // and why is in Action.Why
)

// Why says why a cause is not told, or an alert left alone.
type Why string

// The reasons.
const (
	TooOld      Why = "older than the horizon"
	TooFew      Why = "too few runs to be certain"
	NotTheCode  Why = "the machine changed"
	NothingLeft Why = "recovered or waived"
	TooMany     Why = "too many alerts are open"
	ByHand      Why = "a person closed or reopened it"
	Unknown     Why = "its series or commits are not known here"
)

// Action is what is done about one cause, or about one alert whose cause is gone.
type Action struct {
	Deed    Deed
	Why     Why    // of Untold and Keep; may be empty for the latter
	Cause   Cause  // without steps: none is seen
	Known   *Known // the alert; nil: there is none yet
	Of      int    // number of the alert whose duplicate it is
	Mark    Mark   // as the alert shall have it
	Title   string // of one that is opened
	Text    string // as the alert shall have it
	Comment string // said beside it; empty: nothing
	News    bool   // of Update: series or commits changed, and not figures alone
	Done    bool   // whoever carries it out says so
}

// Plan returns what is to be done about the causes of in, given the alerts that were told, the
// largest cause first. Done once and planned again it has nothing more to do.
func Plan(in Input, known []Known) []Action {
	l := in.looker()
	known = slices.DeleteFunc(slices.Clone(known), func(k Known) bool {
		return k.Mark.Key != in.suite() || k.Mark.Project != hashed(in.Project) || k.Mark.Ended == Duplicate
	})
	slices.SortFunc(known, func(a, b Known) int { return cmp.Compare(a.Number, b.Number) })
	m := l.match(l.causes(), known)
	var out []Action
	for i := range known {
		if causes := m.causes[i]; len(causes) > 0 {
			out = append(out, l.follow(&known[i], merged(causes)))
		} else if of := m.duplicate[i]; of != 0 {
			out = append(out, l.end(Action{Known: &known[i], Of: of}, Duplicate))
		} else {
			out = append(out, l.gone(&known[i]))
		}
	}
	open := 0
	for _, a := range out {
		if a.Known.Open && a.Deed != Close || a.Deed == Reopen {
			open++
		}
	}
	for _, c := range m.rest {
		a := l.fresh(c)
		if a.Deed == Open {
			if open++; open > cmp.Or(in.Most, DefaultMost) {
				a.Deed, a.Why = Untold, TooMany
			}
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Action) int { return -cmp.Compare(a.Cause.size(), b.Cause.size()) })
	for i := range out {
		out[i] = l.worded(out[i])
	}
	return out
}

// matching says which causes belong to which alerts, by their index.
type matching struct {
	causes    [][]Cause
	duplicate []int   // number of the alert that tells of the same; 0: none
	rest      []Cause // that belong to none
}

func (l *looker) match(causes []Cause, known []Known) matching {
	m := matching{causes: make([][]Cause, len(known)), duplicate: make([]int, len(known))}
	shared := make([][]int, len(known)) // by alert and cause: how many steps they share
	for i, k := range known {
		shared[i] = l.shared(k.Mark, causes)
	}
	for c, cause := range causes {
		best := -1
		for i := range known {
			if shared[i][c] > 0 && (best < 0 || shared[i][c] > shared[best][c]) {
				best = i
			}
		}
		if best < 0 {
			best = l.overlapping(cause, known, shared)
		}
		if best < 0 {
			m.rest = append(m.rest, cause)
			continue
		}
		m.causes[best] = append(m.causes[best], cause)
		for i := range known {
			if i != best && shared[i][c] > 0 {
				m.duplicate[i] = known[best].Number
			}
		}
	}
	return m
}

// shared returns by cause how many of its steps are those that an alert tells of.
func (l *looker) shared(m Mark, causes []Cause) []int {
	out := make([]int, len(causes))
	after, by, ok := l.within(m)
	if !ok {
		return out
	}
	type place struct{ cause, apart int }
	nearest := map[string]place{} // of a series
	for c, cause := range causes {
		for _, s := range cause.Steps {
			name := seriesName(s.Step)
			if _, told := slices.BinarySearch(m.Series, name); !told {
				continue
			}
			apart := l.apart(s.Change.After, s.Change.By, after, by)
			if have, ok := nearest[name]; apart <= slack+s.Reach && (!ok || apart < have.apart) {
				nearest[name] = place{c, apart}
			}
		}
	}
	for _, at := range nearest {
		out[at.cause]++
	}
	return out
}

// overlapping returns the first open alert that shares no step with any cause, has a series here,
// and whose range overlaps that of a cause; -1: none.
func (l *looker) overlapping(c Cause, known []Known, shared [][]int) int {
	for i, k := range known {
		after, by, ok := l.within(k.Mark)
		if !ok || !k.Open || slices.ContainsFunc(shared[i], func(n int) bool { return n > 0 }) {
			continue
		}
		if l.apart(c.After, c.By, after, by) < 0 && l.told(k.Mark, after, by) {
			return i
		}
	}
	return -1
}

// within returns the range of a mark as places among Page.Commits; false where they are not known.
func (l *looker) within(m Mark) (after, by int, ok bool) {
	after, first := l.place[m.After]
	by, last := l.place[m.By]
	return after, by, first && last && after <= by
}

// told reports whether a series of a mark has runs enough on both sides of a range to show a step.
func (l *looker) told(m Mark, after, by int) bool {
	for name, s := range l.series {
		if _, ok := slices.BinarySearch(m.Series, seriesName(trend.Step{Key: name.Key, Fingerprint: name.Fingerprint})); !ok {
			continue
		}
		l.Page.Fill(s)
		before, behind := 0, 0
		for _, p := range s.Points {
			switch at := l.place[p.Commit]; {
			case at <= after:
				before++
			case at >= by:
				behind++
			}
		}
		if before >= enoughRuns && behind >= enoughRuns {
			return true
		}
	}
	return false
}

func seriesName(s trend.Step) string { return hashed(s.Key.String() + " " + s.Fingerprint) }

// fresh returns what is done about a cause of which nobody was told. Steps with too few runs behind
// them are left out: they are added later.
func (l *looker) fresh(c Cause) Action {
	seen := c
	seen.Steps = slices.DeleteFunc(slices.Clone(c.Steps), func(s Step) bool { return s.Runs < enoughRuns })
	certain := slices.ContainsFunc(seen.Alive(), func(s Step) bool { return s.Chance*float64(len(l.series)) <= falseAlarm })
	horizon := l.Today.AddDate(0, 0, -cmp.Or(l.Days, DefaultDays))
	why := Why("")
	switch {
	case len(c.Alive()) == 0:
		why = NothingLeft
	case l.Page.Commits[c.By].Time.Before(horizon):
		why = TooOld
	case c.Moved || c.After == c.By:
		why = NotTheCode
	case !certain:
		why = TooFew
	}
	if why != "" {
		return Action{Deed: Untold, Why: why, Cause: c}
	}
	a := Action{Deed: Open, Cause: seen, Mark: l.mark(seen, Mark{})}
	a.Mark.ID = notInID.ReplaceAllString(l.Page.Commits[c.Order].ID, "")
	a.Mark.ID = a.Mark.ID[:min(len(a.Mark.ID), 10)] + "-" + seriesName(seen.Steps[0].Step)
	return a
}

// mark returns the mark of a cause; of one that was told it keeps the name, and all its series.
func (l *looker) mark(c Cause, old Mark) Mark {
	m := old
	m.Version, m.Key, m.Project = markVersion, l.suite(), hashed(l.Project)
	m.After, m.By, m.Ended = l.Page.Commits[c.After].ID, l.Page.Commits[c.By].ID, ""
	all := map[string]bool{}
	for _, name := range old.Series {
		all[name] = true
	}
	for _, s := range c.Steps {
		if len(all) < mostSeries {
			all[seriesName(s.Step)] = true
		}
	}
	m.Series = slices.Sorted(maps.Keys(all))
	return m
}

// follow returns what is done about an alert whose cause is seen.
func (l *looker) follow(k *Known, c Cause) Action {
	a := Action{Known: k, Cause: c, Mark: l.mark(c, k.Mark)}
	ended := Ending("")
	if len(c.Alive()) == 0 {
		ended = BackAgain
		if slices.ContainsFunc(c.Steps, func(s Step) bool { return s.State == Waived }) {
			ended = Accepted
		}
	}
	if ended != "" {
		return l.end(a, ended)
	}
	switch {
	case !k.Open && k.Mark.Ended == "":
		a.Deed, a.Why, a.Mark = Keep, ByHand, k.Mark
	case !k.Open:
		a.Deed = Reopen
	default:
		a.Deed = Update // unless the text is the same
		a.News = k.Mark.Ended == "" && (a.Mark.After != k.Mark.After || a.Mark.By != k.Mark.By || !slices.Equal(a.Mark.Series, k.Mark.Series))
	}
	return a
}

// end returns a with the end of its alert: closed now, unless it is or a person wants otherwise.
func (l *looker) end(a Action, ended Ending) Action {
	k := a.Known
	if len(a.Cause.Steps) == 0 {
		a.Mark = k.Mark
	}
	a.Mark.Ended, a.Deed = ended, Close
	switch {
	case !k.Open && k.Mark.Ended != "":
		a.Deed, a.Mark = Keep, k.Mark
	case !k.Open || k.Mark.Ended != "":
		a.Deed, a.Why, a.Mark = Keep, ByHand, k.Mark
	}
	return a
}

// gone returns what is done about an alert whose cause is not seen. Where runs are missing, on one
// side or on both, nothing is known of it.
func (l *looker) gone(k *Known) Action {
	a := Action{Known: k}
	after, by, ok := l.within(k.Mark)
	if !ok || !l.told(k.Mark, after, by) {
		a.Deed, a.Why, a.Mark = Keep, Unknown, k.Mark
		return a
	}
	return l.end(a, Gone)
}

// worded returns a with its words. An alert that says the same already is kept.
func (l *looker) worded(a Action) Action {
	switch a.Deed {
	case Open:
		a.Title, a.Text = l.title(a.Cause), l.text(a)
	case Reopen:
		a.Text, a.Comment = l.text(a), l.reopened()
	case Update:
		if a.Text = l.text(a); same(a.Text, a.Known.Text) {
			a.Deed, a.News = Keep, false
		}
	case Close:
		a.Text, a.Comment = l.text(a), l.closed(a)
	}
	return a
}

// same reports whether two texts differ in nothing but what GitHub changes of its own accord.
func same(a, b string) bool {
	plain := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return plain(a) == plain(b)
}

// name returns the series that a step is of.
func (s Step) name() course.Name { return course.Name{Key: s.Key, Fingerprint: s.Fingerprint} }
