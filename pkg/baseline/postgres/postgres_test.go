package postgres_test

import (
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

func open(t *testing.T, dsn string) baseline.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() baseline.Store {
		dsn := pgtest.DSN(t)
		return func() baseline.Store { return open(t, dsn) }
	})
}

// BenchmarkStore prints what 10,000 runs of 200 series cost:
//
//	go test -run '^$' -bench Store -benchtime 5x ./pkg/baseline/postgres
func BenchmarkStore(b *testing.B) {
	if testing.Short() {
		b.Skip("it fills a large store first")
	}
	dsn := pgtest.DSN(b)
	s, err := postgres.Open(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	storetest.Bench(b, s, func() { // what autovacuum does by itself within a minute
		if _, err := pgtest.Connect(b, dsn).Exec(b.Context(), "vacuum analyze"); err != nil {
			b.Fatal(err)
		}
	})
}
