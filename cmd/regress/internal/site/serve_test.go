package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// shelf is a store of two projects whose state and faults a test sets.
type shelf struct {
	mu    sync.Mutex
	all   map[string]*Project
	state string
	err   error
	loads int
	wait  chan struct{} // what Load waits for; nil: nothing
}

func (s *shelf) set(state string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.err = state, err
}

func (s *shelf) Projects(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []string{"github.com/acme/wire", "other <b>"}, s.err
}

func (s *shelf) State(context.Context, string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.err
}

func (s *shelf) Load(ctx context.Context, project string) (*Project, error) {
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.all[project], s.err
}

func (s *shelf) Compare(_ context.Context, _, base, _ string) (gate.Decision, error) {
	if base != commitID(1)[:12] {
		return gate.Decision{}, fmt.Errorf("runs of %s: %w", base, baseline.ErrNotFound)
	}
	change, p := .1, .01
	return gate.Decision{Outcome: gate.Fail, Rows: []gate.Row{{Package: "github.com/acme/wire/codec", Name: "Held-2", Unit: "sec/op", Verdict: gate.Regressed, Interval: &gate.Interval{Lo: .08, Hi: .12, Level: .95}, Base: &gate.Summary{Median: 1}, Head: &gate.Summary{Median: 1.1}, Change: &change, P: &p}}}, nil
}

// serve returns a server on a loopback address, and what it was told to note.
func serve(t *testing.T, token string) (s *Server, source *shelf, home string, notes func() string) {
	t.Helper()
	other := *demo(t)
	other.Name, other.Repository = "other <b>", ""
	source = &shelf{all: map[string]*Project{"github.com/acme/wire": demo(t), "other <b>": &other}}
	var mu sync.Mutex
	var noted strings.Builder
	s = NewServer(source, token, func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&noted, format+"\n", args...)
	})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return s, source, server.URL, func() string { mu.Lock(); defer mu.Unlock(); return noted.String() }
}

// get asks, and returns the status, the headers and the body.
func get(t *testing.T, address string, change ...func(*http.Request)) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// TestAPI holds every answer, wrong questions included, against the description.
func TestAPI(t *testing.T) {
	_, _, home, _ := serve(t, "")
	status, _, text := get(t, home+"/api/v1/openapi.json")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil || status != 200 {
		t.Fatal(status, err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: home}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	check := func(path string, query url.Values, want int, holds string) {
		t.Helper()
		asked[path] = true
		address := home + path + "?" + query.Encode()
		status, header, body := get(t, address)
		if status != want || !strings.Contains(body, holds) {
			t.Errorf("%s: %d, want %d with %q: %.300s", address, status, want, holds, body)
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		route, params, err := router.FindRoute(req)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil && want == 200 {
			t.Errorf("%s is no request of the description: %v", address, err)
		}
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader([]byte(body))), Options: &openapi3filter.Options{IncludeResponseStatus: true}}
		if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
			t.Errorf("%s: %.900v", address, err)
		}
	}
	project := url.Values{"project": {"github.com/acme/wire"}}
	with := func(more ...string) url.Values {
		q := url.Values{"project": {"github.com/acme/wire"}}
		for i := 0; i < len(more); i += 2 {
			q.Add(more[i], more[i+1])
		}
		return q
	}
	check("/api/v1/projects", nil, 200, `"projects":["github.com/acme/wire","other \u003cb\u003e"]`)
	check("/api/v1/overview", project, 200, `"machine_changed":true`)
	check("/api/v1/overview", nil, 400, "say which project")
	check("/api/v1/overview", url.Values{"project": {"nothing"}}, 404, "no such project")
	check("/api/v1/series", project, 200, `"total":50`)
	check("/api/v1/series", with("q", "SHM sec", "limit", "2", "offset", "1"), 200, `{"series":[{"package":"github.com/acme/wire/bench","name":"PingPong/transport=shm/size=1MiB-2","unit":"sec/op","machine":"5f0c3a119e21"`)
	check("/api/v1/series", with("unit", "B/s", "unit", "allocs/op"), 200, `"total":3`)
	check("/api/v1/series", with("limit", "-1"), 400, "whole number from 0 to 1000")
	check("/api/v1/series", with("limit", "10000"), 400, "whole number from 0 to 1000")
	check("/api/v1/points", with("name", shmSeries, "unit", "sec/op"), 200, `"between":1`)
	check("/api/v1/points", with("name", hostile[0]), 200, `A/\u003cscript\u003e`)
	check("/api/v1/points", with("name", "nothing"), 404, "no such benchmark")
	check("/api/v1/points", project, 400, "say which benchmark")
	check("/api/v1/compare", with("base", commitID(1)[:12], "head", commitID(2)[:12]), 200, `"verdict":"regressed"`)
	check("/api/v1/compare", with("base", commitID(3)[:12], "head", commitID(2)[:12]), 404, "no run of one of the two")
	check("/api/v1/compare", with("base", "123"), 400, "at least 7 digits")
	for path := range doc.Paths.Map() {
		if !asked[path] {
			t.Errorf("%s is described and was not asked", path)
		}
	}
}

// TestGuards: who may ask, what may be asked, and what every answer carries.
func TestGuards(t *testing.T) {
	const token = "0123456789abcdef0123"
	_, _, open, _ := serve(t, "")
	_, _, closed, _ := serve(t, token)
	as := func(header string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", header) }
	}
	basic := func(r *http.Request) { r.SetBasicAuth("me", token) }
	check := func(what, address string, want int, change ...func(*http.Request)) {
		t.Helper()
		if status, header, body := get(t, address, change...); status != want || header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %d, want %d, %v: %.200s", what, status, want, header, body)
		}
	}
	check("the page", open+"/", 200)
	check("a script", open+"/app.js", 200)
	check("no file", open+"/assets.go", 404)
	check("out of the folder", open+"/data/../../etc/passwd", 404)
	check("no data", open+"/data/p0/index.js", 404)
	check("no API", open+"/api/v2/x", 404)
	check("no runs to compare", open+"/data/"+folder("github.com/acme/wire")+"/compare/1234567/1234567.js", 404)
	check("a stranger's name", open+"/", 403, func(r *http.Request) { r.Host = "evil.example" })
	check("localhost", open+"/", 200, func(r *http.Request) { r.Host = "localhost:1" })
	check("no token", closed+"/", 401)
	check("no token for metrics", closed+"/metrics", 401)
	check("another token", closed+"/", 401, as("Bearer 0123456789abcdef0124"))
	check("an empty token", closed+"/", 401, as("Bearer "))
	check("the token", closed+"/api/v1/projects", 200, as("Bearer "+token))
	check("as a password", closed+"/", 200, basic)
	check("by a name", closed+"/", 200, basic, func(r *http.Request) { r.Host = "bench.acme.example" })
	check("health", closed+"/healthz", 200)
	check("a change", open+"/api/v1/projects", 405, func(r *http.Request) { r.Method = http.MethodPost })
	status, header, _ := get(t, open+"/app.css")
	tag := header.Get("ETag")
	if again, _, _ := get(t, open+"/app.css", func(r *http.Request) { r.Header.Set("If-None-Match", tag) }); status != 200 || again != 304 {
		t.Errorf("the same again: %d and %d", status, again)
	}
}

// TestLive: what was added is shown, one reading serves many, and a store that fails does not take
// away what was read.
func TestLive(t *testing.T) {
	s, source, home, notes := serve(t, "")
	s.fresh, s.renew = 0, time.Hour
	index := home + "/data/" + folder("github.com/acme/wire") + "/index.js"
	source.set("", errors.New("no route to postgres://me:secret@db"))
	for _, address := range []string{index, home + "/healthz", home + "/api/v1/projects"} {
		if status, _, body := get(t, address); status != 503 || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", address, status, body)
		}
	}
	if !strings.Contains(notes(), "no route") {
		t.Errorf("the person who runs it was told %q", notes())
	}
	source.set("1", nil)
	source.wait = make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if status, _, body := get(t, index); status != 200 {
				t.Errorf("%d %.100s", status, body)
			}
		})
	}
	close(source.wait)
	all.Wait()
	if source.loads != 1 {
		t.Errorf("eight who ask at once cost %d readings", source.loads)
	}
	// Whoever goes away does not end the reading that the others wait for.
	source.wait = make(chan struct{})
	source.set("1b", nil)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.load(gone, "github.com/acme/wire"); !errors.Is(err, context.Canceled) {
		t.Errorf("of somebody who is gone: %v", err)
	}
	s.projects["github.com/acme/wire"].mu.Lock()
	ended := s.projects["github.com/acme/wire"].reading
	s.projects["github.com/acme/wire"].mu.Unlock()
	close(source.wait)
	<-ended
	if source.loads != 2 {
		t.Errorf("%d readings, want the one that was begun to end", source.loads)
	}
	first, _, _ := get(t, index)
	source.set("2", nil)
	source.all["github.com/acme/wire"].Branch = "trunk"
	if _, _, text := get(t, index); first != 200 || !strings.Contains(text, `"branch":"trunk"`) {
		t.Errorf("after a run was added: %.200s", text)
	}
	one := s.projects["github.com/acme/wire"]
	source.wait = make(chan struct{})
	source.set("2b", nil)
	one.took = 2 * time.Hour // so that nobody waits for the next
	asked, off := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer off()
	if l, err := s.load(asked, "github.com/acme/wire"); err != nil || l == nil {
		t.Errorf("while a long reading is under way: %v", err)
	}
	one.mu.Lock()
	ended = one.reading
	one.mu.Unlock()
	close(source.wait)
	<-ended
	s.fresh = time.Hour // of the list of projects
	one.checked = time.Time{}
	source.set("3", errors.New("gone"))
	if status, _, text := get(t, index); status != 200 || !strings.Contains(text, "trunk") {
		t.Errorf("after the store failed: %d %.200s", status, text)
	}
}

// TestMetrics: every line is one of the format, and what was asked is counted.
func TestMetrics(t *testing.T) {
	_, _, home, _ := serve(t, "")
	get(t, home+"/api/v1/overview?project=other+%3Cb%3E")
	get(t, home+"/nothing/at/all")
	get(t, home+"/nothing")
	_, header, text := get(t, home+"/metrics")
	if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Error(kind)
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="([^"\\]|\\.)*",?)*\} [0-9.e+-]+)$`)
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if !line.MatchString(l) {
			t.Errorf("%q is no line of the format", l)
		}
	}
	for _, want := range []string{`regress_http_requests_total{path="/api/v1/overview",code="200"} 1`, `regress_http_requests_total{path="/{name}",code="404"} 1`, `regress_series{project="other <b>"} 50`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}

// TestShutdown: what is being answered is answered, and then nobody is.
func TestShutdown(t *testing.T) {
	source := &shelf{all: map[string]*Project{"github.com/acme/wire": demo(t)}, wait: make(chan struct{})}
	s := NewServer(source, "", t.Logf)
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, answered := make(chan error, 1), make(chan int, 1)
	go func() { ended <- s.Serve(ctx, on) }()
	home := "http://" + on.Addr().String()
	go func() {
		status, _, _ := get(t, home+"/api/v1/overview?project=github.com%2Facme%2Fwire")
		answered <- status
	}()
	for { // until it is being read
		s.mu.Lock()
		n := len(s.projects)
		s.mu.Unlock()
		if n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	close(source.wait)
	if status := <-answered; status != 200 {
		t.Errorf("the last answer is %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", on.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// TestServedPage walks the page of a live store, from one project to another.
func TestServedPage(t *testing.T) {
	ctx := browse(t)
	_, _, home, _ := serve(t, "")
	v := visit(t, ctx, home+"/")
	v.await("document.documentElement.dataset.ready === '#/'")
	v.sound("overview")
	v.open("#/search?q=shm&project=other+%3Cb%3E")
	if text := js[string](v, "document.getElementById('footer').textContent"); !strings.Contains(text, "other <b>") {
		t.Errorf("the footer says %q", text)
	}
	v.sound("search")
	js[any](v, "void document.querySelector('.results a').click()")
	v.await("document.querySelector('#plot canvas') && location.hash.includes('project=other')")
	v.sound("series")
	v.open("#/compare?a=" + short(commitID(1)) + "&b=" + short(commitID(2)))
	if text := js[string](v, "document.querySelector('main table').textContent"); !strings.Contains(text, "The gate says") || !strings.Contains(text, "regressed+8.0 to +12.0 %") {
		t.Errorf("the gate is not asked: %.500s", text)
	}
	v.sound("compare")
	v.open("#/?project=nothing")
	v.await("document.querySelector('[role=alert]').textContent.includes('no project nothing')")
}
