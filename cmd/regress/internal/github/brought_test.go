package github

import "testing"

// TestBroughtBy: GitHub's own two forms name a pull request, and nothing else does.
func TestBroughtBy(t *testing.T) {
	for message, want := range map[string]int{
		"Merge pull request #12 from o/branch\n\ntitle": 12,
		"title (#345)":                345,
		"title (#345)\r\n\nmore (#9)": 345,
		"Revert \"title (#345)\"":     0,
		"title (#345) again":          0,
		"see #12":                     0,
		"(#99999999999)":              0,
		"":                            0,
	} {
		if have := broughtBy(message); have != want {
			t.Errorf("%q: have %d, want %d", message, have, want)
		}
	}
}
