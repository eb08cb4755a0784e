package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/descartes/regress/pkg/ipc/eventlog"
)

func Example() {
	dir, err := os.MkdirTemp("", "eventlog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "jobs.log")

	// At most 100 ms of events are lost to a power failure, none to kill -9.
	log, err := eventlog.Open(path, eventlog.Options{Durability: eventlog.SyncPeriodic})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, what := range []string{"started", "half done", "finished"} {
		if _, err := log.Append(context.Background(), []byte(what)); err != nil {
			fmt.Println(err)
		}
	}
	if err := log.Close(); err != nil {
		fmt.Println(err)
	}

	for event, err := range eventlog.Read(path) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Seq, string(event.Data))
	}
	// Output:
	// 1 started
	// 2 half done
	// 3 finished
}

// After a crash: what is whole is read, the rest is cut off when the log is
// opened again, and the numbers go on.
func ExampleOpen_afterACrash() {
	dir, err := os.MkdirTemp("", "eventlog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "jobs.log")
	log, _ := eventlog.Open(path, eventlog.Options{})
	_, _ = log.Append(context.Background(), []byte("kept"))
	_, _ = log.Append(context.Background(), []byte("torn"))
	_ = log.Close()
	_ = os.Truncate(path, 16+16+4+16+2) // two bytes of "torn" remain

	for event, err := range eventlog.Read(path) {
		fmt.Println(event.Seq, string(event.Data), errors.Is(err, eventlog.ErrTorn))
	}
	log, err = eventlog.Open(path, eventlog.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", log.Recovered())
	seq, err := log.Append(context.Background(), []byte("again"))
	fmt.Println(seq, err, log.Close())
	// Output:
	// 1 kept false
	// 0  true
	// {Events:1 CutAt:36 CutBytes:18 Reason:an event of 4 bytes is announced and 2 bytes follow}
	// 2 <nil> <nil>
}
