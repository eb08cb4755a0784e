// Package giteatest is a Gitea for tests: an HTTP server that keeps comments and commit
// statuses, answers in the shapes of Gitea's own description of its API, and fails on
// demand.
package giteatest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
)

// Start serves until the caller calls the function that it returns. The only repository is
// acme/shop.
func Start() (*forgetest.Server, func()) {
	s := &forgetest.Server{Token: "0123456789abcdefTOKEN", Header: "Authorization", Scheme: "token ", User: "gitea-actions"}
	s.Handle = func(r *http.Request, in forgetest.Object) forgetest.Answer { return handle(s, r, in) }
	s.Refusal = func(_ int, message string) any {
		return forgetest.Object{"message": message, "url": "https://gitea.example/api/swagger"}
	}
	return s, s.Start("/api/v1")
}

func handle(s *forgetest.Server, r *http.Request, in forgetest.Object) forgetest.Answer {
	if r.URL.Path == "/api/v1/user" {
		return forgetest.Answer{Status: http.StatusOK, Body: user(s.User)}
	}
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v1/repos/acme/shop/"), "/")
	switch {
	case len(part) == 2 && part[0] == "statuses" && r.Method == http.MethodPost:
		return status(s, part[1], in)
	case len(part) == 3 && part[0] == "issues" && part[2] == "comments":
		return comments(s, r, part[1], in)
	case len(part) == 3 && part[0] == "issues" && part[1] == "comments":
		return one(s, r, part[2], in)
	}
	return s.Refuse(http.StatusNotFound, "The target couldn't be found.")
}

func comments(s *forgetest.Server, r *http.Request, index string, in forgetest.Object) forgetest.Answer {
	number, _ := strconv.Atoi(index)
	if r.Method == http.MethodPost {
		return forgetest.Answer{Status: http.StatusCreated, Body: comment(s.Add(number, forgetest.Text(in, "body")))}
	}
	list := []forgetest.Object{}
	for _, c := range s.Of(number) {
		list = append(list, comment(c))
	}
	return forgetest.Answer{Status: http.StatusOK, Body: list}
}

func one(s *forgetest.Server, r *http.Request, id string, in forgetest.Object) forgetest.Answer {
	c := s.Find(id, r.Method == http.MethodDelete)
	switch {
	case c == nil:
		return s.Refuse(http.StatusNotFound, "The target couldn't be found.")
	case r.Method == http.MethodDelete:
		return forgetest.Answer{Status: http.StatusNoContent}
	}
	c.Body = forgetest.Text(in, "body")
	return forgetest.Answer{Status: http.StatusOK, Body: comment(c)}
}

const day = "2026-11-23T05:30:00Z"

func user(name string) forgetest.Object {
	return forgetest.Object{"id": -2, "login": name, "full_name": "Gitea Actions", "created": day, "visibility": "public"}
}

func comment(c *forgetest.Comment) forgetest.Object {
	page := fmt.Sprintf("https://gitea.example/acme/shop/pulls/%d", c.Change)
	return forgetest.Object{
		"id": c.ID, "body": c.Body, "user": user(c.Login), "html_url": fmt.Sprintf("%s#issuecomment-%d", page, c.ID),
		"pull_request_url": page, "issue_url": "", "created_at": day, "updated_at": day, "assets": []any{},
	}
}

func status(s *forgetest.Server, sha string, in forgetest.Object) forgetest.Answer {
	set := forgetest.Status{
		SHA: sha, State: forgetest.Text(in, "state"), Description: forgetest.Text(in, "description"),
		Name: forgetest.Text(in, "context"), Page: forgetest.Text(in, "target_url"),
	}
	s.Statuses = append(s.Statuses, set)
	return forgetest.Answer{Status: http.StatusCreated, Body: forgetest.Object{
		"id": s.NextID(), "status": set.State, "context": set.Name, "description": set.Description, "target_url": set.Page,
		"url": "https://gitea.example/api/v1/repos/acme/shop/statuses/" + sha, "creator": user(s.User), "created_at": day, "updated_at": day,
	}}
}
