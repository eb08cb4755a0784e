package site

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
)

// The API speaks of the same as the page, with names in place of numbers. openapi.json describes
// it, and a test holds every answer against that.

const (
	defaultRows = 100
	mostRows    = 1000
)

// problem answers with what is wrong.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encoded(map[string]string{"error": detail}))
}

// sendJSON answers with a value.
func sendJSON(w http.ResponseWriter, r *http.Request, value any) {
	send(w, r, "answer.json", append(encoded(value), '\n'))
}

type commitDocument struct {
	Commit  string     `json:"commit"`
	Author  string     `json:"author,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Time    *time.Time `json:"time,omitempty"`
}

type nameDocument struct {
	Package string `json:"package"`
	Name    string `json:"name"`
	Unit    string `json:"unit"`
	Machine string `json:"machine"` // class of machine: its fingerprint
}

func nameOf(s *course.Series) nameDocument {
	return nameDocument{s.Key.Package, s.Key.Name, s.Key.Unit, s.Fingerprint}
}

type stepDocument struct {
	nameDocument
	sized
}

type causeDocument struct {
	Commit  commitDocument   `json:"commit"`  // the likeliest
	Commits []commitDocument `json:"commits"` // one of these did it, oldest first; at most 100
	Between int              `json:"between"` // how many they are
	Machine bool             `json:"machine_changed"`
	Worse   int              `json:"worse"`
	Better  int              `json:"better"`
	Series  []stepDocument   `json:"series"` // largest step first
}

type overviewDocument struct {
	Project    string          `json:"project"`
	Branch     string          `json:"branch"`
	Repository string          `json:"repository"`
	Order      string          `json:"order"`
	Measured   *time.Time      `json:"measured"`
	Series     int             `json:"series"`
	Benchmarks int             `json:"benchmarks"`
	Runs       int             `json:"runs"`
	Commits    int             `json:"commits"`
	Judged     int             `json:"judged"`
	Noise      float64         `json:"noise"`
	Units      []unitInfo      `json:"units"`
	Machines   []machineInfo   `json:"machines"`
	Causes     []causeDocument `json:"causes"` // newest first
	Targets    []target        `json:"targets"`
}

// asked returns the project that a request names, or that is the only one. It has answered where
// ok is false.
func (s *Server) asked(w http.ResponseWriter, r *http.Request) (l *loaded, ok bool) {
	names, err := s.list(r.Context())
	if err != nil {
		s.failed(w, err)
		return nil, false
	}
	name := r.URL.Query().Get("project")
	switch {
	case name == "" && len(names) == 1:
		name = names[0]
	case name == "":
		problem(w, http.StatusBadRequest, "say which project: ?project=NAME, of those in /api/v1/projects")
		return nil, false
	case !slices.Contains(names, name):
		s.failed(w, errUnknown)
		return nil, false
	}
	if l, err = s.load(r.Context(), name); err != nil {
		s.failed(w, err)
		return nil, false
	}
	return l, true
}

func (s *Server) description(w http.ResponseWriter, r *http.Request) {
	send(w, r, "openapi.json", asset("assets/openapi.json"))
}

func (s *Server) apiProjects(w http.ResponseWriter, r *http.Request) {
	names, err := s.list(r.Context())
	if err != nil {
		s.failed(w, err)
		return
	}
	sendJSON(w, r, map[string][]string{"projects": names})
}

func (s *Server) apiOverview(w http.ResponseWriter, r *http.Request) {
	l, ok := s.asked(w, r)
	if !ok {
		return
	}
	x, _ := l.documents.values["index"].(index)
	out := overviewDocument{
		Project: x.Project, Branch: x.Branch, Repository: x.Repository, Order: x.Order, Measured: x.Measured,
		Series: x.Series, Benchmarks: x.Benchmarks, Runs: x.Runs, Commits: x.Commits, Judged: x.Judged, Noise: x.Noise.Median,
		Units: x.Units, Machines: x.Machines, Causes: []causeDocument{}, Targets: x.Targets,
	}
	for _, c := range x.Causes {
		out.Causes = append(out.Causes, l.cause(c))
	}
	sendJSON(w, r, out)
}

func (l *loaded) cause(c cause) causeDocument {
	const most = 100
	out := causeDocument{Commit: l.commit(c.order), Commits: []commitDocument{}, Between: c.Between, Machine: c.Moved, Worse: c.Worse, Better: c.Better, Series: []stepDocument{}}
	for order := c.at - c.Between + 1; order <= c.at && len(out.Commits) < most; order++ {
		out.Commits = append(out.Commits, l.commit(order))
	}
	for _, step := range c.series {
		out.Series = append(out.Series, stepDocument{nameDocument{step.Key.Package, step.Key.Name, step.Key.Unit, step.Fingerprint}, l.book.sized(step.Change, step.Key.Unit)})
	}
	return out
}

// commit returns one of the page's commits.
func (l *loaded) commit(order int) commitDocument {
	c := l.project.Page.Commits[order]
	out := commitDocument{Commit: c.ID, Author: c.Author, Subject: c.Subject}
	if !c.Time.IsZero() {
		out.Time = &c.Time
	}
	return out
}

type listedDocument struct {
	nameDocument
	Points int     `json:"points"`
	Last   float64 `json:"last"`
	Noise  float64 `json:"noise"`
	Latest *sized  `json:"latest_change"` // null: there is none
}

// apiSeries answers with the series that a query selects.
func (s *Server) apiSeries(w http.ResponseWriter, r *http.Request) {
	l, ok := s.asked(w, r)
	if !ok {
		return
	}
	limit, err := whole(r, "limit", defaultRows, mostRows)
	offset, err2 := whole(r, "offset", 0, 1<<30)
	if err = errors.Join(err, err2); err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	q := r.URL.Query()
	words := strings.Fields(strings.ToLower(q.Get("q")))
	rows, total := []listedDocument{}, 0
	for i := range l.project.Page.Series {
		one := &l.project.Page.Series[i]
		if !selected(q, one) || slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(strings.ToLower(one.Key.String()), word) }) {
			continue
		}
		if total++; total <= offset || len(rows) == limit {
			continue
		}
		row := listedDocument{nameDocument: nameOf(one), Points: len(one.Points), Last: stat.Tidy(one.Points[len(one.Points)-1].Value), Noise: stat.Tidy(one.Trend.Noise)}
		if n := len(one.Trend.Changes); n > 0 {
			size := l.book.sized(one.Trend.Changes[n-1], one.Key.Unit)
			row.Latest = &size
		}
		rows = append(rows, row)
	}
	sendJSON(w, r, map[string]any{"total": total, "series": rows})
}

// whole returns a whole number of a query, from 0 to most.
func whole(r *http.Request, key string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(key)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%s=%.40q: give a whole number from 0 to %d", key, text, most)
	}
	return n, nil
}

// selected reports whether a query names a series by its parts; a part that is absent is any.
func selected(q map[string][]string, s *course.Series) bool {
	for key, have := range map[string]string{"package": s.Key.Package, "name": s.Key.Name, "unit": s.Key.Unit, "machine": s.Fingerprint} {
		if want := q[key]; len(want) > 0 && !slices.Contains(want, have) {
			return false
		}
	}
	return true
}

type pointDocument struct {
	Commit string    `json:"commit"`
	Time   time.Time `json:"time"`
	Value  float64   `json:"value"`
	Half   float64   `json:"half"` // of its 95 % interval; 0: unknown
}

type segmentDocument struct {
	From  int     `json:"from"` // index of its first point
	To    int     `json:"to"`   // of the first behind it
	Level float64 `json:"level"`
}

type changeDocument struct {
	At      int              `json:"at"`      // index of a point
	Commits []commitDocument `json:"commits"` // one of these did it, oldest first; at most 100
	Between int              `json:"between"`
	sized
	Environment []string `json:"environment,omitempty"`
}

type courseDocument struct {
	nameDocument
	Noise    float64           `json:"noise"`
	Points   []pointDocument   `json:"points"`
	Segments []segmentDocument `json:"segments"`
	Changes  []changeDocument  `json:"changes"`
}

// apiPoints answers with the courses of one benchmark.
func (s *Server) apiPoints(w http.ResponseWriter, r *http.Request) {
	l, ok := s.asked(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	if !q.Has("name") {
		problem(w, http.StatusBadRequest, "say which benchmark: ?name=NAME, as /api/v1/series lists it")
		return
	}
	out := []courseDocument{}
	for i := range l.project.Page.Series {
		if one := &l.project.Page.Series[i]; selected(q, one) {
			out = append(out, l.course(one))
		}
	}
	if len(out) == 0 {
		problem(w, http.StatusNotFound, "no such benchmark")
		return
	}
	sendJSON(w, r, map[string]any{"series": out})
}

func (l *loaded) course(s *course.Series) courseDocument {
	const most = 100
	out := courseDocument{nameDocument: nameOf(s), Noise: stat.Tidy(s.Trend.Noise), Points: []pointDocument{}, Segments: []segmentDocument{}, Changes: []changeDocument{}}
	for _, p := range s.Points {
		out.Points = append(out.Points, pointDocument{p.Commit, p.Time.UTC(), p.Value, stat.Tidy(half(p))})
	}
	for _, seg := range s.Trend.Segments {
		out.Segments = append(out.Segments, segmentDocument{seg.From, seg.To, stat.Tidy(seg.Level)})
	}
	for _, c := range s.Trend.Changes {
		one := changeDocument{At: c.At, Between: c.By - c.After, sized: l.book.sized(c, s.Key.Unit), Commits: []commitDocument{}}
		for order := c.After + 1; order <= c.By && len(one.Commits) < most; order++ {
			one.Commits = append(one.Commits, l.commit(order))
		}
		if c.Environment != nil {
			one.Environment = []string{c.Environment.From, c.Environment.To}
		}
		out.Changes = append(out.Changes, one)
	}
	return out
}

type rowDocument struct {
	nameDocument
	Verdict string         `json:"verdict"` // of package gate
	Reason  string         `json:"reason"`  // its code
	Base    *float64       `json:"base"`
	Head    *float64       `json:"head"`
	Change  *float64       `json:"change"`
	Range   *stat.Interval `json:"interval"`
}

// apiCompare answers with what the stored comparison of package gate makes of two commits.
func (s *Server) apiCompare(w http.ResponseWriter, r *http.Request) {
	l, ok := s.asked(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	base, head := q.Get("base"), q.Get("head")
	if short := baseline.Query.Validate; short(baseline.Query{Commit: base}) != nil || short(baseline.Query{Commit: head}) != nil || base == "" || head == "" {
		problem(w, http.StatusBadRequest, "say which commits: ?base=COMMIT&head=COMMIT, at least 7 digits of each")
		return
	}
	d, err := s.source.Compare(r.Context(), l.project.Name, base, head)
	if err != nil {
		s.failed(w, err)
		return
	}
	sendJSON(w, r, decided(d))
}

type decisionDocument struct {
	Outcome   string        `json:"outcome"`
	Procedure string        `json:"procedure"`
	Series    []rowDocument `json:"series"`
}

func decided(d gate.Decision) decisionDocument {
	out := decisionDocument{string(d.Outcome), string(d.Policy.Procedure), []rowDocument{}}
	for _, r := range d.Rows {
		row := rowDocument{nameDocument: nameDocument{r.Package, r.Name, r.Unit, r.Fingerprint}, Verdict: string(r.Verdict), Reason: string(r.Reason.Code), Change: r.Change, Range: r.Interval}
		if r.Base != nil {
			row.Base = &r.Base.Median
		}
		if r.Head != nil {
			row.Head = &r.Head.Median
		}
		out.Series = append(out.Series, row)
	}
	return out
}
