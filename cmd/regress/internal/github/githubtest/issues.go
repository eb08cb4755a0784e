package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"
)

// issues serves NUMBER/comments and comments/ID.
func (s *Server) issues(r *http.Request, part []string, in Object) answer {
	if len(part) != 2 {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if part[1] == "comments" {
		pull := 0
		_, _ = fmt.Sscan(part[0], &pull)
		if r.Method == http.MethodGet {
			return s.listComments(r, pull)
		}
		return s.addComment(pull, in)
	}
	at := slices.IndexFunc(s.Comments, func(c *Comment) bool { return fmt.Sprint(c.ID) == part[1] })
	switch {
	case at < 0:
		return refuse(http.StatusNotFound, "Not Found")
	case r.Method == http.MethodDelete:
		s.Comments = slices.Delete(s.Comments, at, at+1)
		return answer{status: http.StatusNoContent}
	case tooLong(in):
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	s.Comments[at].Body = str(in, "body")
	return answer{status: http.StatusOK, body: s.commentShape(s.Comments[at])}
}

func tooLong(in Object) bool {
	n := utf8.RuneCountInString(str(in, "body"))
	return n == 0 || n > 65536
}

func (s *Server) addComment(pull int, in Object) answer {
	if tooLong(in) {
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	if hook := s.OnComment; hook != nil {
		s.OnComment = nil
		hook() // with the lock held: another job was faster
	}
	c := &Comment{ID: s.NextID(), Pull: pull, Login: s.Login(), Body: str(in, "body")}
	s.Comments = append(s.Comments, c)
	return answer{status: http.StatusCreated, body: s.commentShape(c)}
}

// Login is the account behind the token.
func (s *Server) Login() string {
	if s.App != "" {
		return s.App + "[bot]"
	}
	return s.User
}

func (s *Server) listComments(r *http.Request, pull int) answer {
	all := []*Comment{}
	for _, c := range s.Comments {
		if c.Pull == pull {
			all = append(all, c)
		}
	}
	all, header := page(r, all)
	list := []Object{}
	for _, c := range all {
		list = append(list, s.commentShape(c))
	}
	return answer{status: http.StatusOK, header: header, body: list}
}

func (s *Server) commentShape(c *Comment) Object {
	out := s.shape("comment")
	out["id"], out["body"] = c.ID, c.Body
	out["user"].(Object)["login"] = c.Login
	return out
}

func (s *Server) user() answer {
	if s.App != "" {
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	out := s.shape("user")
	out["login"], out["user_view_type"] = s.User, "private"
	return answer{status: http.StatusOK, body: out}
}

// pulls serves the open pull requests from one branch, and NUMBER/files.
func (s *Server) pulls(r *http.Request, part []string) answer {
	if len(part) == 2 && part[1] == "files" {
		return s.pullFiles(r, part[0])
	}
	list := []Object{}
	for _, p := range s.Pulls {
		if p.Unlisted || p.Head != r.URL.Query().Get("head") {
			continue
		}
		out := s.shape1("pulls")
		out["number"] = p.Number
		out["requested_teams"] = []any{} // the description's example lacks what it requires
		out["head"].(Object)["sha"] = p.SHA
		out["head"].(Object)["label"] = p.Head
		list = append(list, out)
	}
	return answer{status: http.StatusOK, body: list}
}

func (s *Server) pullFiles(r *http.Request, number string) answer {
	at := slices.IndexFunc(s.Pulls, func(p Pull) bool { return fmt.Sprint(p.Number) == number })
	if at < 0 {
		return refuse(http.StatusNotFound, "Not Found")
	}
	files, header := page(r, s.Pulls[at].Files)
	list := []Object{}
	for _, f := range files {
		out := s.shape1("files")
		out["filename"], out["patch"], out["status"] = f.Name, f.Patch, "modified"
		if f.Was != "" {
			out["previous_filename"], out["status"] = f.Was, "renamed"
		}
		list = append(list, out)
	}
	return answer{status: http.StatusOK, header: header, body: list}
}
