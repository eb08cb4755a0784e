package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPost: what a receiver answers, how often it is asked, and what is said of it. The address is
// never said.
func TestPost(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const s = time.Second
	check := func(name string, slept []time.Duration, says string, answers ...http.HandlerFunc) {
		t.Helper()
		var bodies, ids []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			bodies, ids = append(bodies, string(text)), append(ids, r.Header.Get("Idempotency-Key"))
			answers[min(len(bodies), len(answers))-1](w, r)
		}))
		defer server.Close()
		var have []time.Duration
		p := Poster{Now: func() time.Time { return now }, Sleep: func(_ context.Context, d time.Duration) error { have = append(have, d); return nil }}
		err := p.Post(t.Context(), server.URL+"/hook/s3cr3t?token=s3cr3t", "once", []byte(`{"a":1}`))
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) || !slices.Equal(have, slept) {
			t.Errorf("%s: slept %v: %v", name, have, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the address is in %v", name, err)
		}
		for i := range bodies {
			if bodies[i] != `{"a":1}` || ids[i] != "once" {
				t.Errorf("%s: got %q with %q", name, bodies[i], ids[i])
			}
		}
		if len(bodies) != len(slept)+1 {
			t.Errorf("%s: %d requests", name, len(bodies))
		}
	}
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	broken := func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	check("taken", nil, "", status(204))
	check("a 502", []time.Duration{s}, "", status(502), status(200))
	check("no answer", []time.Duration{s}, "", broken, status(200))
	check("down", []time.Duration{s, 2 * s}, "it answered 503 Service Unavailable", status(503))
	check("a limit", []time.Duration{7 * s}, "", status(429, "Retry-After", "7"), status(200))
	check("a limit until a time", []time.Duration{9 * s}, "", status(503, "Retry-After", now.Add(9*s).Format(http.TimeFormat)), status(200))
	check("a longer limit than patience", nil, "it answered 429", status(429, "Retry-After", "61"))
	check("two limits longer than patience", []time.Duration{40 * s}, "it answered 429", status(429, "Retry-After", "40"))
	check("refused", nil, "it answered 403 Forbidden", status(403))
	check("a redirect", nil, "redirects are not followed", status(307, "Location", "http://example.com/"))

	err := Poster{Sleep: func(context.Context, time.Duration) error { return context.Canceled }}.Post(t.Context(), "http://127.0.0.1:1/s3cr3t", "x", nil)
	if err == nil || !strings.HasPrefix(err.Error(), "post to 127.0.0.1:1: ") || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("nobody there: %v", err)
	}
	for _, address := range []string{"s3cr3t", "http://[s3cr3t", "https:///s3cr3t", "http://x/\x7fs3cr3t"} {
		if err := (Poster{}).Post(t.Context(), address, "x", nil); err == nil || strings.Contains(fmt.Sprint(err), "s3cr3t") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
