package github

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
	"github.com/descartes/regress/cmd/regress/internal/watch"
	"github.com/descartes/regress/pkg/baseline"
)

// fifty is a branch of n commits whose commit 30 made fifty series worse, and commit back better
// again; 0: none.
func fifty(t *testing.T, n, back int) func([]watch.Known) []watch.Action {
	t.Helper()
	start := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	points, history := map[course.Name][]course.Point{}, []course.Commit{}
	for i := range n {
		id := fmt.Sprintf("%010x%030x", i, 7)
		history = append(history, course.Commit{ID: id, Author: "@jo", Subject: "--> <b>", Time: start.AddDate(0, 0, i)})
		for s := range 50 {
			v := 1e-6 * (1 + .001*float64((i*7+s)%5))
			if i >= 30 && (back == 0 || i < back) {
				v *= 1.2
			}
			name := course.Name{Key: baseline.Key{Package: "example.com/p", Name: fmt.Sprint("B/-->", s), Unit: "sec/op"}, Fingerprint: "f"}
			points[name] = append(points[name], course.Point{Commit: id, Time: start.AddDate(0, 0, i), Value: v, Environment: "one"})
		}
	}
	page, err := course.New(points, history)
	if err != nil {
		t.Fatal(err)
	}
	in := watch.Input{Page: page, Project: "example.com/p", Today: epoch, Days: 100, Direction: func(string) baseline.Direction { return baseline.Lower }}
	return func(known []watch.Known) []watch.Action { return watch.Plan(in, known) }
}

// follow is one run of a watch, on a clock that stands still; done says what it did.
func follow(t *testing.T, hub *githubtest.Server, plan func([]watch.Known) []watch.Action) (done []string, slept time.Duration, err error) {
	t.Helper()
	s := setting(t, hub, "push", "push")
	b, err := OpenBoard(s.env)
	if err != nil {
		t.Fatal(err)
	}
	b.api.wire.Now = func() time.Time { return epoch }
	b.api.wire.Sleep = func(_ context.Context, d time.Duration) error { slept += d; return nil }
	actions, err := b.Follow(t.Context(), plan)
	for _, a := range actions {
		if a.Done {
			done = append(done, fmt.Sprint(a.Deed, " ", a.Known.Number))
		}
	}
	return done, slept, err
}

// TestAlerts: fifty series that one commit made worse are one issue; the same run twice changes
// nothing; recovery closes it, with a comment; what was a lull opens it again.
func TestAlerts(t *testing.T) {
	hub := server(t)
	hub.Issues = append(hub.Issues,
		&githubtest.Issue{Number: 3, Login: "ann", Title: "a pull request", Body: "x", Pull: true},
		&githubtest.Issue{Number: 4, Login: "ann", Title: "a forged mark", Body: watch.Mark{ID: "a-b", Key: "default", Version: 1}.Line()})
	run := func(what string, plan func([]watch.Known) []watch.Action, want ...string) {
		t.Helper()
		before := hub.Count("PATCH", "") + hub.Count("POST", "")
		done, _, err := follow(t, hub, plan)
		if err != nil || !slices.Equal(done, want) {
			t.Errorf("%s: have %q, want %q: %v", what, done, want, err)
		}
		if wrote := hub.Count("PATCH", "") + hub.Count("POST", "") - before; len(want) == 0 && wrote != 0 {
			t.Errorf("%s: %d requests that write", what, wrote)
		}
	}
	run("two runs", fifty(t, 32, 0))
	run("told", fifty(t, 38, 0), "open 5")
	issue := hub.Issues[2]
	if !regexp.MustCompile(`^Worse since 000000001e: B/-->\d+ sec/op \+\d+\.\d % and 49 more benchmarks$`).MatchString(issue.Title) || !slices.Equal(issue.Labels, []string{Label}) || issue.Login != "github-actions[bot]" {
		t.Errorf("have %+v", issue)
	}
	if !strings.Contains(issue.Body, `\@`+"\u200bjo") || strings.Contains(issue.Body, "<b>") {
		t.Errorf("it says\n%s", issue.Body)
	}
	run("the same", fifty(t, 38, 0))
	issue.Body = strings.ReplaceAll(issue.Body, "\n", "\r\n") // as GitHub may give it back
	run("with other line ends", fifty(t, 38, 0))
	issue.Labels = nil // taken off by a person
	run("more runs", fifty(t, 45, 0), "update 5")
	run("back", fifty(t, 60, 50), "close 5")
	if !issue.Closed || issue.Reason != "completed" || len(hub.Comments) != 1 || !strings.HasPrefix(hub.Comments[0].Body, "Recovered: ") {
		t.Errorf("have %+v, comments %v", issue, len(hub.Comments))
	}
	run("back and the same", fifty(t, 60, 50))
	run("a lull", fifty(t, 61, 0), "reopen 5")
	if len(hub.Issues) != 3 || issue.Closed {
		t.Errorf("%d issues", len(hub.Issues))
	}
}

// TestAlertsOfOthers: a personal token's own issues, and those of an App of another name, by the
// label.
func TestAlertsOfOthers(t *testing.T) {
	for _, app := range []string{"", "our-app"} {
		hub := server(t)
		hub.App = app
		for range 2 {
			if _, _, err := follow(t, hub, fifty(t, 40, 0)); err != nil {
				t.Error(err)
			}
		}
		if len(hub.Issues) != 1 {
			t.Errorf("app %q: %d issues", app, len(hub.Issues))
		}
	}
	// Hundreds of issues of people are looked through.
	hub := server(t)
	hub.Check = nil
	for i := range 350 {
		hub.Issues = append(hub.Issues, &githubtest.Issue{Number: i + 1, Login: "github-actions[bot]", Title: "chatter", Body: "x"})
	}
	for range 2 {
		if _, _, err := follow(t, hub, fifty(t, 40, 0)); err != nil {
			t.Error(err)
		}
	}
	if len(hub.Issues) != 351 {
		t.Errorf("%d issues", len(hub.Issues))
	}
}

// TestAlertRace: two jobs open an issue at once: the lower number stays, whoever looks first.
func TestAlertRace(t *testing.T) {
	hub := server(t)
	hub.OnIssue = func() {
		for _, a := range fifty(t, 41, 0)(nil) {
			hub.Issues = append(hub.Issues, &githubtest.Issue{Number: hub.NextIssue(), Login: hub.Login(), Title: a.Title, Body: a.Text, Labels: []string{Label}})
		}
	}
	if _, _, err := follow(t, hub, fifty(t, 40, 0)); err != nil {
		t.Error(err)
	}
	if len(hub.Issues) != 2 || hub.Issues[0].Closed || !hub.Issues[1].Closed || hub.Issues[1].Reason != "not_planned" {
		t.Errorf("have %+v and %+v", hub.Issues[0], hub.Issues[1])
	}
	if done, _, err := follow(t, hub, fifty(t, 40, 0)); len(done) != 0 || err != nil {
		t.Errorf("again: %q, %v", done, err)
	}
}

// TestAlertFaults: whatever GitHub does, this run and the next leave one issue.
func TestAlertFaults(t *testing.T) {
	const s = time.Second
	check := func(name, says string, slept time.Duration, first int, faults ...githubtest.Fault) {
		t.Helper()
		hub := server(t)
		for i := range faults {
			hub.Faults = append(hub.Faults, &faults[i])
		}
		_, waited, err := follow(t, hub, fifty(t, 40, 0))
		if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) || waited != slept || len(hub.Issues) != first {
			t.Errorf("%s: %d issues after %s: %v", name, len(hub.Issues), waited, err)
		}
		hub.Faults = nil
		if _, _, err := follow(t, hub, fifty(t, 40, 0)); err != nil || len(hub.Issues) != 1 || hub.Issues[0].Closed {
			t.Errorf("%s, the next run: %d issues: %v", name, len(hub.Issues), err)
		}
	}
	header := map[string]string{"Retry-After": "7"}
	for _, after := range []bool{false, true} {
		for _, status := range []int{403, 429} {
			check(fmt.Sprint(status, " with a time, carried out: ", after), "", 7*s, 1, githubtest.Fault{Method: "POST", Path: "issues", Times: 1, Status: status, After: after, Header: header, Message: "You have exceeded a secondary rate limit"})
		}
		for _, status := range []int{500, 502, 503, 504} {
			check(fmt.Sprint(status, ", carried out: ", after), "", 2*s, 1, githubtest.Fault{Method: "POST", Path: "issues", Times: 1, Status: status, After: after})
		}
		check(fmt.Sprint("429 without a time, carried out: ", after), "", 60*s, 1, githubtest.Fault{Method: "POST", Path: "issues", Times: 1, Status: 429, After: after})
		first := 0
		if after {
			first = 1
		}
		check(fmt.Sprint("403, carried out: ", after), "permissions: issues: write", 0, first, githubtest.Fault{Method: "POST", Path: "issues", Times: 1, Status: 403, After: after, Message: "Resource not accessible by integration"})
		check(fmt.Sprint("502 every time, carried out: ", after), map[bool]string{false: "the next run looks again"}[after], map[bool]time.Duration{false: 6 * s, true: 2 * s}[after], first,
			githubtest.Fault{Method: "POST", Path: "issues", Times: -1, Status: 502, After: after})
	}
	check("half an answer", "", 2*s, 1, githubtest.Fault{Method: "POST", Path: "issues", Times: 1, Cut: true})
	check("a limit longer than patience", "run the job again later", 0, 0, githubtest.Fault{Method: "POST", Path: "issues", Times: 1, Status: 429, Header: map[string]string{"Retry-After": "600"}})
	check("no list", "503", 3*s, 0, githubtest.Fault{Method: "GET", Path: "issues", Times: -1, Status: 503})
	check("half a list", "", s, 1, githubtest.Fault{Method: "GET", Path: "issues", Times: 1, Cut: true})
	check("nobody says who", "503", 3*s, 0, githubtest.Fault{Method: "GET", Path: "user", Times: -1, Status: 503})
	check("no issues", "turn them on", 0, 0, githubtest.Fault{Path: "issues", Times: -1, Status: 410, Message: "Issues has been disabled in this repository."})
	check("a bad token", "pass a valid token", 0, 0, githubtest.Fault{Times: -1, Status: 401, Message: "Bad credentials"})
	check("a slow list", "", 0, 1, githubtest.Fault{Method: "GET", Times: 1, Delay: 20 * time.Millisecond})

	// The comment on a closed issue is never written twice, and the issue is closed all the same.
	hub := server(t)
	for _, n := range []int{40, 60} {
		if n == 60 {
			hub.Faults = []*githubtest.Fault{{Method: "POST", Path: "comments", Times: 1, Status: 502, After: true}}
		}
		_, _, err := follow(t, hub, fifty(t, n, 50*(n/60)))
		if (err == nil) != (n == 40) {
			t.Error(err)
		}
	}
	if len(hub.Comments) != 1 || !hub.Issues[0].Closed {
		t.Errorf("%d comments, %+v", len(hub.Comments), hub.Issues[0])
	}
}

// TestNoBoard: who does not speak for main opens no issues.
func TestNoBoard(t *testing.T) {
	hub := server(t)
	for event, says := range map[string]string{"fork": "pull request", "pull_request": "pull request", "push": ""} {
		name := event
		if event == "fork" {
			name = "pull_request"
		}
		s := setting(t, hub, event, name)
		_, err := OpenBoard(s.env)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", event, err)
		}
		s.env.Token = forge.NewSecret("")
		if _, err := OpenBoard(s.env); err == nil {
			t.Errorf("%s without a token", event)
		}
	}
}
