package githubtest

import (
	"fmt"
	"net/http"
	"unicode/utf8"
)

// checks serves check-runs, check-runs/ID and commits/REF/check-runs.
func (s *Server) checks(r *http.Request, part []string, in Object) answer {
	switch {
	case part[0] == "commits":
		return s.listRuns(r, part[1])
	case s.App == "" && r.Method != http.MethodGet:
		return refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	case r.Method == http.MethodPost:
		run := &Run{ID: s.NextID(), SHA: str(in, "head_sha")}
		if a, ok := run.apply(in); !ok {
			return a
		}
		s.Runs = append(s.Runs, run)
		return answer{status: http.StatusCreated, body: s.runShape(run)}
	}
	for _, run := range s.Runs {
		if fmt.Sprint(run.ID) != part[1] {
			continue
		}
		if r.Method == http.MethodPatch {
			if a, ok := run.apply(in); !ok {
				return a
			}
		}
		return answer{status: http.StatusOK, body: s.runShape(run)}
	}
	return refuse(http.StatusNotFound, "Not Found")
}

// apply takes what a request says, as far as GitHub would.
func (run *Run) apply(in Object) (answer, bool) {
	unprocessable := func(format string, args ...any) (answer, bool) {
		return refuse(http.StatusUnprocessableEntity, "Invalid request. "+fmt.Sprintf(format, args...)), false
	}
	for _, field := range []struct {
		key string
		to  *string
	}{
		{"name", &run.Name},
		{"external_id", &run.ExternalID},
		{"status", &run.Status},
		{"conclusion", &run.Conclusion},
		{"details_url", &run.DetailsURL},
	} {
		if value, ok := in[field.key]; ok {
			*field.to, _ = value.(string)
		}
	}
	if _, ok := in["conclusion"]; !ok && run.Status != "completed" {
		run.Conclusion = ""
	}
	if run.Status == "completed" && run.Conclusion == "" {
		return unprocessable("completed needs a conclusion.")
	}
	out, ok := in["output"].(Object)
	if !ok {
		return answer{}, true
	}
	run.Title, run.Summary = str(out, "title"), str(out, "summary")
	if run.Title == "" {
		return unprocessable("title wasn't supplied.")
	}
	notes, _ := out["annotations"].([]any)
	if len(notes) > 50 {
		return unprocessable("No more than 50 annotations.")
	}
	for _, n := range notes {
		note, _ := n.(Object)
		if problem := badAnnotation(note); problem != "" {
			return unprocessable("%s", problem)
		}
		run.Annotations = append(run.Annotations, note)
	}
	return answer{}, true
}

func badAnnotation(note Object) string {
	line, _ := note["start_line"].(float64)
	last, _ := note["end_line"].(float64)
	switch {
	case line < 1 || last < line:
		return "lines are out of order."
	case str(note, "path") == "" || str(note, "path")[0] == '/':
		return "path must be relative."
	case len(str(note, "message")) > 64<<10 || str(note, "message") == "":
		return "message must have 1 to 65536 bytes."
	case len(str(note, "raw_details")) > 64<<10:
		return "raw_details may have 65536 bytes."
	case utf8.RuneCountInString(str(note, "title")) > 255:
		return "title may have 255 characters."
	}
	return ""
}

func (s *Server) listRuns(r *http.Request, ref string) answer {
	name := r.URL.Query().Get("check_name")
	list := []Object{}
	for _, run := range s.Runs {
		if run.SHA == ref && (name == "" || run.Name == name) {
			list = append([]Object{s.runShape(run)}, list...) // newest first
		}
	}
	if r.URL.Query().Get("filter") != "all" && len(list) > 1 && name != "" {
		list = list[:1]
	}
	total := len(list)
	list, header := page(r, list)
	return answer{status: http.StatusOK, header: header, body: Object{"total_count": total, "check_runs": list}}
}

func (s *Server) runShape(run *Run) Object {
	out := s.shape("checkRun")
	out["id"], out["name"], out["head_sha"], out["external_id"] = run.ID, run.Name, run.SHA, run.ExternalID
	out["status"], out["conclusion"], out["completed_at"] = run.Status, nil, nil
	if run.Conclusion != "" {
		out["conclusion"], out["completed_at"] = run.Conclusion, "2026-11-23T05:30:00Z"
	}
	out["output"].(Object)["title"] = run.Title
	out["output"].(Object)["summary"] = run.Summary
	out["output"].(Object)["annotations_count"] = len(run.Annotations)
	out["app"].(Object)["slug"] = s.App
	out["pull_requests"] = []any{}
	return out
}

func (s *Server) status(sha string, in Object) answer {
	if utf8.RuneCountInString(str(in, "description")) > 140 {
		return refuse(http.StatusUnprocessableEntity, "description is too long (maximum is 140 characters)")
	}
	s.Statuses = append(s.Statuses, Status{sha, str(in, "state"), str(in, "description"), str(in, "context")})
	out := s.shape("status")
	out["id"], out["state"], out["description"], out["context"] = s.NextID(), in["state"], in["description"], in["context"]
	return answer{status: http.StatusCreated, body: out}
}
