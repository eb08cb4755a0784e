package config

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// One pattern for several series accepts each of them and no other combination.
func TestSeriesPatternOfSeveral(t *testing.T) {
	pattern := SeriesPattern(nil, baseline.Key{Package: "m", Name: "A/x-2", Unit: "sec/op"}, baseline.Key{Package: "m", Name: "A/x-2", Unit: "B/op"},
		baseline.Key{Package: "m", Name: "A/y-2", Unit: "sec/op"})
	w, err := NewWaiver(pattern, "10%", "r", "2099-01-01")
	if err != nil {
		t.Fatal(err)
	}
	for series, want := range map[string]bool{
		"m.A/x-2 sec/op": true, "m.A/x-8 B/op": true, "m.A/y sec/op": true, "m.A/y-2 B/op": false, "m.A/z-2 sec/op": false, "m.A/x-2 sec/op.": false, "mm.A/y-2 sec/op": false,
	} {
		if w.Series.MatchString(series) != want {
			t.Errorf("%s matches %s: %v", pattern, series, !want)
		}
	}
}

func TestSeriesPattern(t *testing.T) {
	check := func(key baseline.Key, series string, want bool) {
		t.Helper()
		c, err := Parse("t", []byte(Block(gate.Waiver{Name: SeriesPattern(nil, key), Ceiling: .1, Reason: "r", Expires: time.Unix(1<<31, 0)})))
		if err != nil {
			t.Fatal(err)
		}
		if have := c.Waivers[0].Series.MatchString(series); have != want {
			t.Errorf("%s matches %q: %v, want %v", c.Waivers[0].Name, series, have, want)
		}
	}
	key := baseline.Key{Package: "example.com/m", Name: "Parse/size=1KiB-2", Unit: "sec/op"}
	check(key, "example.com/m.Parse/size=1KiB-2 sec/op", true)
	check(key, "example.com/m.Parse/size=1KiB-16 sec/op", true)
	check(key, "example.com/m.Parse/size=1KiB sec/op", true)
	check(key, "example.com/m.Parse/size=1KiB-2 B/op", false)
	check(key, "exampleXcom/m.Parse/size=1KiB-2 sec/op", false)
	check(key, "example.com/m.Parse/size=1KiB/deep-2 sec/op", false)
	check(baseline.Key{Name: "It's \"odd\" (really)*-2", Unit: "x/op"}, ".It's \"odd\" (really)*-4 x/op", true)
	check(baseline.Key{Name: "ends-", Unit: "x"}, ".ends- x", true)
}

func TestAppendWaiver(t *testing.T) {
	w := gate.Waiver{Name: `X(-\d+)? sec/op`, Ceiling: .25, Reason: "a 'quoted'\nreason", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
	check := func(content string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), Name)
		if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := AppendWaiver(path, w); err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(have), content) {
			t.Errorf("the rest was changed:\n%q\nwas\n%q", have, content)
		}
		if strings.Contains(content, "\r\n") && strings.Count(string(have), "\r\n") != strings.Count(string(have), "\n") {
			t.Errorf("line ends are mixed: %q", have)
		}
		c, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		added := c.Waivers[len(c.Waivers)-1]
		if added.Name != w.Name || added.Ceiling != w.Ceiling || added.Reason != w.Reason || !added.Expires.Equal(w.Expires) {
			t.Errorf("have %+v, want %+v", added, w)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		left, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(left) != 1 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		if err := AppendWaiver(path, w); err == nil || !strings.Contains(err.Error(), "waives this series already") {
			t.Errorf("the same waiver twice: %v", err)
		}
	}
	check("")
	check(whole)
	check(strings.TrimSuffix(whole, "\n"))
	check("[suite]\r\nbench = 'x'\r\n")
	check(Template)
	w.Ceiling = math.Inf(1) // from 0 allocations to some
	check(whole)
}

func TestAppendWaiverRefuses(t *testing.T) {
	check := func(content string, w gate.Waiver, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), Name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := AppendWaiver(path, w)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("have %v, want %q", err, want)
		}
		if have, err := os.ReadFile(path); err != nil || string(have) != content {
			t.Errorf("the file was changed: %q, %v", have, err)
		}
	}
	good := gate.Waiver{Name: "X", Ceiling: .1, Reason: "r", Expires: time.Unix(1<<31, 0)}
	check("[suit]", good, "mend the file first")
	check("waiver = []", good, "add waiver: ")
	w := good
	w.Reason = ""
	check("", w, "the reason is empty")
	w = good
	w.Expires = time.Time{}
	check("", w, "add waiver: ")
	w = good
	w.Name = "("
	check("", w, "series is no regular expression")
	w = good
	w.Ceiling = 0
	check("", w, "the ceiling is the largest")

	if err := AppendWaiver(filepath.Join(t.TempDir(), Name), good); err == nil || !strings.Contains(err.Error(), "regress init") {
		t.Errorf("no file: %v", err)
	}
}
