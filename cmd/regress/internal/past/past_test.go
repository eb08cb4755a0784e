package past

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const full = "45d78258e495044a551046f50604da3c893052ce"

func TestName(t *testing.T) {
	check := func(path, commits, at string, day bool) {
		t.Helper()
		h := Name(path)
		have := ""
		if !h.Time.IsZero() {
			have = h.Time.Format(time.RFC3339)
		}
		if c := strings.Join(h.Commits, " "); c != commits || have != at || h.Day != day {
			t.Errorf("%s: commits %q, time %q, day %v; want %q %q %v", path, c, have, h.Day, commits, at, day)
		}
	}
	check("a.txt", "", "", false)
	check("3fc9e01.txt", "3fc9e01", "", false)
	check("bench-"+full+".txt", full, "", false)
	check("v1.2.3-14-g3fc9e01.txt", "3fc9e01", "", false)
	check("3fc9e01/bench-0badcafe.txt", "0badcafe 3fc9e01", "", false)
	check("3FC9E01.txt", "", "", false)
	check("benchmarks.txt", "", "", false) // letters beyond f
	check("x3fc9e01.txt", "", "", false)   // not alone
	check("2024-05-31.txt", "", "2024-05-31T00:00:00Z", true)
	check("20240531.txt", "", "2024-05-31T00:00:00Z", true) // a day, not a commit
	check("20241331.txt", "20241331", "", false)            // no day, so it may be one
	check("20240531123005.txt", "", "2024-05-31T12:30:05Z", false)
	check("2024-05-31T12:30:05Z-3fc9e01.txt", "3fc9e01", "2024-05-31T12:30:05Z", false)
	check("2024-05-31T12-30-05+0200_3fc9e01.txt", "3fc9e01", "2024-05-31T10:30:05Z", false)
	check("2024-05-31T12:30:05-01:30.txt", "", "2024-05-31T14:00:05Z", false)
	check("2024/05/31/bench.txt", "", "2024-05-31T00:00:00Z", true)
	check("2023-01-01/2024-05-31/bench.txt", "", "2024-05-31T00:00:00Z", true)
	check("2024-02-30.txt", "", "", false)
	check("1.2024-05-3.txt", "", "", false)
	check(`old\2024-05-31\3fc9e01.txt`, "3fc9e01", "2024-05-31T00:00:00Z", true)
}

func TestHeader(t *testing.T) {
	check := func(text string, commits []string, at string) {
		t.Helper()
		h := Header([]byte(text))
		have := ""
		if !h.Time.IsZero() {
			have = h.Time.Format(time.RFC3339)
		}
		if !slices.Equal(h.Commits, commits) || have != at {
			t.Errorf("%q: commits %q, time %q; want %q, %q", text, h.Commits, have, commits, at)
		}
	}
	check("commit: 3fc9e01\nBenchmarkA 1 1 ns/op\ncommit: 4fc9e01\n", []string{"3fc9e01"}, "")
	check("# revision = "+full+"\ncommit-time: 2024-05-31T12:30:00+02:00\n", []string{full}, "2024-05-31T10:30:00Z")
	check("commit "+full+" (HEAD -> main)\nAuthor: A <a@b.c>\nDate:   Fri May 31 12:30:00 2024 +0200\n", []string{full}, "2024-05-31T10:30:00Z")
	check("date: 1717150000\n", nil, "2024-05-31T10:06:40Z")
	check("commit: yes\ndate: today\ntime: 5\n", nil, "")
	check(strings.Repeat("\n", 200)+"commit: 3fc9e01\n", nil, "")
}

// FuzzName: no path ends in a panic, and every candidate stands in it.
func FuzzName(f *testing.F) {
	f.Add("2024-05-31T12-30-05+0200_3fc9e01.txt")
	f.Add("20240531/2024/05/31")
	f.Fuzz(func(t *testing.T, path string) {
		h := Name(path)
		for _, c := range h.Commits {
			if !strings.Contains(path, c) {
				t.Fatalf("%q is not in %q", c, path)
			}
		}
		if !h.Time.IsZero() && (h.Time.Year() < 1899 || h.Time.Year() > 2100) {
			t.Fatal(h.Time)
		}
		Header([]byte(path))
	})
}
