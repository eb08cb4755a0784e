package forgetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/pkg/gate"
)

// Change is the number of the change that the jobs of a suite are for, and SHA its head.
const (
	Change = 7
	SHA    = "1111111111111111111111111111111111111111"
)

// Epoch is when every test of limits takes place.
var Epoch = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)

// Forge is what a suite is held against.
type Forge struct {
	Name   string
	Server func(t *testing.T) *Server
	// Job returns a job for Change, run 42, on the server, and its wire.
	Job func(t *testing.T, s *Server, o forge.Options) (*forge.Plain, *forge.Wire)
	// States are its words for forge.Passed, Failed and Undecided.
	States map[forge.State]string
	// Notes and Statuses are parts of the paths of its comments and statuses, Write and Edit the
	// methods by which they are written and changed.
	Notes, Statuses, Edit string
	// Grant is part of what is said where the token may not comment.
	Grant string
}

// Suite holds a forge against everything that strangers and broken servers do.
func (f Forge) Suite(t *testing.T) {
	t.Run("attacks", f.attacks)
	t.Run("faults", f.faults)
	t.Run("answers", f.answers)
	t.Run("elsewhere", f.elsewhere)
	t.Run("comment", f.comment)
	t.Run("pages", f.pages)
	t.Run("race", f.race)
	t.Run("states", f.states)
	t.Run("token", f.token)
	t.Run("unreachable", f.unreachable)
	t.Run("cancelled", f.cancelled)
	t.Run("size", f.size)
}

// scene is one job in front of one forge.
type scene struct {
	*Server
	*forge.Plain
	wire  *forge.Wire
	out   bytes.Buffer
	slept time.Duration
}

func (f Forge) scene(t *testing.T, s *Server, when forge.When, faults ...Fault) *scene {
	t.Helper()
	for i := range faults {
		s.Faults = append(s.Faults, &faults[i])
	}
	c := &scene{Server: s}
	c.Plain, c.wire = f.Job(t, s, forge.Options{Commands: &c.out, Comment: when})
	c.wire.Now = func() time.Time { return Epoch }
	c.wire.Sleep = func(_ context.Context, d time.Duration) error { c.slept += d; return nil }
	return c
}

// Red returns a decision in which the first n of all benchmarks regressed.
func Red(n, all int) forge.Post {
	d := gate.Decision{Outcome: gate.Fail, Policy: gate.PolicyInfo{Alpha: .01}, Counts: map[gate.Verdict]int{gate.Regressed: n, gate.Unchanged: all - n}}
	for i := range all {
		row := gate.Row{Package: "example.com/shop", Name: fmt.Sprintf("Cart%03d/size=64B-2", i), Unit: "sec/op", Verdict: gate.Unchanged}
		if i < n {
			row.Verdict = gate.Regressed
		}
		d.Rows = append(d.Rows, row)
	}
	return forge.Post{Source: finding.Source{Decision: d}, Headline: fmt.Sprintf("%d of %d benchmarks regressed", n, all), Summary: "# summary\n", Comment: "comment\n"}
}

// Green returns a decision in which nothing regressed.
func Green() forge.Post {
	p := Red(0, 3)
	p.Decision.Outcome, p.Headline = gate.Pass, "no regression in 3 benchmarks"
	delete(p.Decision.Counts, gate.Regressed)
	return p
}

// attacks shows every attack as the text that it is, wherever it ends up.
func (f Forge) attacks(t *testing.T) {
	for name, text := range Attacks {
		post := Green() // the comment of one line
		post.Headline = text
		s := f.scene(t, f.Server(t), forge.WhenAlways)
		s.Finish(t.Context(), post)
		if len(s.Comments) != 1 || len(s.Server.Statuses) != 1 || s.out.Len() > 0 {
			t.Errorf("%s: %d comments, %d statuses, %.300s", name, len(s.Comments), len(s.Server.Statuses), s.out.String())
			continue
		}
		Plain(t, name, s.Comments[0].Body)
		Invisible(t, name+": status", s.Server.Statuses[0].Description)
		if n := len([]rune(s.Server.Statuses[0].Description)); n > 140 {
			t.Errorf("%s: the status is described by %d characters", name, n)
		}
		// As a report that escapes nothing would have it: no line is an order to the forge.
		post = Red(1, 1)
		post.Comment = "report\n" + text + "\n"
		s.Finish(t.Context(), post)
		for line := range strings.Lines(strings.ReplaceAll(s.Comments[0].Body, "\r", "\n")) {
			if strings.HasPrefix(strings.TrimSpace(line), "/") && f.Name == "GitLab" {
				t.Errorf("%s: %q is a quick action", name, line)
			}
		}
		// Nothing was decided, for a reason with a hostile name in it.
		s.Abort(t.Context(), text, false)
		Invisible(t, name+": aborted", s.Server.Statuses[len(s.Server.Statuses)-1].Description)
		// And a server that says it.
		s = f.scene(t, f.Server(t), forge.WhenAlways, Fault{Times: -1, Status: http.StatusUnprocessableEntity, Message: text})
		s.Finish(t.Context(), post)
		Invisible(t, name+": warning", strings.TrimSuffix(s.out.String(), "\n"))
		if !f.oneWarning(&s.out) {
			t.Errorf("%s: %d bytes are said: %.400q", name, s.out.Len(), s.out.String())
		}
	}
}

// oneWarning reports whether exactly one line was said, that is not endless.
func (f Forge) oneWarning(out *bytes.Buffer) bool {
	return strings.Count(out.String(), "\n") == 1 && strings.Contains(out.String(), "not everything reached "+f.Name) && out.Len() < 2000
}

// faults says what went wrong at the forge, and what there must be in the end.
func (f Forge) faults(t *testing.T) {
	type want struct {
		comments, statuses int
		says               string // empty: no warning
		slept              time.Duration
	}
	check := func(name string, want want, faults ...Fault) {
		t.Helper()
		s := f.scene(t, f.Server(t), forge.WhenAuto, faults...)
		s.Finish(t.Context(), Red(1, 2))
		out := s.out.String()
		if len(s.Comments) != want.comments || len(s.Server.Statuses) != want.statuses || s.slept != want.slept {
			t.Errorf("%s: %d comments, %d statuses, waited %s, want %+v\n%s", name, len(s.Comments), len(s.Server.Statuses), s.slept, want, out)
		}
		if (want.says == "") != (out == "") || !strings.Contains(out, want.says) || out != "" && !f.oneWarning(&s.out) {
			t.Errorf("%s: said %q, want %q", name, out, want.says)
		}
		if strings.Contains(out, s.Server.Token) {
			t.Errorf("%s: the token is said: %s", name, out)
		}
		if len(s.Requests) > 12 {
			t.Errorf("%s: %d requests", name, len(s.Requests))
		}
	}
	good := want{comments: 1, statuses: 1}
	after := func(w want, d time.Duration) want { w.slept = d; return w }
	const s = time.Second
	check("nothing", good)
	check("401", want{says: "401 Bad credentials; pass "}, Fault{Times: -1, Status: 401, Message: "Bad credentials"})
	check("no right to comment", want{statuses: 1, says: f.Grant}, Fault{Method: "POST", Path: f.Notes, Times: -1, Status: 403, Message: "no"})
	check("comments hidden", want{statuses: 1, says: f.Grant}, Fault{Path: f.Notes, Times: -1, Status: 404, Message: "Not Found"})
	check("no right to statuses", want{comments: 1, says: "status: " + f.Name + " answered 403"}, Fault{Path: f.Statuses, Times: -1, Status: 403, Message: "no"})
	check("rate limit", after(good, 7*s), Fault{Method: "POST", Path: f.Notes, Times: 1, Status: 429, Message: "slow down", Header: map[string]string{"Retry-After": "7"}})
	check("the same by 403", after(good, 7*s), Fault{Path: f.Notes, Times: 1, Status: 403, Message: "slow down", Header: map[string]string{"Retry-After": "7"}})
	check("limit until a time", after(good, 6*s), Fault{Method: "GET", Times: 1, Status: 429, Header: map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": fmt.Sprint(Epoch.Unix() + 5)}})
	check("429 without a time", after(good, 60*s), Fault{Method: "GET", Times: 1, Status: 429})
	check("a limit longer than patience", want{says: "run the job again later"}, Fault{Times: -1, Status: 429, Message: "slow down", Header: map[string]string{"Retry-After": "600"}})
	check("a wait that is no number", want{says: "not everything"}, Fault{Times: -1, Status: 403, Header: map[string]string{"Retry-After": "-99999999999999999999"}})
	check("a 502 while looking", after(good, s), Fault{Method: "GET", Times: 1, Status: 502})
	check("a comment that took and said 502", good, Fault{Method: "POST", Path: f.Notes, Times: 1, Status: 502, After: true})
	check("a comment that did not take", good, Fault{Method: "POST", Path: f.Notes, Times: 1, Status: 504})
	check("half a list", after(good, s), Fault{Method: "GET", Path: f.Notes, Times: 1, Cut: true})
	check("half an answer to a comment", good, Fault{Method: "POST", Path: f.Notes, Times: 1, Cut: true})
	check("down for good", after(want{says: "answered 503 Service Unavailable"}, 3*s), Fault{Times: -1, Status: 503})
	check("the token comes back", want{says: "no such token ***"}, Fault{Times: -1, Status: 422, Message: "no such token " + f.Server(t).Token})
	check("a message with commands", want{says: "422 x ::error::y"}, Fault{Times: -1, Status: 422, Message: "x\r\n::error::y"})
	check("a message without an end", want{says: "422 xxxxx"}, Fault{Times: -1, Status: 422, Message: strings.Repeat("x", 1<<20)})
}

// answers are wrong or malformed: nothing panics, nothing is done twice, and one warning says it.
func (f Forge) answers(t *testing.T) {
	for name, fault := range map[string]Fault{
		"a page":             {Raw: "<!DOCTYPE html><title>Sign in</title>"},
		"a page that fails":  {Raw: "<!DOCTYPE html><title>Bad gateway</title>", Status: 400},
		"nothing":            {Raw: " "},
		"null":               {Raw: "null"},
		"another kind":       {Raw: `{"id":"x","body":5,"author":[],"user":[],"username":{},"login":{}}`},
		"a list of nulls":    {Raw: `[null,{"id":null,"body":null,"author":null,"user":null}]`},
		"a list of texts":    {Raw: `["x",5]`},
		"huge numbers":       {Raw: `[{"id":1e999}]`},
		"deep":               {Raw: strings.Repeat("[", 1<<20)},
		"not UTF-8":          {Raw: "\xff\xfe\x00"},
		"an error of fields": {Raw: `{"message":{"body":["is too long"]}}`, Status: 400},
		"an error of OAuth":  {Raw: `{"error":"insufficient_scope","error_description":"The request requires higher privileges"}`, Status: 403},
		"half a message":     {Raw: `{"message":`, Status: 500},
		"a drip":             {Drip: true},
		"a flood":            {Flood: true},
	} {
		for _, method := range []string{"GET", "POST"} {
			fault.Method, fault.Times = method, -1
			s := f.scene(t, f.Server(t), forge.WhenAuto, fault)
			s.wire.TryFor = 50 * time.Millisecond
			if fault.Flood {
				s.wire.TryFor = 10 * time.Second // it ends by its size
			}
			s.Finish(t.Context(), Red(1, 2))
			if len(s.Comments) > 1 || len(s.Requests) > 12 || s.out.Len() > 0 && !f.oneWarning(&s.out) {
				t.Errorf("%s to %s: %d comments, %d requests, said %.400q", name, method, len(s.Comments), len(s.Requests), s.out.String())
			}
			Invisible(t, name, strings.TrimSuffix(s.out.String(), "\n"))
		}
	}
}

// elsewhere is where an answer points: neither the token nor the report goes there.
func (f Forge) elsewhere(t *testing.T) {
	came := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came++ }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := f.scene(t, f.Server(t), forge.WhenAuto, Fault{Times: -1, Status: status, Header: map[string]string{"Location": other.URL + "/api"}})
		s.Finish(t.Context(), Red(1, 2))
		if came != 0 || len(s.Comments) != 0 || !f.oneWarning(&s.out) || !strings.Contains(s.out.String(), "it points elsewhere") {
			t.Errorf("%d: %d requests elsewhere, said %q", status, came, s.out.String())
		}
	}
}

const marked = "<!-- regress:default -->\n"

// comment is what stands on the change before and after a job.
func (f Forge) comment(t *testing.T) {
	improved := Green()
	improved.Decision.Counts = map[gate.Verdict]int{gate.Improved: 1, gate.Unchanged: 2}
	me := f.Server(t).User
	type c = Comment
	check := func(name string, mode forge.When, post forge.Post, before []c, want string) {
		t.Helper()
		server := f.Server(t)
		for _, one := range before {
			one.Change = Change
			server.Comments = append(server.Comments, &one)
		}
		s := f.scene(t, server, mode)
		s.Finish(t.Context(), post)
		have := ""
		for _, one := range s.Of(Change) {
			first, rest, _ := strings.Cut(strings.TrimPrefix(one.Body, marked+"<!-- run 42 -->\n"), "\n")
			have += fmt.Sprintf("%s:%.9s%t ", one.Login, first, strings.TrimSpace(rest) != "" || len(first) > 9)
		}
		if have = strings.TrimSpace(have); have != want || s.out.Len() > 0 {
			t.Errorf("%s: have %q, want %q, said %s", name, have, want, s.out.String())
		}
	}
	check("red, none", forge.WhenAuto, Red(1, 2), nil, me+":commentfalse")
	check("red, ours", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: me, Body: marked + "old"}}, me+":commentfalse")
	check("red, ours by an older run", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: me, Body: marked + "<!-- run 41 -->\nold"}}, me+":commentfalse")
	check("red, ours by a newer run", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: me, Body: marked + "<!-- run 43 -->\nnew"}}, me+":<!-- regrtrue")
	check("red, never", forge.WhenNever, Red(1, 2), nil, "")
	check("green, none", forge.WhenAuto, Green(), nil, "")
	check("green, ours", forge.WhenAuto, Green(), []c{{ID: 5, Login: me, Body: marked + "old"}}, me+":✅ regresstrue")
	check("green, always", forge.WhenAlways, Green(), nil, me+":✅ regresstrue")
	check("improved, none", forge.WhenAuto, improved, nil, me+":commentfalse")
	check("the mark by somebody else", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: "ann", Body: marked + "x"}}, "ann:<!-- regrtrue "+me+":commentfalse")
	check("ours, another suite", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: me, Body: "<!-- regress:arm -->\nx"}}, me+":<!-- regrtrue "+me+":commentfalse")
	check("ours, the mark quoted", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: me, Body: "see\n" + marked}}, me+":seetrue "+me+":commentfalse")
	check("two of ours", forge.WhenAuto, Red(1, 2), []c{{ID: 5, Login: me, Body: marked + "old"}, {ID: 6, Login: me, Body: marked + "later"}}, me+":commentfalse "+me+":<!-- regrtrue")
}

// pages of comments are all looked through.
func (f Forge) pages(t *testing.T) {
	server := f.Server(t)
	server.Check = nil // hundreds of comments take seconds to validate
	for i := range 250 {
		server.Comments = append(server.Comments, &Comment{ID: int64(i + 1), Change: Change, Login: "ann", Body: "x"})
	}
	server.Comments[249] = &Comment{ID: 250, Change: Change, Login: server.User, Body: marked + "old"}
	s := f.scene(t, server, forge.WhenAuto)
	s.Finish(t.Context(), Red(1, 2))
	if len(s.Comments) != 250 || !strings.HasSuffix(s.Comments[249].Body, "comment\n") || s.out.Len() > 0 {
		t.Errorf("%d comments, the last %q, said %q", len(s.Comments), s.Comments[len(s.Comments)-1].Body, s.out.String())
	}
}

// race is two jobs that both find no comment: one comment stays.
func (f Forge) race(t *testing.T) {
	for _, run := range []string{"41", "43"} {
		server := f.Server(t)
		server.OnComment = func() { server.Add(Change, marked+"<!-- run "+run+" -->\nthe other's") }
		s := f.scene(t, server, forge.WhenAuto)
		s.Finish(t.Context(), Red(1, 2))
		if len(s.Comments) != 1 || strings.HasSuffix(s.Comments[0].Body, "comment\n") != (run == "41") || s.out.Len() > 0 {
			t.Errorf("other run %s: %d comments, the first %q, said %q", run, len(s.Comments), s.Comments[0].Body, s.out.String())
		}
	}
}

// states are those of the commit status.
func (f Forge) states(t *testing.T) {
	undecided := Red(0, 3)
	undecided.Decision.Outcome = gate.Undecided
	check := func(name string, fail bool, do func(*scene), want forge.State) {
		t.Helper()
		s := f.scene(t, f.Server(t), forge.WhenNever)
		s.FailUndecided = fail
		do(s)
		all := s.Server.Statuses
		if len(all) != 1 || all[0].State != f.States[want] || all[0].SHA == "" || all[0].Name != "regress" || all[0].Page == "" || s.out.Len() > 0 {
			t.Errorf("%s: statuses %+v, want one %s; said %s", name, all, f.States[want], s.out.String())
		}
	}
	finish := func(p forge.Post) func(*scene) { return func(s *scene) { s.Finish(t.Context(), p) } }
	abort := func(undecided bool) func(*scene) {
		return func(s *scene) { s.Abort(t.Context(), "go build: exit status 1", undecided) }
	}
	check("green", false, finish(Green()), forge.Passed)
	check("red", false, finish(Red(1, 3)), forge.Failed)
	check("undecided", false, finish(undecided), forge.Undecided)
	check("undecided fails", true, finish(undecided), forge.Failed)
	check("aborted", false, abort(false), forge.Failed)
	check("aborted, undecided", false, abort(true), forge.Undecided)
	check("aborted, undecided fails", true, abort(true), forge.Failed)
}

// token: whatever the decision and the Markdown hold, it does not get out.
func (f Forge) token(t *testing.T) {
	for _, post := range []forge.Post{Red(1, 2), Green()} {
		s := f.scene(t, f.Server(t), forge.WhenAlways)
		leak := "x" + s.Server.Token + "y"
		post.Headline, post.Summary, post.Comment = leak, leak, leak
		s.Finish(t.Context(), post)
		s.Abort(t.Context(), leak, false)
		text, err := json.Marshal([]any{s.Comments, s.Server.Statuses, s.out.String()})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), s.Server.Token) || strings.Count(string(text), "x***y") < 2 {
			t.Errorf("%s", text)
		}
	}
}

// unreachable: nobody listens, and the job ends all the same, with one warning.
func (f Forge) unreachable(t *testing.T) {
	server := f.Server(t)
	server.URL = "http://127.0.0.1:1"
	s := f.scene(t, server, forge.WhenAuto)
	s.Finish(t.Context(), Red(1, 2))
	if !f.oneWarning(&s.out) {
		t.Errorf("said %q", s.out.String())
	}
}

// cancelled: a job that is told to stop still says what was decided, and waits for nothing.
func (f Forge) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := f.scene(t, f.Server(t), forge.WhenAuto)
	s.Finish(ctx, Red(1, 2))
	if len(s.Comments) != 1 || len(s.Server.Statuses) != 1 || s.out.Len() > 0 {
		t.Errorf("%d comments, %d statuses, said %q", len(s.Comments), len(s.Server.Statuses), s.out.String())
	}
}

// size of a comment: it is cut, and the mark stays at its beginning.
func (f Forge) size(t *testing.T) {
	post := Red(1, 2)
	post.Comment = strings.Repeat("/line of a report\n", 1<<16)
	s := f.scene(t, f.Server(t), forge.WhenAuto)
	s.Finish(t.Context(), post)
	if body := s.Comments[0].Body; len(body) > 65_000 || !strings.HasPrefix(body, marked) || !strings.Contains(body, "more lines were left out here") {
		t.Errorf("a comment of %d bytes", len(body))
	}
}

// Invisible fails the test where a text holds what no terminal shows, or a line end.
func Invisible(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' {
			t.Errorf("%s holds %U", what, r)
			return
		}
	}
}

// Plain fails the test where the comment of one line is anything but text.
func Plain(t *testing.T, name, body string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if len(lines) != 3 || lines[0] != strings.TrimSpace(marked) {
		t.Errorf("%s: comment %.300q", name, body)
		return
	}
	line, _, _ := strings.Cut(lines[2], " · [")
	line = strings.TrimPrefix(line, "✅ regress: ")
	bare := regexp.MustCompile(`\\.`).ReplaceAllString(line, "") // disarmed
	if i := strings.IndexAny(bare, "`*_{}[]<>@|~$\\!"); i >= 0 {
		t.Errorf("%s: %q is markup in %.300q", name, bare[i], line)
	}
	// What forges look for after decoding: @name, #1, ://, www., GH-1; GitLab !1, %1, &1, ~x, $1.
	shown := html.UnescapeString(regexp.MustCompile(`\\(.)`).ReplaceAllString(line, "$1"))
	if m := regexp.MustCompile(`@\w|#\d|://|:\w+:|[!%&~$][\w"]`).FindString(shown); m != "" {
		t.Errorf("%s: %q is a mention, reference or link in %.300q", name, m, line)
	}
}
