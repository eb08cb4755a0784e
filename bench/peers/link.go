package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/bench/peers/internal/conns"
)

// link is one side of a connection between two processes, as far as the work
// needs it. ipc.Conn is one as it stands, so that nothing stands between ours and
// the clock.
type link interface {
	// Send sends one message, or adds it to the open batch.
	Send(ctx context.Context, p []byte) error
	// Recv returns the next message, in buf's array if that suits the library. It is
	// valid until the next call.
	Recv(ctx context.Context, buf []byte) ([]byte, error)
	// Flush sends the open batch.
	Flush(ctx context.Context) error
}

// The kinds of work.
const (
	trip = "trip" // a message there and back, one after another
	flow = "flow" // messages one way
)

// work is what is measured.
type work struct {
	kind  string
	size  int // bytes a message
	batch int // messages published together; 1: each by itself
}

// String names the work in tables and for -only.
func (w work) String() string {
	s := w.kind + " " + sizeName(w.size)
	if w.crowd() {
		return s + " of " + strconv.Itoa(w.batch)
	}
	if w.batch > 1 {
		s += " batched"
	}
	return s
}

// crowd reports whether there are many far processes.
func (w work) crowd() bool { return w.kind == gather || w.kind == fanIn }

// sizeName returns n bytes in words.
func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return strconv.Itoa(n>>20) + " MiB"
	case n >= 1<<10:
		return strconv.Itoa(n>>10) + " KiB"
	}
	return strconv.Itoa(n) + " B"
}

// job is one measurement as its process gets it on the command line.
type job struct {
	name string // contestant
	work
	budget string // "0.3" seconds, or "1000x" messages of which every byte is checked
}

// args returns the job as arguments of a process.
func (j job) args() []string {
	return []string{j.name, j.kind, strconv.Itoa(j.size), strconv.Itoa(j.batch), j.budget}
}

// parseJob reads what args returned.
func parseJob(args []string) (job, error) {
	if len(args) != 5 {
		return job{}, fmt.Errorf("a job is NAME KIND SIZE BATCH BUDGET, got %q", args)
	}
	j := job{name: args[0], work: work{kind: args[1]}, budget: args[4]}
	var err error
	if j.size, err = strconv.Atoi(args[2]); err != nil || j.size < 16 {
		return j, fmt.Errorf("size %q: want 16 bytes or more", args[2])
	}
	if j.batch, err = strconv.Atoi(args[3]); err != nil || j.batch < 1 {
		return j, fmt.Errorf("batch %q: want 1 or more", args[3])
	}
	if kinds := []string{trip, flow, gather, fanIn, spout, conns.Unary, conns.Stream, conns.Get, conns.Copy}; !slices.Contains(kinds, j.kind) {
		return j, fmt.Errorf("kind %q: want one of %v", j.kind, kinds)
	}
	_, _, err = j.limits()
	return j, err
}

// limits reads the budget: one of the two is set.
func (j job) limits() (d time.Duration, messages int, err error) {
	if s, ok := strings.CutSuffix(j.budget, "x"); ok {
		messages, err = strconv.Atoi(s)
		if err != nil || messages < 1 {
			return 0, 0, fmt.Errorf("budget %q: want a number of messages before the x", j.budget)
		}
		return 0, messages, nil
	}
	s, err := strconv.ParseFloat(j.budget, 64)
	if err != nil || !(s >= .001 && s <= 60) { // not NaN either
		return 0, 0, fmt.Errorf("budget %q: want .001 to 60 seconds, or messages as in 1000x", j.budget)
	}
	return time.Duration(s * float64(time.Second)), 0, nil
}

// question, as the number of a message, asks how many there were.
const question = math.MaxUint64

// answerSize is the size of questions and answers.
const answerSize = 64

// stamp writes the message's number at both ends, and with whole everything
// between from it.
func stamp(p []byte, number uint64, whole bool) {
	if whole {
		for i := range p {
			p[i] = byte(number + uint64(i))
		}
	}
	binary.LittleEndian.PutUint64(p[len(p)-8:], number)
	binary.LittleEndian.PutUint64(p, number)
}

// check returns how p differs from what stamp wrote into size bytes.
func check(p []byte, size int, number uint64, whole bool) error {
	if len(p) != size {
		return fmt.Errorf("message %d of %d bytes arrived with %d", number, size, len(p))
	}
	first, last := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[len(p)-8:])
	if first != number || last != number {
		return fmt.Errorf("message %d arrived as %d…%d", number, first, last)
	}
	if whole {
		for i := 8; i < len(p)-8; i++ {
			if p[i] != byte(number+uint64(i)) {
				return fmt.Errorf("message %d arrived with another byte at %d", number, i)
			}
		}
	}
	return nil
}
