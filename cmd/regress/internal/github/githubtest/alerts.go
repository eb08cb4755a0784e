package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// alerts serves the issues of the repository, and NUMBER.
func (s *Server) alerts(r *http.Request, part []string, in Object) answer {
	switch {
	case len(part) == 0 && r.Method == http.MethodGet:
		return s.listIssues(r)
	case len(part) == 0:
		return s.addIssue(in)
	}
	at := slices.IndexFunc(s.Issues, func(i *Issue) bool { return fmt.Sprint(i.Number) == part[0] })
	if at < 0 || r.Method != http.MethodPatch {
		return refuse(http.StatusNotFound, "Not Found")
	}
	issue := s.Issues[at]
	if _, ok := in["body"]; ok && tooLong(in) {
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	for key, to := range map[string]*string{"title": &issue.Title, "body": &issue.Body, "state_reason": &issue.Reason} {
		if text, ok := in[key].(string); ok {
			*to = text
		}
	}
	if state, ok := in["state"].(string); ok {
		issue.Closed = state == "closed"
	}
	return answer{status: http.StatusOK, body: s.issueShape(issue)}
}

func (s *Server) addIssue(in Object) answer {
	title := str(in, "title")
	if n := utf8.RuneCountInString(title); n == 0 || n > 256 || tooLong(in) {
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	if hook := s.OnIssue; hook != nil {
		s.OnIssue = nil
		hook() // with the lock held: another job was faster
	}
	issue := &Issue{Number: s.NextIssue(), Login: s.Login(), Title: title, Body: str(in, "body")}
	labels, _ := in["labels"].([]any)
	for _, label := range labels {
		issue.Labels = append(issue.Labels, fmt.Sprint(label))
	}
	s.Issues = append(s.Issues, issue)
	return answer{status: http.StatusCreated, body: s.issueShape(issue)}
}

// NextIssue is the number of the next issue.
func (s *Server) NextIssue() (n int) {
	for _, issue := range s.Issues {
		n = max(n, issue.Number)
	}
	return n + 1
}

func (s *Server) listIssues(r *http.Request) answer {
	query := r.URL.Query()
	since, _ := time.Parse(time.RFC3339, query.Get("since"))
	all := []*Issue{}
	for _, issue := range s.Issues {
		state := "open"
		if issue.Closed {
			state = "closed"
		}
		if want := query.Get("state"); want != "all" && want != state ||
			query.Get("creator") != "" && !strings.EqualFold(query.Get("creator"), issue.Login) ||
			query.Get("labels") != "" && !slices.Contains(issue.Labels, query.Get("labels")) ||
			!issue.Updated.IsZero() && issue.Updated.Before(since) {
			continue
		}
		all = append(all, issue)
	}
	all, header := page(r, all)
	list := []Object{}
	for _, issue := range all {
		list = append(list, s.issueShape(issue))
	}
	return answer{status: http.StatusOK, header: header, body: list}
}

func (s *Server) issueShape(issue *Issue) Object {
	out := s.shape("issue")
	out["number"], out["title"], out["body"], out["state"] = issue.Number, issue.Title, issue.Body, "open"
	out["html_url"] = fmt.Sprintf("https://github.com/acme/shop/issues/%d", issue.Number)
	out["user"].(Object)["login"], out["user"].(Object)["type"] = issue.Login, "User"
	if strings.HasSuffix(issue.Login, "[bot]") {
		out["user"].(Object)["type"] = "Bot"
	}
	labels := []any{}
	for _, label := range issue.Labels {
		labels = append(labels, Object{"name": label})
	}
	out["labels"], out["closed_at"], out["closed_by"], out["state_reason"] = labels, nil, nil, nil
	if issue.Closed {
		out["state"], out["closed_at"], out["state_reason"] = "closed", "2026-11-23T05:30:00Z", "completed"
		if issue.Reason != "" {
			out["state_reason"] = issue.Reason
		}
	}
	if !issue.Pull {
		delete(out, "pull_request")
	}
	return out
}
