package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/gate"
)

// Whatever the file holds: no panic; an error stands at a line that the file
// has; and a file that is accepted can take a waiver and keeps its bytes.
func FuzzParse(f *testing.F) {
	own, err := os.ReadFile("../../../../regress.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		whole, Template, string(own), "", "a.b.c = 1", "[[target]]", "target = [{name = 'a'}, {}]", "[[a.b]]\nc = 1\n[[a.b]]\nc = 2",
		"x = '''\ny = 1\n'''\ny = 2", "\"\\u0061\" = 1", "[policy]\nmin-effect = '5%'\nalpha = 1e-3", "budget = 07:32:00", "expires = 1979-05-27T07:32:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		c, err := Parse("f", []byte(content))
		lines := strings.Count(content, "\n") + 1
		if err != nil {
			joined, many := err.(interface{ Unwrap() []error })
			all := []error{err}
			if many {
				all = joined.Unwrap()
			}
			for _, one := range all {
				var at *Error
				if !errors.As(one, &at) || at.Line < 1 || at.Line > lines || at.Text == "" {
					t.Errorf("error without a place in %d lines: %#v", lines, one)
				}
			}
			return
		}
		path := filepath.Join(t.TempDir(), Name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		w := gate.Waiver{Name: "never used before", Ceiling: .1, Reason: "r", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
		if err := AppendWaiver(path, w); err != nil {
			return // refused with words, for example waiver = []
		}
		have, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(have), content) {
			t.Errorf("the rest was changed: %q, %v", have, err)
		}
		after, err := Parse(path, have)
		if err != nil || len(after.Waivers) != len(c.Waivers)+1 {
			t.Fatalf("after adding a waiver: %d waivers, %v", len(after.Waivers), err)
		}
		if !reflect.DeepEqual(c.Suite, after.Suite) || c.Budget != after.Budget {
			t.Errorf("the rest is read differently: %+v, was %+v", after.Suite, c.Suite)
		}
	})
}
