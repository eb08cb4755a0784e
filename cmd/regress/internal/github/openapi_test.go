package github

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

var description = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("githubtest/testdata/api.json")
	if err == nil {
		err = doc.Validate(context.Background())
	}
	return doc, err
})

// server is a GitHub that holds every exchange against GitHub's own description
// of its API.
func server(t *testing.T) *githubtest.Server {
	t.Helper()
	doc, err := description()
	if err != nil {
		t.Fatal(err)
	}
	hub, stop := githubtest.Start()
	t.Cleanup(stop)
	local := *doc
	local.Servers = openapi3.Servers{{URL: hub.URL}}
	router, err := gorillamux.NewRouter(&local)
	if err != nil {
		t.Fatal(err)
	}
	hub.Check = func(req *http.Request, body []byte, status int, header http.Header, answer []byte) {
		if err := validate(router, hub.URL, req, body, status, header, answer); err != nil {
			t.Errorf("%s %s → %d: %.500v\n%.300s", req.Method, req.URL, status, err, body)
		}
	}
	return hub
}

func validate(router routers.Router, home string, req *http.Request, body []byte, status int, header http.Header, answer []byte) error {
	ctx := context.Background()
	seen, err := http.NewRequestWithContext(ctx, req.Method, home+req.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	seen.Header = req.Header.Clone()
	route, params, err := router.FindRoute(seen)
	if err != nil {
		return err
	}
	in := &openapi3filter.RequestValidationInput{Request: seen, PathParams: params, Route: route}
	if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in,
		Status:                 status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(answer)),
		// GitHub's own refusals are not all described.
		Options: &openapi3filter.Options{IncludeResponseStatus: status < 400},
	}
	if status == http.StatusNoContent || status == http.StatusFound {
		return nil
	}
	return openapi3filter.ValidateResponse(ctx, out)
}

// The validator must be able to fail: each of these is wrong in one way.
func TestDescriptionRefuses(t *testing.T) {
	doc, err := description()
	if err != nil {
		t.Fatal(err)
	}
	local := *doc
	local.Servers = openapi3.Servers{{URL: "http://127.0.0.1:1"}}
	router, err := gorillamux.NewRouter(&local)
	if err != nil {
		t.Fatal(err)
	}
	const sha = `"head_sha":"1111111111111111111111111111111111111111"`
	note := `{"path":"a.go","start_line":1,"end_line":1,"annotation_level":"failure","message":"m"}`
	check := func(name, method, path, body, want string) {
		t.Helper()
		req, err := http.NewRequest(method, "http://127.0.0.1:1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		err = validate(router, "http://127.0.0.1:1", req, []byte(body), 400, nil, nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: have %v, want %q", name, err, want)
		}
	}
	const runs = "/repos/o/r/check-runs"
	check("good", "POST", runs, `{"name":"n",`+sha+`,"output":{"title":"t","summary":"s","annotations":[`+note+`]}}`, "")
	check("51 annotations", "POST", runs, `{"name":"n",`+sha+`,"output":{"title":"t","summary":"s","annotations":[`+strings.Repeat(note+",", 50)+note+`]}}`, "maximum number of items is 50")
	check("no title", "POST", runs, `{"name":"n",`+sha+`,"output":{"summary":"s"}}`, "title")
	check("long summary", "POST", runs, `{"name":"n",`+sha+`,"output":{"title":"t","summary":"`+strings.Repeat("x", 65536)+`"}}`, "maximum string length is 65535")
	check("no such level", "PATCH", runs+"/1", `{"output":{"summary":"s","annotations":[`+strings.Replace(note, "failure", "error", 1)+`]}}`, "annotation_level")
	check("no such state", "POST", "/repos/o/r/statuses/1", `{"state":"neutral"}`, "state")
	check("no body", "POST", "/repos/o/r/issues/1/comments", `{}`, "body")
	check("no title", "POST", "/repos/o/r/issues", `{"body":"b"}`, "title")
	check("no such state of an issue", "PATCH", "/repos/o/r/issues/1", `{"state":"gone"}`, "state")
	check("no such path", "POST", "/repos/o/r/nothing", `{}`, "no matching operation")
}
