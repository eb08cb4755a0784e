// Command scale says how fast the PostgreSQL store is when it is big. It starts a private server,
// fills it with a synthetic history through the store as everybody uses it, and prints a table:
//
//	go run ./pkg/baseline/postgres/scale                         # 10⁸ values; some 15 GB of /tmp
//	go run ./pkg/baseline/postgres/scale -series 1000 -runs 100  # a minute
//
// What was seen on two shared processors, of 10,000 series × 1,000 runs with -rounds 2, half of the
// series with a change: 27,000 rows a second were put; a series is read in 6.6 ms (p95) and served
// in 7.1; trend --changes takes 9.6 s at first, 1.1 s again and 1.5 to 1.9 s after one more run;
// watch 10.4 and 3.4 s; the overview 22 s when serve first reads the store, and 23 ms then. Of
// 10,000 × 30 with ten values a row, 23,000 rows and 228,000 values a second were put, where a
// plain COPY wrote 214,000 rows.
//
// A row of the table sample is one series in one run, with all its values; both are counted. The
// machine must have nothing else to do. It stops by itself where the disk has too little room, or
// when -limit is over, and takes its data away.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
)

// scale is what is measured.
type scale struct {
	series, runs, rounds, batch int

	limit  time.Duration
	server *pgtest.Server
	dsn    string
	store  baseline.Store

	history *history
	folder  string // holds the built regress, and no repository
}

func main() {
	var s scale
	flag.IntVar(&s.series, "series", 10_000, "series of each run")
	flag.IntVar(&s.runs, "runs", 1000, "runs")
	flag.IntVar(&s.rounds, "rounds", 10, "values of each series in each run")
	flag.IntVar(&s.batch, "batch", 10, "runs that are put at a time")
	flag.DurationVar(&s.limit, "limit", 40*time.Minute, "end after this long")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("-limit %v is over", s.limit))
	defer cancel()
	if err := s.measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// settings are those of a server of a small team, on a machine of two processors and 8 GB.
var settings = []string{
	"shared_buffers=1GB", "effective_cache_size=4GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "wal_compression=on",
	"maintenance_work_mem=256MB", "random_page_cost=1.1",
}

// measure does all of it.
func (s *scale) measure(ctx context.Context) error {
	if s.series < 1 || s.runs < 1 || s.rounds < 1 || s.batch < 1 {
		return errors.New("-series, -runs, -rounds and -batch are at least 1")
	}
	if err := s.room(); err != nil {
		return err
	}
	server, stop, err := pgtest.Private(settings...)
	if err != nil {
		return err
	}
	defer stop()
	s.server, s.dsn = server, server.URL("postgres", "postgres")
	if s.store, err = postgres.Open(ctx, s.dsn); err != nil {
		return err
	}
	defer s.store.Close()
	if s.folder, err = os.MkdirTemp("", "regress-scale-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.folder)
	fmt.Printf("%d series × %d runs × %d values\n", s.series, s.runs, s.rounds)
	for _, part := range []func(context.Context) error{s.fill, s.plainCopy, s.settle, s.one, s.panel, s.all, s.build, s.changes, s.served, s.watched} {
		if err := part(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
	}
	return nil
}

// say prints one line of the table: what was measured, the figure, and what it is held against.
func say(what, figure, bar string) { fmt.Printf("%-46s %-34s %s\n", what, figure, bar) }

// perValue bounds the bytes of disk that a value takes, with its text, indexes and the log that is
// written ahead.
const perValue = 250

// room returns an error unless the disk has room for what is left to put.
func (s *scale) room() error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/tmp", &fs); err != nil {
		return fmt.Errorf("see how much room /tmp has: %w", err)
	}
	need := uint64(s.series) * uint64(s.runs) * uint64(s.rounds) * perValue
	if free := fs.Bavail * uint64(fs.Bsize); free < need {
		return fmt.Errorf("/tmp has %d MB free and this may take %d: give fewer -runs or -series", free>>20, need>>20)
	}
	return nil
}
