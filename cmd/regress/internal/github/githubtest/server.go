package githubtest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

//go:embed testdata/shapes.json
var shapes []byte

// Object is a JSON object as it was sent or will be.
type Object = map[string]any

// Request is one request that arrived.
type Request struct {
	Method, Path string // without the query
}

// Comment is a comment on a pull request.
type Comment struct {
	ID    int64
	Pull  int
	Login string
	Body  string
}

// Issue is an issue, or a pull request among them.
type Issue struct {
	Number  int
	Login   string
	Title   string
	Body    string
	Closed  bool
	Reason  string // of its state
	Labels  []string
	Pull    bool
	Updated time.Time // zero: lately
}

// Run is a check run.
type Run struct {
	ID                        int64
	Name, SHA, ExternalID     string
	Status, Conclusion, Title string
	Summary, DetailsURL       string
	Annotations               []Object
}

// Status is a commit status.
type Status struct{ SHA, State, Description, Context string }

// Pull is an open pull request.
type Pull struct {
	Number   int
	Head     string // owner:branch
	SHA      string
	Unlisted bool // closed
	Files    []PullFile
}

// PullFile is a file that a pull request changes.
type PullFile struct{ Name, Was, Patch string }

// Artifact is what a workflow run uploaded.
type Artifact struct {
	ID      int64
	Run     int64
	Name    string
	Data    []byte // the zip archive
	Expired bool
	Size    int64 // as declared; 0: that of Data
}

// Server is the fake. Its fields may be set before the first request and read
// after the last one; Lock guards them in between.
type Server struct {
	sync.Mutex
	URL       string // of the API, without a trailing slash
	Token     string // the only one that is let in
	App       string // slug of the App behind Token; empty: a personal token of User
	User      string
	Runs      []*Run
	Comments  []*Comment
	Issues    []*Issue
	Statuses  []Status
	Pulls     []Pull
	Artifacts []Artifact
	Requests  []Request
	Leaked    bool // a request to the storage carried the token
	Faults    []*Fault
	OnComment func() // called once, before the next comment is taken
	OnIssue   func() // the same for the next issue
	Check     func(req *http.Request, body []byte, status int, header http.Header, answer []byte)

	shapes  Object
	storage *httptest.Server
	id      int64
}

// Start serves until the caller calls the function that it returns.
func Start() (*Server, func()) {
	s := &Server{Token: "ghs_0123456789abcdefTOKEN", App: "github-actions", User: "octocat", id: 1000}
	if err := json.Unmarshal(shapes, &s.shapes); err != nil {
		panic(err) // the file is part of this package
	}
	front := httptest.NewServer(s)
	s.storage = httptest.NewServer(http.HandlerFunc(s.serveStorage))
	s.URL = front.URL
	return s, func() { front.Close(); s.storage.Close() }
}

// NextID is a fresh identifier, larger than all before.
func (s *Server) NextID() int64 { s.id++; return s.id }

// Count is how many requests there were of method on a path that contains part.
func (s *Server) Count(method, part string) int {
	s.Lock()
	defer s.Unlock()
	n := 0
	for _, r := range s.Requests {
		if (method == "" || r.Method == method) && strings.Contains(r.Path, part) {
			n++
		}
	}
	return n
}

// answer is what a handler wants sent.
type answer struct {
	status int
	body   any
	header http.Header
}

func refuse(status int, message string) answer {
	return answer{status: status, body: Object{"message": message, "documentation_url": "https://docs.github.com/rest"}}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.Lock()
	s.Requests = append(s.Requests, Request{r.Method, r.URL.Path})
	fault := s.fault(r)
	s.Unlock()
	if fault != nil && fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
			return
		}
	}
	if fault != nil && !fault.After && !fault.Cut && fault.Status != 0 {
		send(w, fault.answer())
		return
	}
	a := s.handle(r, body)
	text := a.text()
	if s.Check != nil && a.status != http.StatusUnauthorized {
		s.Check(r, body, a.status, a.header, text)
	}
	switch {
	case fault != nil && fault.After:
		send(w, fault.answer())
	case fault != nil && fault.Cut:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		w.WriteHeader(a.status)
		_, _ = w.Write(text[:len(text)/2])
	default:
		send(w, a)
	}
}

func (a *answer) text() []byte {
	if a.header == nil {
		a.header = http.Header{}
	}
	if a.body == nil {
		return nil
	}
	a.header.Set("Content-Type", "application/json; charset=utf-8")
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(a.body); err != nil {
		panic(err) // a body of this package's own making
	}
	return text.Bytes()
}

func send(w http.ResponseWriter, a answer) {
	text := a.text()
	for key, values := range a.header {
		w.Header()[key] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(text)
}

// handle finds the operation, past the door.
func (s *Server) handle(r *http.Request, body []byte) answer {
	s.Lock()
	defer s.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		return refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if r.URL.Path == "/user" {
		return s.user()
	}
	var in Object
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return refuse(http.StatusBadRequest, "Problems parsing JSON")
		}
	}
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(part) < 4 || part[0] != "repos" {
		return refuse(http.StatusNotFound, "Not Found")
	}
	switch part[3] {
	case "check-runs", "commits":
		return s.checks(r, part[3:], in)
	case "issues":
		if len(part) < 6 {
			return s.alerts(r, part[4:], in)
		}
		return s.issues(r, part[4:], in)
	case "statuses":
		return s.status(part[4], in)
	case "pulls":
		return s.pulls(r, part[4:])
	case "actions":
		return s.actions(r, part[4:])
	}
	return refuse(http.StatusNotFound, "Not Found")
}

// shape is a fresh copy of an example of the description.
func (s *Server) shape(name string) Object {
	text, err := json.Marshal(s.shapes[name])
	if err != nil {
		panic(err)
	}
	var out Object
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

func str(o Object, key string) string {
	v, _ := o[key].(string)
	return v
}

// page cuts list as the query asks and links to the next page.
func page[T any](r *http.Request, list []T) ([]T, http.Header) {
	size, at := 30, 1
	_, _ = fmt.Sscan(r.URL.Query().Get("per_page"), &size)
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &at)
	size = min(size, 100)
	header := http.Header{}
	if at*size < len(list) {
		query := r.URL.Query()
		query.Set("page", fmt.Sprint(at+1))
		header.Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, query.Encode()))
	}
	from := min((at-1)*size, len(list))
	return list[from:min(from+size, len(list))], header
}
