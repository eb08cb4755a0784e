package forge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// The limits of one job.
const (
	maxRequests = 12               // repeated ones included
	maxPatience = 60 * time.Second // waiting for rate limits and between tries
	tryTimeout  = 15 * time.Second
	maxTries    = 3
	maxAnswer   = 32 << 20 // bytes: a page of 100 comments of 64 KiB and their authors is 7 MiB
)

// ErrRequests says that a job has asked its forge as often as it may.
var ErrRequests = errors.New("the requests that one job may make are used up")

// Wire is the one way to a forge: it carries the token, to the forge's own host
// alone; it counts requests and caps them; it waits out rate limits and tries
// again what may be tried again. An answer is read whole before it is passed
// on, so that a connection that breaks in the middle counts as no answer.
//
// go-github knows secondary limits on status 403 alone, and GitHub also sends
// them as 429; and it never tries again.
type Wire struct {
	Next   http.RoundTripper
	Sleep  func(context.Context, time.Duration) error
	Now    func() time.Time
	TryFor time.Duration // of one request with its whole answer

	home           *url.URL
	header, scheme string // of the token
	token          Secret

	mu       sync.Mutex
	requests int           // left
	patience time.Duration // left
}

// NewWire returns a wire to the host of home. The token stands in the header of that name, behind
// the scheme: "Authorization" and "Bearer ".
func NewWire(home *url.URL, header, scheme string, token Secret) *Wire {
	return &Wire{
		Next: http.DefaultTransport, Sleep: sleep, Now: time.Now, TryFor: tryTimeout,
		home: home, header: header, scheme: scheme, token: token,
		requests: maxRequests, patience: maxPatience,
	}
}

// Allow sets how many more requests may be made.
func (w *Wire) Allow(requests int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = requests
}

// RoundTrip sends a request, as often as is good.
func (w *Wire) RoundTrip(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := w.once(req)
		wait, again := w.again(req, resp, err, try)
		if !again || !w.Afford(wait) {
			return resp, err
		}
		if err := w.Sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// once sends req a single time and reads the whole answer.
func (w *Wire) once(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.requests--
	spent := w.requests < 0
	w.mu.Unlock()
	if spent {
		return nil, ErrRequests
	}
	ctx, cancel := context.WithTimeout(req.Context(), w.TryFor)
	defer cancel()
	sent := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	}
	if sent.URL.Scheme == w.home.Scheme && sent.URL.Host == w.home.Host {
		sent.Header.Set(w.header, w.scheme+w.token.value)
	}
	resp, err := w.Next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// again reports whether req is worth another try, and after which wait. What a
// rate limit refused was not done, so it may be repeated whatever it is; after
// any other failure only what can be done twice without harm.
func (w *Wire) again(req *http.Request, resp *http.Response, err error, try int) (time.Duration, bool) {
	if try >= maxTries || req.Context().Err() != nil || errors.Is(err, ErrRequests) || req.Context().Value(singleKey{}) != nil {
		return 0, false
	}
	pause := time.Second << (try - 1)
	if err != nil {
		return pause, repeatable(req)
	}
	switch {
	case resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusTooManyRequests:
		return w.Limited(resp)
	case resp.StatusCode >= 500:
		return pause, repeatable(req)
	}
	return 0, false
}

// Limited reports how long a rate limit asks to wait. A 403 that names no time
// is a missing permission. GitHub's headers begin with "X-", GitLab's do not.
func (w *Wire) Limited(resp *http.Response) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 3600)) * time.Second, true
	}
	for _, name := range []string{"X-Ratelimit-", "Ratelimit-"} {
		if resp.Header.Get(name+"Remaining") != "0" {
			continue
		}
		if reset, err := strconv.ParseInt(resp.Header.Get(name+"Reset"), 10, 64); err == nil {
			return max(time.Unix(reset, 0).Sub(w.Now()), 0) + time.Second, true
		}
	}
	// "If neither is there, wait for at least one minute": GitHub's advice.
	return time.Minute, resp.StatusCode == http.StatusTooManyRequests
}

// Afford reports whether there is patience left for a wait and another request, and takes it.
func (w *Wire) Afford(wait time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests <= 0 || wait > w.patience {
		return false
	}
	w.patience -= wait
	return true
}

type onceKey struct{}

// Once marks a context: its request changes something each time it is sent.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

type singleKey struct{}

// Single marks a context: its request is sent once, whatever the answer. Even one that a rate limit
// seems to have refused is looked for before it is made again.
func Single(ctx context.Context) context.Context { return context.WithValue(ctx, singleKey{}, true) }

func repeatable(req *http.Request) bool {
	return req.Method != http.MethodPost && req.Context().Value(onceKey{}) == nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
