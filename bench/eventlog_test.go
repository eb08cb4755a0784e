package bench

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/descartes/regress/pkg/ipc/eventlog"
)

// BenchmarkEventLog appends events of 256 bytes to a log in the temporary
// directory, one appender, with each durability. An operation is one event, and its
// latency is the time until Append has returned. Afterwards the log is read back
// and compared.
func BenchmarkEventLog(b *testing.B) {
	for _, d := range []eventlog.Durability{eventlog.SyncNever, eventlog.SyncPeriodic, eventlog.SyncEach} {
		b.Run("durability="+d.String(), func(b *testing.B) { eventLog(b, d) })
	}
}

func eventLog(b *testing.B, durability eventlog.Durability) {
	path := filepath.Join(b.TempDir(), "events.log")
	log, err := eventlog.Open(path, eventlog.Options{Durability: durability})
	if err != nil {
		b.Fatal(err)
	}
	event := make([]byte, 256)
	number := uint64(0)
	add := func() {
		number++
		stamp(event, number)
		seq, err := log.Append(b.Context(), event)
		if err != nil {
			b.Fatal(err)
		}
		if seq != number {
			b.Fatalf("event %d got number %d", number, seq)
		}
	}
	for range 10 {
		add()
	}
	times := timed(b, add)
	b.ReportMetric(times.Mean(), "mean-latency-ns")
	reportLatency(b, times)
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	if err := reread(path, event, number); err != nil {
		b.Fatal(err)
	}
}

// reread checks that a log holds the events 1 to last and nothing else.
func reread(path string, event []byte, last uint64) error {
	number := uint64(0)
	for got, err := range eventlog.Read(path) {
		if err != nil {
			return err
		}
		number++
		stamp(event, number)
		if got.Seq != number || !bytes.Equal(got.Data, event) {
			return errors.New("an event came back changed")
		}
	}
	if number != last {
		return errors.New("events are missing")
	}
	return nil
}
