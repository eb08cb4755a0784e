package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	api "github.com/google/go-github/v60/github"
)

// client is GitHub's API for one repository.
type client struct {
	*api.Client
	wire        *forge.Wire
	owner, repo string
}

// dial makes a client; nothing is sent. The base address is set as it is:
// WithEnterpriseURLs would append /api/v3/ to what GITHUB_API_URL already has.
func dial(env Context) (*client, error) {
	home, err := url.Parse(env.APIURL)
	if err != nil || home.Host == "" {
		return nil, fmt.Errorf("GITHUB_API_URL is %q, not an address", env.APIURL)
	}
	w := forge.NewWire(home, "Authorization", "Bearer ", env.Token)
	c := &client{Client: api.NewClient(&http.Client{Transport: w}), wire: w, owner: env.Owner, repo: env.Repo}
	c.BaseURL = home
	return c, nil
}

// unsure reports whether a request that failed so may have been carried out.
func unsure(err error) bool {
	var answered *api.ErrorResponse
	if errors.As(err, &answered) {
		return answered.Response.StatusCode >= 500
	}
	var limit *api.RateLimitError
	var abuse *api.AbuseRateLimitError
	return err != nil && !errors.As(err, &limit) && !errors.As(err, &abuse) &&
		!errors.Is(err, forge.ErrRequests) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// unauthorized reports whether GitHub does not know the token.
func unauthorized(err error) bool {
	var answered *api.ErrorResponse
	return errors.As(err, &answered) && answered.Response.StatusCode == http.StatusUnauthorized
}

// refused reports whether the token may not do that: GitHub hides behind a 404
// what a token must not see.
func refused(err error) bool {
	var answered *api.ErrorResponse
	if !errors.As(err, &answered) || answered.Response.Header.Get("Retry-After") != "" {
		return false
	}
	code := answered.Response.StatusCode
	return code == http.StatusForbidden || code == http.StatusNotFound
}

// explain says in one sentence what went wrong and what would help.
func explain(err error) string {
	var answered *api.ErrorResponse
	var limit *api.RateLimitError
	var abuse *api.AbuseRateLimitError
	switch {
	case errors.As(err, &limit) || errors.As(err, &abuse):
		return "GitHub's rate limit is used up; run the job again later"
	case errors.As(err, &answered) && answered.Response != nil:
		code := answered.Response.StatusCode
		said := fmt.Sprintf("GitHub answered %d %s", code, cmp.Or(figure.Cut(figure.OneLine(answered.Message), 200), http.StatusText(code)))
		switch {
		case unauthorized(err):
			return said + "; pass a valid token as GITHUB_TOKEN"
		case refused(err):
			return said + "; give the job `permissions: checks: write, pull-requests: write`"
		case code == http.StatusTooManyRequests || code == http.StatusForbidden:
			return said + "; run the job again later"
		}
		return said
	}
	return figure.Cut(figure.OneLine(err.Error()), 300)
}
