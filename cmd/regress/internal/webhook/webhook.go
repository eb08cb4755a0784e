// Package webhook posts JSON to an address that somebody configured. An address may hold a token:
// it stands in no error, which names the host alone.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The limits of one post.
const (
	maxTries    = 3
	tryTimeout  = 10 * time.Second
	maxPatience = 60 * time.Second // between the tries, together
)

// Poster posts. The zero value works; Sleep and Now are for tests.
type Poster struct {
	Transport http.RoundTripper                          // nil: http.DefaultTransport
	Sleep     func(context.Context, time.Duration) error // nil: by the clock
	Now       func() time.Time                           // nil: time.Now
}

// Post posts a document to an address and returns once somebody took it with a status of 2xx. What
// may pass, which is no answer, 429 and 5xx, is tried again, twice at most and as soon as
// Retry-After allows. id is the same in every try, as the header Idempotency-Key: a receiver that
// answered badly may have got the document all the same. A redirect is not followed, since it may
// lead to where others can read.
func (p Poster) Post(ctx context.Context, address, id string, document []byte) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return errors.New("post: the address (not shown, it may hold a token) is none")
	}
	patience := maxPatience
	for try := 1; ; try++ {
		wait, err := p.once(ctx, u, id, document)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("post to %s: %w", u.Host, err)
		if wait < time.Second<<(try-1) && wait >= 0 {
			wait = time.Second << (try - 1)
		}
		if wait < 0 || try == maxTries || wait > patience {
			return err
		}
		patience -= wait
		if p.sleep(ctx, wait) != nil {
			return err
		}
	}
}

// once tries a single time. wait is how long the receiver asks to wait; negative: another try would
// end as this one did.
func (p Poster) once(ctx context.Context, to *url.URL, id string, document []byte) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(document))
	if err != nil {
		return -1, errors.New("the address (not shown, it may hold a token) is none")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "regress")
	req.Header.Set("Idempotency-Key", id)
	client := http.Client{Transport: p.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		var wrapped *url.Error // which has the whole address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	code := resp.StatusCode
	switch {
	case code >= 200 && code < 300:
		return 0, nil
	case code >= 300 && code < 400:
		return -1, fmt.Errorf("it answered %d %s, and redirects are not followed: configure the address that it leads to", code, http.StatusText(code))
	case code == http.StatusTooManyRequests || code >= 500:
		return p.retryAfter(resp), fmt.Errorf("it answered %d %s", code, http.StatusText(code))
	}
	return -1, fmt.Errorf("it answered %d %s", code, http.StatusText(code))
}

// retryAfter returns how long a receiver asks to wait, in seconds or until a time; 0 where it does
// not say.
func (p Poster) retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		now := time.Now
		if p.Now != nil {
			now = p.Now
		}
		return min(max(at.Sub(now()), 0), time.Hour)
	}
	return 0
}

func (p Poster) sleep(ctx context.Context, d time.Duration) error {
	if p.Sleep != nil {
		return p.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
