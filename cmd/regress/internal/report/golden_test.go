package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

var update = flag.Bool("update", false, "write the goldens in testdata")

func TestGolden(t *testing.T) {
	check := func(file string, write func(io.Writer) error) {
		t.Helper()
		var have bytes.Buffer
		if err := write(&have); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, have.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have.Bytes(), want) {
			t.Errorf("%s: have\n%s\nwant\n%s\nwhere it is meant: go test -update", path, have.Bytes(), want)
		}
	}
	text := func(d gate.Decision, o Options) func(io.Writer) error {
		return func(w io.Writer) error { return Text(w, d, o) }
	}
	o := options()
	for name, d := range cases {
		check(name+".txt", text(d, o))
		check(name+".md", func(w io.Writer) error { return Markdown(w, d, o) })
	}
	for _, name := range []string{"missing", "regression", "nothing", "crept", "work"} { // every field once; TestJSONShape has the rest
		check(name+".json", func(w io.Writer) error { return JSON(w, cases[name], o) })
	}
	d := cases["regression"]
	o.Width = 80
	check("regression-80.txt", text(d, o))
	check("target-80.txt", text(cases["target"], o))
	check("work-80.txt", text(cases["work"], o))
	o.Width, o.Color = 120, true
	check("regression-120-color.txt", text(d, o))
	o = options()
	o.Causes = map[baseline.Key]Cause{
		d.Rows[1].Key(): {File: "pkg/ipc/shm/send_linux.go", First: 41, Last: 43, Grown: []string{"shm.(*sender).reserve +21 ns/op", "runtime.memmove +4.1 ns/op"}},
		d.Rows[2].Key(): {Grown: []string{"unix.(*conn).Send +64 ns/op"}},
	}
	o.Links = []Link{
		{Text: "run", URL: "https://github.com/octo/repo/actions/runs/12"},
		{Text: "raw log", URL: "https://github.com/octo/repo/actions/runs/12#artifacts", Command: "gh run download 12 --repo octo/repo --name regress-log"},
		{Text: "no", URL: "javascript:alert(1)"},
	}
	check("cause.txt", text(d, o))
	check("cause.md", func(w io.Writer) error { return Markdown(w, d, o) })
	check("cause.json", func(w io.Writer) error { return JSON(w, d, o) })
	o = options()
	o.All = true
	check("green-all.txt", text(cases["green"], o))
	check("work-all.txt", text(cases["work"], o))
	check("same-work-all.txt", text(cases["same-work"], o))
	o.Budget, o.LogName, o.Command = leastBudget, "", ""
	check("green-all.md", func(w io.Writer) error { return Markdown(w, cases["green"], o) })
}
