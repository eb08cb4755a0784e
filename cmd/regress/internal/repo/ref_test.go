package repo

import "testing"

func TestSimilar(t *testing.T) {
	t.Parallel()
	check := func(a, b string, want bool) {
		t.Helper()
		if similar(a, b) != want {
			t.Errorf("similar(%q, %q) = %v", a, b, !want)
		}
	}
	check("main", "mian", true) // two substitutions
	check("main", "man", true)  // one insertion; of three letters one may differ
	check("v1.0.0", "1.0.0", true)
	check("feature/x", "x", true)
	check("Main", "main", true)
	check("main", "develop", false)
	check("a", "b", false)
}

func TestHighest(t *testing.T) {
	check := func(prefix, want string, tags ...string) {
		t.Helper()
		if have := highest(tags, prefix); have != want {
			t.Errorf("highest of %q behind %q: %q, want %q", tags, prefix, have, want)
		}
	}
	check("", "")
	check("", "v1.10.0", "v1.9.0", "v1.10.0", "v1.2.3")
	check("", "1.0.0", "1.0.0", "nightly", "v1", "v1.0", "v2.0.0-rc.1", "va.b.c")
	check("", "v1.0.0", "v1.0.0", "sub/v2.0.0", "v99999999999999999999.0.0")
	check("sub/", "sub/v2.0.0", "v3.0.0", "sub/v2.0.0", "sub/v1.0.0")
	check("", "v1.0.0+b", "v1.0.0", "v1.0.0+b")
}

// TestHost: the host of origin, however its address is written, and nothing else of it.
func TestHost(t *testing.T) {
	for address, want := range map[string]string{
		"git@GitLab.example.com:acme/shop.git":       "gitlab.example.com",
		"gitlab.example.com:acme/shop.git":           "gitlab.example.com",
		"https://user:secret@codeberg.org/acme/shop": "codeberg.org",
		"ssh://git@git.example.com:2222/acme/shop":   "git.example.com",
		"../shop":                  "",
		"/srv/git/gitlab/shop.git": "",
		"file:///srv/git/gitlab":   "",
		"--upload-pack=x":          "",
		"":                         "",
	} {
		if have := hostOf(address); have != want {
			t.Errorf("%q: have %q, want %q", address, have, want)
		}
	}
}
