package report

import "testing"

func TestCommonFolderIsAPrefixOfEveryPackage(t *testing.T) {
	check := func(have, want string) {
		t.Helper()
		if have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check(commonFolder(map[string]bool{"a/b/c": true}), "a/b/c")
	check(commonFolder(map[string]bool{"a/b": true, "a/b/c": true}), "a/")
	check(commonFolder(map[string]bool{"a/x": true, "a/y": true}), "a/")
	check(commonFolder(map[string]bool{"a/x": true, "b/y": true}), "")
	check(commonFolder(map[string]bool{"a/x": true, "": true}), "")
	check(commonFolder(nil), "")
}
