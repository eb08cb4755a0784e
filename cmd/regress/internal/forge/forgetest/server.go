package forgetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Object is a JSON object as it was sent or will be.
type Object = map[string]any

// Request is one request that arrived.
type Request struct {
	Method, Path string // without the query
}

// Comment is a comment on a pull or merge request.
type Comment struct {
	ID     int64
	Change int // number of the request
	Login  string
	Body   string
}

// Status is a commit status.
type Status struct{ SHA, State, Description, Name, Page string }

// Answer is what a Handle wants sent.
type Answer struct {
	Status int
	Body   any // nil: nothing
	Header http.Header
}

// Fault is something that goes wrong with requests of Method on a path that
// contains Path.
type Fault struct {
	Method, Path string // empty: any
	Times        int    // how often; negative: always
	Status       int    // answered instead; 0: something of what follows
	Message      string
	Header       map[string]string
	Raw          string // answered instead, with Status or 200, as it is
	After        bool   // the request is carried out first
	Cut          bool   // the request is carried out and half of the answer sent
	Drip         bool   // a byte now and then, for ever
	Flood        bool   // bytes without an end
}

// Server is the fake of a forge. Its fields may be set before the first request and read
// after the last one; Lock guards them in between.
type Server struct {
	sync.Mutex
	URL            string // of the API, without a trailing slash
	Header, Scheme string // where the token is looked for
	Token          string // the only one that is let in
	User           string // who writes with it
	Comments       []*Comment
	Statuses       []Status
	Requests       []Request
	Faults         []*Fault
	OnComment      func() // called once, before the next comment is taken

	// Handle answers a request that carries the token, with what it sent.
	Handle func(r *http.Request, in Object) Answer
	// Refusal returns the body of an answer that refuses.
	Refusal func(status int, message string) any
	// Check, if there is one, is shown every exchange that Handle answered.
	Check func(req *http.Request, body []byte, status int, header http.Header, answer []byte)

	id int64
}

// Start serves at an address below which the API's path begins with prefix, until the caller calls
// the function that it returns.
func (s *Server) Start(prefix string) func() {
	s.id = 1000
	front := httptest.NewServer(s)
	s.URL = front.URL + prefix
	return front.Close
}

// NextID returns a fresh identifier, larger than all before.
func (s *Server) NextID() int64 { s.id++; return s.id }

// Count returns how many requests there were of method on a path that contains part.
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

// Refuse returns an answer that refuses.
func (s *Server) Refuse(status int, message string) Answer {
	return Answer{Status: status, Body: s.Refusal(status, message)}
}

// ServeHTTP answers one request, or fails as asked.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.Lock()
	s.Requests = append(s.Requests, Request{r.Method, r.URL.Path})
	fault := s.fault(r)
	s.Unlock()
	if fault != nil && (fault.Drip || fault.Flood) {
		fault.endless(w, r)
		return
	}
	if fault != nil && !fault.After && !fault.Cut {
		s.fail(w, fault)
		return
	}
	a := s.answer(r, body)
	text := a.text()
	if s.Check != nil && a.Status != http.StatusUnauthorized {
		s.Check(r, body, a.Status, a.Header, text)
	}
	switch {
	case fault != nil && fault.After:
		s.fail(w, fault)
	case fault != nil && fault.Cut:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		w.WriteHeader(a.Status)
		_, _ = w.Write(text[:len(text)/2])
	default:
		send(w, a.Status, a.Header, text)
	}
}

func (s *Server) answer(r *http.Request, body []byte) Answer {
	s.Lock()
	defer s.Unlock()
	if r.Header.Get(s.Header) != s.Scheme+s.Token {
		return s.Refuse(http.StatusUnauthorized, "Unauthorized")
	}
	var in Object
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return s.Refuse(http.StatusBadRequest, "Problems parsing JSON")
		}
	}
	if r.Method == http.MethodPost && s.OnComment != nil && in["body"] != nil {
		first := s.OnComment
		s.OnComment = nil
		first()
	}
	return s.Handle(r, in)
}

func (s *Server) fault(r *http.Request) *Fault {
	for _, f := range s.Faults {
		if f.Times != 0 && (f.Method == "" || f.Method == r.Method) && strings.Contains(r.URL.Path, f.Path) {
			f.Times--
			return f
		}
	}
	return nil
}

func (s *Server) fail(w http.ResponseWriter, f *Fault) {
	header := http.Header{}
	for key, value := range f.Header {
		header.Set(key, value)
	}
	if f.Raw != "" {
		send(w, max(f.Status, http.StatusOK), header, []byte(f.Raw))
		return
	}
	a := s.Refuse(f.Status, f.Message)
	a.Header = header
	send(w, a.Status, a.Header, a.text())
}

// endless answers until nobody listens any more.
func (f *Fault) endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	part := []byte(" ")
	if f.Flood {
		part = bytes.Repeat(part, 1<<20)
	}
	for r.Context().Err() == nil {
		if _, err := w.Write(part); err != nil {
			return
		}
		if f.Drip {
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	}
}

func (a *Answer) text() []byte {
	if a.Header == nil {
		a.Header = http.Header{}
	}
	if a.Body == nil {
		return nil
	}
	a.Header.Set("Content-Type", "application/json")
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(a.Body); err != nil {
		panic(err) // a body of a fake's own making
	}
	return text.Bytes()
}

func send(w http.ResponseWriter, status int, header http.Header, text []byte) {
	for key, values := range header {
		w.Header()[key] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// Of returns the comments on one change.
func (s *Server) Of(change int) []*Comment {
	var all []*Comment
	for _, c := range s.Comments {
		if c.Change == change {
			all = append(all, c)
		}
	}
	return all
}

// Add takes a comment by the account behind the token.
func (s *Server) Add(change int, body string) *Comment {
	c := &Comment{ID: s.NextID(), Change: change, Login: s.User, Body: body}
	s.Comments = append(s.Comments, c)
	return c
}

// Find returns the comment with an identifier, and takes it away if asked; nil: there is none.
func (s *Server) Find(id string, away bool) *Comment {
	for i, c := range s.Comments {
		if fmt.Sprint(c.ID) == id {
			if away {
				s.Comments = append(s.Comments[:i:i], s.Comments[i+1:]...)
			}
			return c
		}
	}
	return nil
}

// Page returns the part of a list that the query asks for, and the number of the next one; 0: none.
func Page[T any](r *http.Request, list []T, usual int) (part []T, next int) {
	size, at := usual, 1
	_, _ = fmt.Sscan(r.URL.Query().Get("per_page"), &size)
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &at)
	size = min(size, 100)
	from := min((at-1)*size, len(list))
	to := min(from+size, len(list))
	if to < len(list) {
		next = at + 1
	}
	return list[from:to], next
}

// Text returns the text at a key; empty: there is none.
func Text(o Object, key string) string {
	v, _ := o[key].(string)
	return v
}
