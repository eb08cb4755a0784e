package forge

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
)

// What is written is what is read, between the lines of any log.
func TestClaims(t *testing.T) {
	causes := map[baseline.Key]report.Cause{
		{Package: "example.com/shop", Name: "B/a=1-2", Unit: "sec/op"}:     {File: "cart.go", First: 3, Last: 5, Grown: []string{"fmt.Sprintf +12 ns/op", "main.f[...] +1\n::error::x"}},
		{Package: "example.com/shop", Name: "A\n# cause: {}", Unit: "B/s"}: {Grown: []string{"1", "2", "3", "4"}},
		{Package: "example.com/shop", Name: "C", Unit: "B/s"}:              {}, // nothing to say
	}
	var log bytes.Buffer
	log.WriteString("side: head\nBenchmarkA-2 1 1 ns/op\n# cause: \n")
	if err := WriteClaims(&log, causes); err != nil {
		t.Fatal(err)
	}
	log.WriteString("# cause: {\"name\":\"cut")
	want := []Claim{
		{"example.com/shop", "A\n# cause: {}", "B/s", "", 0, 0, []string{"1", "2", "3"}},
		{"example.com/shop", "B/a=1-2", "sec/op", "cart.go", 3, 5, []string{"fmt.Sprintf +12 ns/op", "main.f[...] +1 ::error::x"}},
	}
	if have := ReadClaims(log.Bytes()); !reflect.DeepEqual(have, want) {
		t.Errorf("have %+v\nwant %+v\n%s", have, want, log.String())
	}
}

func FuzzReadClaims(f *testing.F) {
	f.Add([]byte(`# cause: {"package":"p","name":"n","unit":"u","file":"f.go","first":1,"last":2,"grown":["g"]}`))
	f.Fuzz(func(t *testing.T, log []byte) {
		for _, c := range ReadClaims(log) {
			for _, g := range c.Grown {
				if len(c.Grown) > maxGrown || len([]rune(g)) > maxSymbol || strings.ContainsAny(g, "\n\r\x1b") {
					t.Errorf("%q passes", g)
				}
			}
			var out bytes.Buffer
			cause := map[baseline.Key]report.Cause{{Package: c.Package, Name: c.Name, Unit: c.Unit}: {File: c.File, First: c.First, Last: c.Last, Grown: c.Grown}}
			if err := WriteClaims(&out, cause); err != nil || bytes.Count(out.Bytes(), []byte("\n")) > 1 {
				t.Errorf("%+v: %v\n%s", c, err, out.String())
			}
		}
	})
}

// A million claims cost no more than two hundred.
func TestManyClaims(t *testing.T) {
	line := `# cause: {"package":"p","name":"n","unit":"u"}` + "\n"
	if n := len(ReadClaims(bytes.Repeat([]byte(line), 1_000_000))); n != maxClaims {
		t.Errorf("%d claims", n)
	}
}
