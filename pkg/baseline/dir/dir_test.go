package dir_test

import (
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/dir"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

func open(t *testing.T, path string) baseline.Store {
	t.Helper()
	s, err := dir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() baseline.Store {
		path := t.TempDir() + "/store"
		return func() baseline.Store { return open(t, path) }
	})
}

// BenchmarkStore prints what 10,000 runs of 200 series cost:
//
//	go test -run '^$' -bench Store -benchtime 5x ./pkg/baseline/dir
func BenchmarkStore(b *testing.B) {
	if testing.Short() {
		b.Skip("it fills a large store first")
	}
	s, err := dir.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	storetest.Bench(b, s, func() {})
}
