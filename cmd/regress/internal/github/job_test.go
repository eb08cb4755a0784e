package github

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

const (
	headSHA  = "1111111111111111111111111111111111111111"
	mergeSHA = "3333333333333333333333333333333333333333"
)

// scene is one job in front of one GitHub.
type scene struct {
	t        *testing.T
	hub      *githubtest.Server
	env      Context
	opt      forge.Options
	commands bytes.Buffer
	slept    []time.Duration
}

// setting makes the scene of an event fixture.
func setting(t *testing.T, hub *githubtest.Server, name, event string) *scene {
	t.Helper()
	vars := map[string]string{
		"GITHUB_EVENT_NAME":   event,
		"GITHUB_EVENT_PATH":   filepath.Join("testdata", "events", name+".json"),
		"GITHUB_REPOSITORY":   "acme/shop",
		"GITHUB_API_URL":      hub.URL,
		"GITHUB_SHA":          mergeSHA,
		"GITHUB_TOKEN":        hub.Token,
		"GITHUB_RUN_ID":       "42",
		"GITHUB_STEP_SUMMARY": filepath.Join(t.TempDir(), "summary.md"),
	}
	env, err := FromEnv(func(key string) string { return vars[key] })
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, hub: hub, env: env}
	s.opt.Commands = &s.commands
	return s
}

// start is Start, on a clock that stands still.
func (s *scene) start() *Job {
	j := s.open()
	j.begin(s.t.Context())
	return j
}

func (s *scene) open() *Job {
	j := open(s.env, s.opt)
	if j.api != nil {
		j.api.wire.Sleep = func(_ context.Context, d time.Duration) error {
			s.slept = append(s.slept, d)
			return nil
		}
		j.api.wire.Now = func() time.Time { return epoch }
	}
	return j
}

func (s *scene) summary() string {
	text, err := os.ReadFile(s.env.Summary)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(text)
}

// warnings counts the lines that complain about GitHub.
func (s *scene) warnings() int { return strings.Count(s.commands.String(), "::warning title=regress") }

func ptr(x float64) *float64 { return &x }

// red is a decision in which the first n of all benchmarks regressed.
func red(n, all int) forge.Post {
	d := gate.Decision{Outcome: gate.Fail, Policy: gate.PolicyInfo{Alpha: .01}, Counts: map[gate.Verdict]int{gate.Regressed: n, gate.Unchanged: all - n}}
	positions := map[baseline.Function]source.Position{}
	for i := range all {
		row := gate.Row{Package: "example.com/shop", Name: fmt.Sprintf("Cart%03d/size=64B-2", i), Unit: "sec/op", Verdict: gate.Unchanged}
		if i < n {
			row.Verdict, row.Reason = gate.Regressed, gate.Reason{Code: gate.Better, Shift: &gate.Shift{Change: .12}}
			row.Base, row.Head, row.Change = &gate.Summary{Median: 1e-6}, &gate.Summary{Median: 1.12e-6}, ptr(.12)
			row.Interval = &gate.Interval{Lo: .1, Hi: .14, Level: .95}
		}
		d.Rows = append(d.Rows, row)
		positions[row.Key().Function()] = source.Position{File: "cart/cart_test.go", Line: 10 + i, End: 12 + i}
	}
	return forge.Post{Source: finding.Source{Decision: d, Positions: positions}, Headline: fmt.Sprintf("%d of %d benchmarks regressed", n, all), Summary: "# summary\n", Comment: "comment\n"}
}

func green() forge.Post {
	p := red(0, 3)
	p.Decision.Outcome, p.Headline = gate.Pass, "no regression in 3 benchmarks"
	delete(p.Decision.Counts, gate.Regressed)
	return p
}

func TestPullRequest(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "pull_request", "pull_request")
	j := s.start()
	if len(hub.Runs) != 1 || hub.Runs[0].Status != "in_progress" || hub.Runs[0].SHA != headSHA {
		t.Fatalf("after the start: %+v", hub.Runs)
	}
	post := red(1, 3)
	post.Reproduce = func(r gate.Row) string { return "regress compare --bench " + r.Name }
	j.Finish(t.Context(), post)

	run := hub.Runs[0]
	if len(hub.Runs) != 1 || run.Name != "regress" || run.Status != "completed" || run.Conclusion != "failure" || run.Title != "1 of 3 benchmarks regressed" {
		t.Errorf("check run: %+v", run)
	}
	if run.DetailsURL != "https://github.com/acme/shop/actions/runs/42" || run.Summary != "# summary\n" {
		t.Errorf("check run: %+v", run)
	}
	if len(run.Annotations) != 1 {
		t.Fatalf("annotations: %v", run.Annotations)
	}
	want := map[string]any{
		"path": "cart/cart_test.go", "start_line": 10., "end_line": 10., "annotation_level": "failure",
		"title":       "Cart000/size=64B-2 sec/op regressed by +12.0 %",
		"message":     "Cart000/size=64B-2 sec/op: 12 % slower. From 1.00 µs to 1.12 µs, a change of +10.0 to +14.0 % (95 % confidence).",
		"raw_details": "to reproduce: regress compare --bench Cart000/size=64B-2",
	}
	for key, value := range want {
		if run.Annotations[0][key] != value {
			t.Errorf("annotation %s: have %v, want %v", key, run.Annotations[0][key], value)
		}
	}
	if have := s.commands.String(); !strings.HasPrefix(have, "::error file=cart/cart_test.go,line=10,title=Cart000/size=64B-2 sec/op regressed by +12.0 %25::Cart000") || strings.Count(have, "\n") != 1 {
		t.Errorf("commands: %q", have)
	}
	if s.summary() != "# summary\n\n" {
		t.Errorf("summary: %q", s.summary())
	}
	if len(hub.Comments) != 1 || hub.Comments[0].Pull != 7 || hub.Comments[0].Body != "<!-- regress:default -->\n<!-- run 42 -->\ncomment\n" {
		t.Errorf("comments: %+v", hub.Comments[0])
	}
	// Start: look, create. Finish: complete. Comment: look, post, look again.
	if n := len(hub.Requests); n != 6 {
		t.Errorf("%d requests: %v", n, hub.Requests)
	}
}

// The first bar of the design: 500 benchmarks, 60 of them red.
func TestManyRows(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "pull_request", "pull_request")
	hub.Comments = append(hub.Comments, &githubtest.Comment{ID: 3, Pull: 7, Login: hub.Login(), Body: "<!-- regress:default -->\nold"})
	j := s.start()
	started := len(hub.Requests)
	j.Finish(t.Context(), red(60, 500))
	if have := hub.Count("PATCH", "/check-runs/"); have != 2 {
		t.Errorf("%d check-run requests to finish, want 2: 50 and 10 annotations", have)
	}
	if have := hub.Count("POST", "/comments") + hub.Count("PATCH", "/comments/"); have != 1 {
		t.Errorf("%d comment writes, want 1", have)
	}
	if n := len(hub.Runs[0].Annotations); n != 60 {
		t.Errorf("%d annotations, want 60", n)
	}
	if started > 2 || len(hub.Requests) > 12 {
		t.Errorf("%d requests to start, %d in all", started, len(hub.Requests))
	}
	lines := strings.Split(strings.TrimSpace(s.commands.String()), "\n")
	if len(lines) != 10 || lines[9] != "::error title=regress::and 51 more: see the summary of this job" {
		t.Errorf("commands: %d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	// Without a start, as in workflow_run: two writes in all.
	hub.Requests = nil
	s.open().Finish(t.Context(), red(60, 500))
	if have := hub.Count("PATCH", "/check-runs/") + hub.Count("POST", "/check-runs"); have != 2 {
		t.Errorf("%d check-run requests without a start, want 2", have)
	}
}

func TestEvents(t *testing.T) {
	check := func(name, event string, wantSHA string, wantRuns, wantComments int) {
		t.Helper()
		hub := server(t)
		hub.Pulls = []githubtest.Pull{
			{Number: 8, Head: "mallory:patch-1", SHA: mergeSHA}, // the branch has another commit there
			{Number: 7, Head: "mallory:patch-1", SHA: headSHA},
		}
		s := setting(t, hub, name, event)
		j := s.start()
		j.Finish(t.Context(), red(1, 3))
		if len(hub.Runs) != wantRuns || len(hub.Comments) != wantComments {
			t.Errorf("%s: %d check runs and %d comments, want %d and %d", name, len(hub.Runs), len(hub.Comments), wantRuns, wantComments)
		}
		for _, run := range hub.Runs {
			if run.SHA != wantSHA {
				t.Errorf("%s: reported on %s, want %s", name, run.SHA, wantSHA)
			}
		}
		for _, c := range hub.Comments {
			if c.Pull != 7 {
				t.Errorf("%s: commented on #%d, want #7", name, c.Pull)
			}
		}
		if s.warnings() != 0 || s.summary() == "" {
			t.Errorf("%s: commands %q, summary %q", name, s.commands.String(), s.summary())
		}
		if printed := strings.Contains(s.commands.String(), "::error"); printed != (event != "workflow_run") {
			t.Errorf("%s: commands %q", name, s.commands.String())
		}
	}
	check("pull_request", "pull_request", headSHA, 1, 1)
	check("fork", "pull_request", "", 0, 0) // a token that can only read: not one request
	check("fork", "pull_request_target", headSHA, 1, 1)
	check("deleted_fork", "pull_request", "", 0, 0)
	check("workflow_run", "workflow_run", headSHA, 1, 1)
	check("merge_group", "merge_group", headSHA, 1, 0)
	check("push", "push", headSHA, 1, 0)
	check("schedule", "schedule", mergeSHA, 1, 0) // GITHUB_SHA
}

func TestForkAsksNothing(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "fork", "pull_request")
	s.start().Finish(t.Context(), red(1, 1))
	if len(hub.Requests) != 0 {
		t.Errorf("requests from a fork: %v", hub.Requests)
	}
	if !strings.HasPrefix(s.commands.String(), "::error file=") || s.summary() == "" {
		t.Errorf("commands %q, summary %q", s.commands.String(), s.summary())
	}
}

func TestConclusions(t *testing.T) {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	waiver := gate.Waiver{Series: regexp.MustCompile(`^example\.com/shop\.Cart000/.* sec/op$`), Expires: today}
	check := func(name string, post forge.Post, want, wantState string) {
		t.Helper()
		hub := server(t)
		setting(t, hub, "push", "push").start().Finish(t.Context(), post)
		if have := hub.Runs[0].Conclusion; have != want {
			t.Errorf("%s: conclusion %s, want %s", name, have, want)
		}
		hub = server(t)
		hub.App = ""
		setting(t, hub, "push", "push").start().Finish(t.Context(), post)
		if have := hub.Statuses[0].State; len(hub.Statuses) != 1 || have != wantState {
			t.Errorf("%s: state %s, want %s", name, have, wantState)
		}
	}
	check("green", green(), "success", "success")
	check("red", red(1, 3), "failure", "failure")
	undecided := red(0, 3)
	undecided.Decision.Outcome = gate.Undecided
	check("undecided", undecided, "neutral", "error")
	few := green()
	few.Decision.Rows[0].Verdict, few.Decision.Rows[1].Verdict = gate.Inconclusive, gate.Inconclusive
	check("one of three judged", few, "neutral", "success")
	few.Decision.Rows[0].Verdict = gate.SameCode
	check("two of three, one proven", few, "success", "success")
	expired := red(1, 3)
	expired.Waivers, expired.Today = []gate.Waiver{waiver}, today
	check("expired waiver", expired, "action_required", "failure")
	expired.Today = today.AddDate(0, 0, -1) // in force, so it must be exceeded
	check("exceeded waiver", expired, "failure", "failure")
	missed := expired
	missed.Today = today
	missed.Decision.Targets = []gate.TargetRow{{Verdict: gate.Missed}}
	check("expired waiver and a missed target", missed, "failure", "failure")
	more := red(2, 3)
	more.Waivers, more.Today = []gate.Waiver{waiver}, today
	check("expired waiver and more", more, "failure", "failure")
	empty := green()
	empty.Headline = ""
	check("no headline", empty, "success", "success")
}

func TestAbort(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "pull_request", "pull_request")
	j := s.start()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j.Abort(ctx, "go build: exit status 1\nof "+hub.Token, false)
	run := hub.Runs[0]
	if run.Status != "completed" || run.Conclusion != "cancelled" || run.Title != "not measured: go build: exit status 1 of ***" {
		t.Errorf("check run: %+v", run)
	}
	if len(hub.Comments) != 0 || s.warnings() != 0 {
		t.Errorf("comments %v, commands %q", hub.Comments, s.commands.String())
	}
	// What nobody could decide blocks nothing, and is seen.
	s.start().Abort(ctx, "the store "+hub.Token+"\ndoes not answer", true)
	if run := hub.Runs[0]; run.Conclusion != "neutral" || s.commands.String() != "::warning title=regress%3A undecided::the store *** does not answer\n" {
		t.Errorf("check run %+v, commands %q", run, s.commands.String())
	}
	s.opt.FailUndecided = true
	if s.start().Abort(ctx, "x", true); hub.Runs[0].Conclusion != "cancelled" || s.warnings() != 1 {
		t.Errorf("check run %+v, commands %q", hub.Runs[0], s.commands.String())
	}
	// Stopped in mid-run with a decision on what there is: that is still posted.
	j = s.start()
	j.Finish(ctx, red(1, 3))
	if last := hub.Runs[len(hub.Runs)-1]; last.Conclusion != "failure" || len(hub.Comments) != 1 {
		t.Errorf("check run: %+v, %d comments", last, len(hub.Comments))
	}
}

// A job that is run again uses the check run of its first attempt while that is
// still bare, and otherwise replaces it: annotations can only be added.
func TestRerun(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "pull_request", "pull_request")
	s.start() // killed
	s.start().Finish(t.Context(), red(1, 3))
	if len(hub.Runs) != 1 || hub.Runs[0].Conclusion != "failure" {
		t.Fatalf("%d check runs, want the first one completed", len(hub.Runs))
	}
	s.start().Finish(t.Context(), red(2, 3))
	if len(hub.Runs) != 2 || len(hub.Runs[0].Annotations) != 1 || len(hub.Runs[1].Annotations) != 2 {
		t.Errorf("check runs: %+v", hub.Runs)
	}
	s.start().Finish(t.Context(), green())
	s.start().Finish(t.Context(), green())
	if len(hub.Runs) != 3 || hub.Runs[2].Conclusion != "success" {
		t.Errorf("%d check runs, want 3", len(hub.Runs))
	}
	for _, run := range hub.Runs {
		if run.ExternalID != "regress:default:42" {
			t.Errorf("external id %q", run.ExternalID)
		}
	}
	if len(hub.Comments) != 1 {
		t.Errorf("%d comments, want 1", len(hub.Comments))
	}
	// Another suite of the same repository keeps to itself.
	s.opt.Key = "arm 64"
	s.start().Finish(t.Context(), red(1, 3))
	if last := hub.Runs[len(hub.Runs)-1]; len(hub.Runs) != 4 || last.Name != "regress (arm-64)" || len(hub.Comments) != 2 {
		t.Errorf("check run %+v, %d comments", last, len(hub.Comments))
	}
}
