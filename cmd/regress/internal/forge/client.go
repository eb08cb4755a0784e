package forge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

// Client speaks JSON with the API of one forge. It follows no redirect: neither the token nor a
// report goes where an answer points.
type Client struct {
	Wire  *Wire
	forge string // as people call it
	base  string // without a slash at its end
	http  http.Client
}

// NewClient returns a client of the API at base; nothing is sent. variable is where base comes
// from, for the error. See NewWire for header and scheme.
func NewClient(forge, variable, base, header, scheme string, token Secret) (*Client, error) {
	home, err := url.Parse(base)
	if err != nil || home.Host == "" || home.Scheme != "http" && home.Scheme != "https" || home.User != nil || home.RawQuery != "" || home.Fragment != "" {
		return nil, fmt.Errorf("%s is %q, not the address of an API such as https://example.com/api", variable, token.Redact(figure.Cut(figure.OneLine(base), 200)))
	}
	wire := NewWire(home, header, scheme, token)
	return &Client{
		Wire: wire, forge: forge, base: strings.TrimSuffix(home.String(), "/"),
		http: http.Client{Transport: wire, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// Refusal is an answer that is not the one that was asked for.
type Refusal struct {
	Forge  string
	Status int    // of HTTP
	Said   string // one line, not longer than 200 characters
	Later  bool   // a rate limit refused it
}

// Error returns who answered what.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s answered %d %s", r.Forge, r.Status, cmp.Or(r.Said, http.StatusText(r.Status)))
}

// Denied reports whether the token may not do that: forges hide behind a 404 what a token must not
// see.
func (r *Refusal) Denied() bool {
	return !r.Later && (r.Status == http.StatusForbidden || r.Status == http.StatusNotFound)
}

// errNoJSON says that a request was answered, and not by an API.
var errNoJSON = errors.New("the answer is no JSON of that API")

// Call sends in, if it is not nil, to a path below the API's address, and reads the answer into
// out, if that is not nil. The path begins with a slash and is escaped. The error is a *Refusal
// where the answer's status is none of success. It returns the header of the answer.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) (http.Header, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body) // the wire has read and capped it
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return resp.Header, c.refusal(resp, answer)
	case out == nil:
		return resp.Header, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return resp.Header, fmt.Errorf("%s: %w: it begins %q", c.forge, errNoJSON, figure.Cut(figure.OneLine(string(answer[:min(len(answer), 400)])), 60))
	}
	return resp.Header, nil
}

// refusal returns what an answer that is no success says.
func (c *Client) refusal(resp *http.Response, answer []byte) *Refusal {
	var said struct {
		Message     json.RawMessage // a text or, at GitLab, lists of texts by field
		Error       json.RawMessage
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(answer, &said) // a proxy in between answers with a page, which says nothing
	var texts []string
	for _, raw := range []json.RawMessage{said.Message, said.Error} {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		texts = append(texts, text)
	}
	text := strings.TrimPrefix(cmp.Or(said.Description, texts[0], texts[1]), fmt.Sprint(resp.StatusCode)+" ")
	_, later := c.Wire.Limited(resp)
	return &Refusal{Forge: c.forge, Status: resp.StatusCode, Said: figure.Cut(figure.OneLine(text), 200), Later: later}
}

// Unsure reports whether a request that failed so may have been carried out.
func (c *Client) Unsure(err error) bool {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Status >= 500
	}
	return err != nil && !errors.Is(err, ErrRequests) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// Unknown reports whether the forge does not know the token.
func (c *Client) Unknown(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized
}

// Explain says in one sentence what went wrong and what would help: pass where the token is
// unknown, grant where it may not do what was asked.
func (c *Client) Explain(err error, pass, grant string) string {
	var refusal *Refusal
	switch said := figure.Cut(figure.OneLine(err.Error()), 300); {
	case !errors.As(err, &refusal):
		return said
	case c.Unknown(err):
		return said + "; " + pass
	case refusal.Denied():
		return said + "; " + grant
	case refusal.Later:
		return said + "; run the job again later"
	case refusal.Status >= 300 && refusal.Status < 400:
		return said + ": it points elsewhere, where neither token nor report is sent"
	default:
		return said
	}
}
