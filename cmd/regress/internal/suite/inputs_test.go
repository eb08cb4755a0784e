package suite

import (
	"strings"
	"testing"
)

// TestInputs: patterns match whole paths or folders, and the last one that does counts.
func TestInputs(t *testing.T) {
	check := func(patterns, file, want string) {
		t.Helper()
		var in Inputs
		for _, text := range strings.Fields(patterns) {
			input, err := ParseInput(text)
			if err != nil {
				t.Fatal(err)
			}
			in = append(in, input)
		}
		read, known := in.say(file)
		have := map[[2]bool]string{{true, true}: "read", {false, true}: "not read"}[[2]bool{read, known}]
		if have != want {
			t.Errorf("%s of %q: %q, want %q", file, patterns, have, want)
		}
	}
	check("", "a", "")
	check("a", "a", "read")
	check("a", "b/a", "")
	check("a", "a/b/c", "read")
	check("a/", "a/b", "read")
	check("a/*", "a/b/c", "read")
	check("*.csv", "a/b.csv", "")
	check("**/*.csv", "b.csv", "read")
	check("**/*.csv", "a/b/c.csv", "read")
	check("a/**/c", "a/c", "read")
	check("a/**/c", "a/x/y/c", "read")
	check("a/**/c", "a/x/y/d", "")
	check("a/**", "ab", "")
	check("!a", "a/x", "not read")
	check("a !a/b a/b/c", "a/x", "read")
	check("a !a/b a/b/c", "a/b/x", "not read")
	check("a !a/b a/b/c", "a/b/c", "read")
	check("a[12]?", "a2x", "read")
	for _, bad := range []string{"", "!", "/a", "../a", "a/../b", "./a", "a[", "!a[b"} {
		if _, err := ParseInput(bad); err == nil || !strings.Contains(err.Error(), "write one such as") {
			t.Errorf("%q: %v, want an error with a remedy", bad, err)
		}
	}
}
