package site

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What /metrics says, in the text format of Prometheus, version 0.0.4. It is written by hand: five
// counters do not need the client library and the fifteen modules that come with it.

// counters count requests by address and status.
type counters struct {
	mu      sync.Mutex
	answers map[answer]int
	seconds map[string]float64 // by pattern
}

type answer struct {
	pattern string // of a route, never what a client has typed: that would be a series for each
	status  int
}

// count returns a handler that counts what next answers.
func (c *counters) count(pattern string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begun, seen := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next(seen, r)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.answers == nil {
			c.answers, c.seconds = map[answer]int{}, map[string]float64{}
		}
		c.answers[answer{pattern, seen.status}]++
		c.seconds[pattern] += time.Since(begun).Seconds()
	}
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	var b strings.Builder
	family := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	s.counts.write(&b, family)
	s.mu.Lock()
	known := maps.Clone(s.projects)
	s.mu.Unlock()
	rows := []struct {
		name, help string
		of         func(*live) float64
	}{
		{"regress_series", "Series that are shown.", func(l *live) float64 { return float64(len(l.project.Page.Series)) }},
		{"regress_runs", "Runs that are shown.", func(l *live) float64 { return float64(len(l.book.runs)) }},
		{"regress_causes", "Changes that are shown, series that changed at one commit being one.", func(l *live) float64 { return float64(len(l.project.Page.Causes)) }},
		{"regress_newest_run_timestamp_seconds", "When the newest run was measured.", func(l *live) float64 { return float64(l.project.Measured.Unix()) }},
		{"regress_read_seconds", "How long the last reading of the store took.", func(l *live) float64 { return l.took.Seconds() }},
	}
	for _, row := range rows {
		family(row.name, "gauge", row.help)
		for _, name := range slices.Sorted(maps.Keys(known)) {
			l := known[name]
			l.mu.Lock()
			if l.loaded != nil {
				fmt.Fprintf(&b, "%s{project=%s} %s\n", row.name, label(name), strconv.FormatFloat(row.of(l), 'g', -1, 64))
			}
			l.mu.Unlock()
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(b.String()))
}

func (c *counters) write(b *strings.Builder, family func(name, kind, help string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	family("regress_http_requests_total", "counter", "Answers, by address and status.")
	all := slices.SortedFunc(maps.Keys(c.answers), func(x, y answer) int {
		return cmp.Or(cmp.Compare(x.pattern, y.pattern), cmp.Compare(x.status, y.status))
	})
	for _, a := range all {
		fmt.Fprintf(b, "regress_http_requests_total{path=%s,code=\"%d\"} %d\n", label(a.pattern), a.status, c.answers[a])
	}
	family("regress_http_request_seconds_total", "counter", "Time spent on answers, by address.")
	for _, pattern := range slices.Sorted(maps.Keys(c.seconds)) {
		fmt.Fprintf(b, "regress_http_request_seconds_total{path=%s} %s\n", label(pattern), strconv.FormatFloat(c.seconds[pattern], 'g', -1, 64))
	}
}

// label returns a text as the value of a label.
func label(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(text, "\uFFFD")) + `"`
}
