package githubtest

import (
	"net/http"
	"strings"
	"time"
)

// Fault is something that goes wrong with requests of Method on a path that
// contains Path.
type Fault struct {
	Method, Path string // empty: any
	Times        int    // how often; negative: always
	Status       int    // answered instead; 0: only Delay or Cut
	Message      string
	Header       map[string]string
	After        bool          // the request is carried out first
	Cut          bool          // the request is carried out and half of the answer sent
	Delay        time.Duration // before anything
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

func (f *Fault) answer() answer {
	a := refuse(f.Status, f.Message)
	a.header = http.Header{}
	for key, value := range f.Header {
		a.header.Set(key, value)
	}
	return a
}
