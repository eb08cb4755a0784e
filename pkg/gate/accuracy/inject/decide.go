package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// judged is what one way of deciding said of one commit.
type judged struct {
	exit    int      // of regress compare
	red     []string // benchmarks called slower
	known   int      // benchmarks with an answer
	unknown int      // benchmarks without one
	rounds  float64  // a side
	seconds float64
	rows    []row    // nil where regress did not decide
	cannot  []string // what the decision says that it could not have seen
}

// row is a row of a decision, as regress compare --format json prints it.
type row struct {
	Name    string
	Unit    string
	Exact   bool
	Verdict gate.Verdict
	Why     string
	Change  *float64
}

// decide runs regress compare and reads its decision.
func (l *lab) decide(ctx context.Context, args ...string) (judged, error) {
	start := time.Now()
	out, err := l.exec(ctx, l.regress, append([]string{"compare", "--format", "json", "--github=false"}, args...)...)
	j := judged{seconds: time.Since(start).Seconds()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		j.exit = exit.ExitCode()
	}
	if ctx.Err() != nil {
		return j, ctx.Err()
	}
	if err != nil && j.exit != 1 && j.exit != 3 {
		return j, err
	}
	var d struct {
		Headline string
		Rounds   float64  `json:"roundsPerSide"`
		Cannot   []string `json:"cannotSee"`
		Rows     []row
	}
	if jsonErr := json.Unmarshal(out, &d); jsonErr != nil {
		return j, errors.Join(fmt.Errorf("read the decision: %w", jsonErr), err)
	}
	if len(d.Rows) == 0 {
		return j, fmt.Errorf("regress measured nothing: %s", d.Headline)
	}
	j.rows, j.rounds, j.cannot = d.Rows, d.Rounds, d.Cannot
	j.count()
	return j, nil
}

// count says what the rows come to.
func (j *judged) count() {
	by := map[string][]row{}
	for _, r := range j.rows {
		by[r.Name] = append(by[r.Name], r)
		if name := bare(r.Name); r.Verdict == gate.Regressed && !slices.Contains(j.red, name) {
			j.red = append(j.red, name)
		}
	}
	for _, rows := range by {
		if answered(rows) {
			j.known++
		} else {
			j.unknown++
		}
	}
}

// unanswered are the verdicts that say nothing of whether a benchmark became slower.
var unanswered = []gate.Verdict{gate.Inconclusive, gate.NotJudged, gate.Added, gate.Missing, gate.Removed, gate.Edited}

// answered reports whether the time or the work of a benchmark was judged, given all of its rows.
// Where it has no time, that is any row that is not exact.
func answered(rows []row) bool {
	timed := slices.ContainsFunc(rows, func(r row) bool { return r.Unit == "sec/op" })
	return slices.ContainsFunc(rows, func(r row) bool {
		switch {
		case r.Unit == baseline.Instructions:
			return r.Verdict != gate.Unchanged && !slices.Contains(unanswered, r.Verdict) // else time's row says what it means
		case timed && r.Unit != "sec/op", r.Exact:
			return false
		}
		return !slices.Contains(unanswered, r.Verdict)
	})
}

// of returns the row of a benchmark, named as its source has it, in a unit; nil: there is none.
func (j judged) of(benchmark, unit string) *row {
	i := slices.IndexFunc(j.rows, func(r row) bool { return r.Unit == unit && is(r.Name, benchmark) })
	if i < 0 {
		return nil
	}
	return &j.rows[i]
}

// caught splits the rows called slower into those of a benchmark and those of others, which are
// false alarms.
func (j judged) caught(benchmark string) (right, wrong []string) {
	for _, r := range j.rows {
		if r.Verdict != gate.Regressed {
			continue
		}
		if is(r.Name, benchmark) {
			right = append(right, r.Unit)
		} else {
			wrong = append(wrong, r.Name+" "+r.Unit)
		}
	}
	return right, wrong
}

// is reports whether a printed name is that of a benchmark: "JSON-2" of "JSON", whatever
// GOMAXPROCS is.
func is(printed, benchmark string) bool {
	rest, ok := strings.CutPrefix(printed, benchmark)
	return ok && (rest == "" || procs.FindString(rest) == rest)
}

// bare is a benchmark's name as its source has it: "JSON" for "JSON-2", whatever
// GOMAXPROCS is.
func bare(name string) string {
	return procs.ReplaceAllString(name, "")
}

var procs = regexp.MustCompile(`-[0-9]+$`)
