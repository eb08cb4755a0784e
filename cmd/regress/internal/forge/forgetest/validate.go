package forgetest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Validator holds exchanges against a forge's own description of its API.
type Validator struct {
	router routers.Router
	home   string
}

// NewValidator reads a description, for an API at the address home.
func NewValidator(t *testing.T, file, home string) Validator {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err == nil {
		err = doc.Validate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: home}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return Validator{router, home}
}

// Hold makes the test fail at every exchange with the server that the description does not have.
func (v Validator) Hold(t *testing.T, s *Server) {
	t.Helper()
	s.Check = func(req *http.Request, body []byte, status int, header http.Header, answer []byte) {
		if err := v.Validate(req, body, status, header, answer); err != nil {
			t.Errorf("%s %s → %d: %.500v\n%.300s", req.Method, req.URL, status, err, body)
		}
	}
}

// Validate returns what is wrong with an exchange. The bodies of refusals are not all described.
func (v Validator) Validate(req *http.Request, body []byte, status int, header http.Header, answer []byte) error {
	ctx := context.Background()
	seen := req.Clone(ctx)
	seen.Body = io.NopCloser(bytes.NewReader(body))
	seen.ContentLength = int64(len(body))
	route, params, err := v.router.FindRoute(seen)
	if err != nil {
		return err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: seen, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if status < 400 {
		if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
			return err
		}
	}
	if status >= 400 || status == http.StatusNoContent {
		return nil
	}
	return openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(answer)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
}
