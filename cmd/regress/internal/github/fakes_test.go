package github

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// epoch is when every test of limits takes place.
var epoch = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func checkEncoders(t *testing.T, env Context) {
	t.Helper()
	text, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("job", "env", env, "token", env.Token)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("job", "env", env, "token", env.Token)
	if all := string(text) + log.String(); strings.Contains(all, "secret") || !strings.Contains(all, "***") {
		t.Errorf("an encoder prints it: %s", all)
	}
}
