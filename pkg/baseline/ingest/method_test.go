package ingest_test

import (
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

func TestMethodIsReadAsItWasWritten(t *testing.T) {
	key := baseline.Key{Package: "example.com/x", Name: "Sort/n=10-2"}
	for _, want := range []ingest.Method{{Iterations: 12000, Slices: 10, One: true, Counted: 3}, {Slices: 1}} {
		text := want.Mark(key)
		for mark, rest := range ingest.Marks([]byte(text)) {
			at, have, ok := ingest.ReadMethod(rest)
			if mark != ingest.MarkMethod || !ok || at != key || have != want {
				t.Errorf("%q is read as %s of %v %+v %v", text, mark, at, have, ok)
			}
		}
		if !strings.HasPrefix(text, "# method: example.com/x Sort/n=10-2 iterations=") {
			t.Errorf("written %q", text)
		}
	}
	for _, rest := range []string{"", "p N", "p N iterations=1", "p N iterations=-1 slices=1 cpu=one", "p N slices=x cpu=any", "p N slices=1 cpu=two"} {
		if _, m, ok := ingest.ReadMethod(rest); ok {
			t.Errorf("%q is read as %+v", rest, m)
		}
	}
}
