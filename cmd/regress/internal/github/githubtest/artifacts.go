package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// shape1 is a fresh copy of the first element of an example that is a list.
func (s *Server) shape1(name string) Object {
	list := s.shapes[name]
	if o, ok := list.(Object); ok {
		list = o[name]
	}
	text, err := json.Marshal(list.([]any)[0])
	if err != nil {
		panic(err)
	}
	var out Object
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

// actions serves runs/ID/artifacts and artifacts/ID/zip.
func (s *Server) actions(r *http.Request, part []string) answer {
	if len(part) != 3 {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if part[0] == "runs" {
		list := []Object{}
		for _, a := range s.Artifacts {
			if fmt.Sprint(a.Run) != part[1] || a.Name != r.URL.Query().Get("name") {
				continue
			}
			out := s.shape1("artifacts")
			out["id"], out["name"], out["expired"], out["size_in_bytes"] = a.ID, a.Name, a.Expired, len(a.Data)
			if a.Size != 0 {
				out["size_in_bytes"] = a.Size
			}
			list = append(list, out)
		}
		return answer{status: http.StatusOK, body: Object{"total_count": len(list), "artifacts": list}}
	}
	header := http.Header{"Location": {s.storage.URL + "/" + part[1] + "?sig=SIGNATURE"}}
	return answer{status: http.StatusFound, header: header}
}

// serveStorage is the service that holds the archives, on another host.
func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	if r.Header.Get("Authorization") != "" {
		s.Leaked = true
	}
	for _, a := range s.Artifacts {
		if fmt.Sprint(a.ID) == strings.TrimPrefix(r.URL.Path, "/") && r.URL.Query().Get("sig") == "SIGNATURE" {
			_, _ = w.Write(a.Data)
			return
		}
	}
	w.WriteHeader(http.StatusForbidden)
}
