package forge

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
)

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

// The token goes to the forge and nowhere else.
func TestTokenStaysHome(t *testing.T) {
	var seen []string
	w := NewWire(mustURL(t, "https://api.github.com/"), "Authorization", "Bearer ", NewSecret("T"))
	w.Next = roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.URL.String()+" "+r.Header.Get("Authorization"))
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
	})
	for _, address := range []string{"https://api.github.com/user", "http://api.github.com/user", "https://api.github.com.evil.example/user", "https://storage.example/x"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := w.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	want := []string{"https://api.github.com/user Bearer T", "http://api.github.com/user ", "https://api.github.com.evil.example/user ", "https://storage.example/x "}
	if !slices.Equal(seen, want) {
		t.Errorf("have %q", seen)
	}
}
