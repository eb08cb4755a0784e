package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// The limits of what a server does for one request.
const (
	listLimit  = time.Minute      // to ask the store which projects it has
	readLimit  = 15 * time.Minute // to read a project from the store, whoever waits for it
	waitLimit  = time.Minute      // for a request to wait for that
	renewLimit = time.Second / 2  // the same where an older reading can be shown
	writeLimit = 90 * time.Second // for one answer, the reading included
	pingLimit  = 5 * time.Second  // for the store to answer /healthz
	quiet      = 10 * time.Second // to end what is being answered when the server ends

	// defaultFresh is how long what was read is shown without asking the store again. Runs come by
	// the minute at most; twenty people who look at once cost one reading.
	defaultFresh = 15 * time.Second
)

// Source is a store as a server reads it. Implementations are safe for concurrent use.
type Source interface {
	// Projects returns the names of what is stored, in the order in which they are listed.
	Projects(ctx context.Context) ([]string, error)

	// State returns a text that differs once runs were added to a project or removed from it.
	State(ctx context.Context, project string) (string, error)

	// Load returns what is shown of a project; nil where it has nothing to show.
	Load(ctx context.Context, project string) (*Project, error)

	// Compare decides on the runs of two commits, given by at least 7 digits, by the stored
	// comparison of package gate. An error wraps baseline.ErrNotFound where there are none of one.
	Compare(ctx context.Context, project, base, head string) (gate.Decision, error)
}

// Server answers with the page of a live store, and with the same as JSON. It only reads.
type Server struct {
	source Source
	token  [sha256.Size]byte
	closed bool // a token is wanted
	note   func(format string, args ...any)
	counts counters
	fresh  time.Duration   // how long a reading is shown without asking again
	renew  time.Duration   // how long a request waits for a new reading, where there is an older one
	base   context.Context // of readings, which outlive the request that began them

	mu       sync.Mutex
	projects map[string]*live
	order    []string // names, as last listed
	listed   time.Time
}

// live is a project as it was last read.
type live struct {
	mu      sync.Mutex
	reading chan struct{} // closed at the end of the reading that is under way; nil: none is
	err     error         // of the last reading
	state   string
	checked time.Time
	took    time.Duration
	*loaded
}

// loaded is one reading of a project.
type loaded struct {
	project   *Project
	book      *book
	documents documentSet
}

// NewServer returns a server of source. token is what a client has to know; empty: nothing. note
// is told what goes wrong on the way, for the person who runs it.
func NewServer(source Source, token string, note func(format string, args ...any)) *Server {
	return &Server{source: source, token: sha256.Sum256([]byte(token)), closed: token != "", note: note, fresh: defaultFresh, renew: renewLimit, base: context.Background(), projects: map[string]*live{}}
}

// Serve answers on a listener until ctx ends, and lets what is being answered then end.
func (s *Server) Serve(ctx context.Context, on net.Listener) error {
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop() // once all that wait for a reading are answered
	s.base = base
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second,
		WriteTimeout: writeLimit, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(on) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), quiet)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("requests were cut off after %s", quiet), server.Close())
	}
	return err
}

// Handler returns the answers to all addresses.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer http.HandlerFunc) {
		mux.HandleFunc("GET "+pattern, s.counts.count(pattern, answer))
	}
	handle("/healthz", s.health)
	handle("/metrics", s.metrics)
	handle("/{$}", s.file)
	handle("/{name}", s.file)
	handle("/data/{path...}", s.data)
	handle("/api/v1/openapi.json", s.description)
	handle("/api/v1/projects", s.apiProjects)
	handle("/api/v1/overview", s.apiOverview)
	handle("/api/v1/series", s.apiSeries)
	handle("/api/v1/points", s.apiPoints)
	handle("/api/v1/compare", s.apiCompare)
	handle("/api/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "no such address: see /api/v1/openapi.json")
	})
	return s.guarded(mux)
}

// guarded sets what every answer carries, and lets through who may ask.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", Policy+"; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		switch {
		case !s.closed && !hostAllowed(r):
			// A page of a stranger, whose name was made to lead here, would read what only this
			// machine may.
			problem(w, http.StatusForbidden, "this server answers to localhost alone, unless it has a token")
		case s.closed && r.URL.Path != "/healthz" && !s.known(r):
			h.Set("WWW-Authenticate", `Basic realm="regress", charset="UTF-8"`)
			problem(w, http.StatusUnauthorized, "a token is wanted: as Authorization: Bearer TOKEN, or as the password")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			problem(w, http.StatusMethodNotAllowed, "this server is read only")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// known reports whether a request has the token, in a time that says nothing of it. A browser asks
// for a user and a password; any user will do.
func (s *Server) known(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		_, token, _ = r.BasicAuth()
	}
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1
}

// hostAllowed reports whether a request on a loopback address was meant for this machine.
func hostAllowed(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true // not from a socket
	}
	at, _, err := net.SplitHostPort(local.String())
	if ip := net.ParseIP(at); err != nil || ip == nil || !ip.IsLoopback() {
		return true // it was opened to others
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// file answers with a file of the page.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == "" {
		name = "index.html"
	}
	text, ok := bundle()[name]
	if !ok {
		problem(w, http.StatusNotFound, "no such file")
		return
	}
	send(w, r, name, text)
}

// data answers with a file of data, as Write would have written it.
func (s *Server) data(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	names, err := s.list(r.Context())
	if err != nil {
		s.failed(w, err)
		return
	}
	if name == "projects.js" {
		rows := []projectRow{}
		for _, project := range names {
			rows = append(rows, projectRow{folder(project), project, true})
		}
		send(w, r, name, script("projects", "", encoded(rows)))
		return
	}
	for _, project := range names {
		if !strings.HasPrefix(name, folder(project)+"/") {
			continue
		}
		l, err := s.load(r.Context(), project)
		if err != nil {
			s.failed(w, err)
			return
		}
		if text, ok := l.documents.files[name]; ok {
			send(w, r, name, text)
			return
		}
		if match := twoCommits().FindStringSubmatch(name); match != nil {
			d, err := s.source.Compare(r.Context(), project, match[1], match[2])
			if err != nil {
				s.failed(w, err)
				return
			}
			send(w, r, name, script(strings.TrimSuffix(name, ".js"), l.documents.build, encoded(decided(d))))
			return
		}
	}
	problem(w, http.StatusNotFound, "no such data")
}

// twoCommits is what the page asks for a comparison by the gate.
var twoCommits = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9]+/compare/([0-9a-f]{7,64})/([0-9a-f]{7,64})\.js$`)
})

// folder returns the name under which the data of a project lie.
func folder(project string) string {
	sum := sha256.Sum256([]byte(project))
	return "p" + hex.EncodeToString(sum[:5])
}

// send answers with bytes that a client may keep as long as they are the same.
func send(w http.ResponseWriter, r *http.Request, name string, text []byte) {
	sum := sha256.Sum256(text)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	kinds := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json"}
	w.Header().Set("Content-Type", kinds[path.Ext(name)])
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// list returns the names of the projects; it asks the store where what it knows is old.
func (s *Server) list(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.order != nil && time.Since(s.listed) < s.fresh {
		return s.order, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	names, err := s.source.Projects(ctx)
	if err != nil {
		return nil, err
	}
	s.order, s.listed = append([]string{}, names...), time.Now()
	return s.order, nil
}

// errUnknown is about a project that the store does not have, or has nothing to show of.
var errUnknown = errors.New("the store has no such project")

// errReading is about a project whose first reading takes longer than a request waits.
var errReading = errors.New("the project is still being read: ask again in a minute")

// Warm reads the first project, so that who comes first need not wait for it.
func (s *Server) Warm(ctx context.Context) {
	if names, err := s.list(ctx); err == nil && len(names) > 0 {
		_, _ = s.load(ctx, names[0]) // who asks for it is told what went wrong
	}
}

// load returns what is known of a project, read anew where runs were added. One reading serves all
// who ask meanwhile, and goes on when they have gone. An older reading is shown where the new one
// fails, or takes longer than anybody likes to wait for a page; at once where the last one did.
func (s *Server) load(ctx context.Context, name string) (*loaded, error) {
	s.mu.Lock()
	one := s.projects[name]
	if one == nil {
		one = &live{}
		s.projects[name] = one
	}
	s.mu.Unlock()
	one.mu.Lock()
	if one.loaded != nil && time.Since(one.checked) < s.fresh {
		defer one.mu.Unlock()
		return one.loaded, nil
	}
	if one.reading == nil {
		one.reading = make(chan struct{})
		go s.read(one, name)
	}
	ended, patience := one.reading, waitLimit
	if one.loaded != nil {
		if patience = s.renew; one.took > s.renew {
			defer one.mu.Unlock()
			return one.loaded, nil // the new one will not be there in time
		}
	}
	one.mu.Unlock()
	select {
	case <-ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(patience):
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	switch {
	case one.loaded != nil:
		return one.loaded, nil
	case one.reading != nil:
		return nil, errReading
	}
	return nil, one.err
}

// read renews a project and tells all who wait for it.
func (s *Server) read(one *live, name string) {
	ctx, cancel := context.WithTimeout(s.base, readLimit)
	defer cancel()
	one.mu.Lock()
	state, have := one.state, one.loaded
	one.mu.Unlock()
	begun := time.Now()
	state, fresh, err := renewed(ctx, s.source, name, state, have)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.err = err
	switch {
	case err != nil && have != nil:
		s.note("warning: %s is shown as it was: %v", name, err)
	case err == nil && fresh != have:
		one.loaded, one.state, one.took = fresh, state, time.Since(begun)
	}
	one.checked = time.Now()
	close(one.reading)
	one.reading = nil
}

// renewed returns a new reading of a project and its state; have where that is the same.
func renewed(ctx context.Context, source Source, name, state string, have *loaded) (string, *loaded, error) {
	now, err := source.State(ctx, name)
	if err != nil || have != nil && now == state {
		return state, have, err
	}
	p, err := source.Load(ctx, name)
	if err != nil {
		return state, nil, err
	}
	if p == nil {
		return state, nil, fmt.Errorf("%w: %q", errUnknown, name)
	}
	return now, &loaded{project: p, book: bind(p), documents: documents(p, folder(name))}, nil
}

// failed answers for what could not be read. The client is not told why: an error of a store can
// name hosts and users.
func (s *Server) failed(w http.ResponseWriter, err error) {
	if errors.Is(err, errUnknown) {
		problem(w, http.StatusNotFound, "no such project")
		return
	}
	if errors.Is(err, baseline.ErrNotFound) {
		problem(w, http.StatusNotFound, "the store has no run of one of the two")
		return
	}
	if errors.Is(err, errReading) {
		w.Header().Set("Retry-After", "30")
		problem(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if !errors.Is(err, context.Canceled) {
		s.note("warning: %v", err)
	}
	problem(w, http.StatusServiceUnavailable, "the store could not be read: what went wrong is in the log of the server")
}

// health answers whether the store does.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingLimit)
	defer cancel()
	if _, err := s.source.Projects(ctx); err != nil {
		s.failed(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}
