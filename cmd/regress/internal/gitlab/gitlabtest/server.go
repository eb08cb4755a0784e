// Package gitlabtest is a GitLab for tests: an HTTP server that keeps notes and commit
// statuses, answers in the shapes of GitLab's own description of its API, refuses what GitLab
// refuses although its description allows it, and fails on demand.
package gitlabtest

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
)

// Project is the number of the only project there is.
const Project = "11"

// Server is the fake.
type Server struct {
	forgetest.Server
	Orders []string // quick actions that notes held
}

// Start serves until the caller calls the function that it returns.
func Start() (*Server, func()) {
	s := new(Server)
	s.Token, s.Header, s.User = "glpat-0123456789abcdefTOKEN", "PRIVATE-TOKEN", "project_11_bot_0123456789abcdef"
	s.Handle = s.handle
	s.Refusal = func(status int, message string) any {
		return forgetest.Object{"message": fmt.Sprintf("%d %s", status, message)}
	}
	return s, s.Server.Start("/api/v4")
}

func (s *Server) handle(r *http.Request, in forgetest.Object) forgetest.Answer {
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v4/"), "/")
	switch {
	case r.URL.Path == "/api/v4/user":
		return forgetest.Answer{Status: http.StatusOK, Body: s.user(s.User)}
	case len(part) < 4 || part[0] != "projects" || part[1] != Project:
	case part[2] == "statuses" && r.Method == http.MethodPost:
		return s.status(part[3], in)
	case part[2] == "merge_requests" && len(part) >= 5 && part[4] == "notes":
		return s.notes(r, part[3], part[5:], in)
	}
	return s.Refuse(http.StatusNotFound, "Not Found")
}

func (s *Server) notes(r *http.Request, change string, id []string, in forgetest.Object) forgetest.Answer {
	iid, _ := strconv.Atoi(change)
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		body := forgetest.Text(in, "body")
		if strings.TrimSpace(body) == "" || utf8.RuneCountInString(body) > 1_000_000 {
			return s.Refuse(http.StatusBadRequest, "(Bad request) \"Note {:note=>[\"is too long\"]}\" not given")
		}
		s.Orders = append(s.Orders, orders(body)...)
	}
	switch {
	case r.Method == http.MethodGet && len(id) == 0:
		list := []forgetest.Object{}
		all, next := forgetest.Page(r, s.Of(iid), 20)
		for _, c := range all {
			list = append(list, s.note(c))
		}
		header := http.Header{"X-Next-Page": {""}}
		if next > 0 {
			header.Set("X-Next-Page", fmt.Sprint(next))
		}
		return forgetest.Answer{Status: http.StatusOK, Body: list, Header: header}
	case r.Method == http.MethodPost && len(id) == 0:
		return forgetest.Answer{Status: http.StatusCreated, Body: s.note(s.Add(iid, forgetest.Text(in, "body")))}
	case len(id) != 1:
		return s.Refuse(http.StatusNotFound, "Not Found")
	}
	c := s.Find(id[0], r.Method == http.MethodDelete)
	switch {
	case c == nil:
		return s.Refuse(http.StatusNotFound, "Note Not Found")
	case r.Method == http.MethodDelete:
		return forgetest.Answer{Status: http.StatusNoContent}
	}
	c.Body = forgetest.Text(in, "body")
	return forgetest.Answer{Status: http.StatusOK, Body: s.note(c)}
}

var order = regexp.MustCompile(`(?m)^\s*/[a-z_]+`)

// orders returns the quick actions of a note.
func orders(body string) []string { return order.FindAllString(strings.ReplaceAll(body, "\r", ""), -1) }

func (s *Server) user(name string) forgetest.Object {
	return forgetest.Object{"id": 5, "username": name, "name": name, "state": "active", "locked": false, "web_url": "https://gitlab.example/" + name}
}

func (s *Server) note(c *forgetest.Comment) forgetest.Object {
	const day = "2026-11-23T05:30:00.000Z"
	return forgetest.Object{
		"id": c.ID, "type": nil, "body": c.Body, "author": s.user(c.Login), "created_at": day, "updated_at": day,
		"system": false, "noteable_id": 377, "noteable_type": "MergeRequest", "project_id": 11, "noteable_iid": c.Change,
		"resolvable": false, "confidential": false, "internal": false, "imported": false, "imported_from": "none",
	}
}

func (s *Server) status(sha string, in forgetest.Object) forgetest.Answer {
	text, page := forgetest.Text(in, "description"), forgetest.Text(in, "target_url")
	switch {
	case utf8.RuneCountInString(text) > 255:
		return s.Refuse(http.StatusBadRequest, "description is too long (maximum is 255 characters)")
	case page != "" && !strings.HasPrefix(page, "http"):
		return s.Refuse(http.StatusBadRequest, "target_url is blocked: Only allowed schemes are http, https")
	}
	one := forgetest.Status{SHA: sha, State: forgetest.Text(in, "state"), Description: text, Name: forgetest.Text(in, "name"), Page: page}
	s.Statuses = append(s.Statuses, one)
	return forgetest.Answer{Status: http.StatusOK, Body: forgetest.Object{
		"id": s.NextID(), "sha": sha, "ref": "main", "status": one.State, "name": one.Name, "target_url": page, "description": text,
		"created_at": "2026-11-23T05:30:00.000Z", "allow_failure": false, "pipeline_id": 42, "author": s.user(s.User),
	}}
}
