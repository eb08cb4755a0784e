package measure

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// Phase is what Run is doing.
type Phase string

// The phases, in order.
const (
	Preparing   Phase = "preparing" // git and building
	Discovering Phase = "discovering"
	Measuring   Phase = "measuring"
)

// Progress is where a measurement stands, before a step.
type Progress struct {
	Phase     Phase
	Step      string        // "building the base", or the benchmark that runs
	Side      baseline.Side // that runs
	Round     int           // of that benchmark and side, from 1
	Done      int           // processes of this increment that have ended
	Total     int           // processes of this increment
	Undecided int           // benchmarks in this increment
	Left      time.Duration // of the budget; 0: no budget
}

// String is one line for a person: "round 3 · head PingPong/size=64B-2 · 17/48 · 12 undecided ·
// 1m40s left".
func (p Progress) String() string {
	parts := []string{}
	if p.Phase != Measuring {
		parts = append(parts, string(p.Phase))
	}
	if p.Round > 0 {
		parts = append(parts, fmt.Sprintf("round %d", p.Round))
	}
	parts = append(parts, strings.TrimSpace(string(p.Side)+" "+p.Step))
	if p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d", p.Done, p.Total))
	}
	if p.Undecided > 0 {
		parts = append(parts, fmt.Sprintf("%d undecided", p.Undecided))
	}
	if p.Left > 0 {
		parts = append(parts, p.Left.Round(time.Second).String()+" left")
	}
	return strings.Join(parts, " · ")
}

// Lines returns a function for Options.Progress that says at most once in a while what takes so
// long before the first round, for a log that nobody watches, and one that ends it.
func Lines(say func(string), every time.Duration) (show func(Progress), stop func()) {
	var mu sync.Mutex
	var last Progress
	begin := time.Now()
	ticker := time.NewTicker(every)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				mu.Lock()
				p := last
				mu.Unlock()
				if p.Phase == Preparing || p.Phase == Discovering {
					say(fmt.Sprintf("%s (%v)", ingest.OneLine(p.String()), time.Since(begin).Round(time.Second)))
				}
			}
		}
	}()
	show = func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		last = p
	}
	return show, func() {
		ticker.Stop()
		close(done)
		<-ended
	}
}

// Line returns a function for Options.Progress that keeps rewriting one line of
// a terminal of the given width, and one that wipes it. The caller knows
// whether w is a terminal; on anything else, leave Progress nil.
func Line(w io.Writer, width int) (show func(Progress), wipe func()) {
	show = func(p Progress) {
		text := ingest.OneLine(p.String())
		for width > 1 && utf8.RuneCountInString(text) >= width {
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		}
		_, _ = fmt.Fprintf(w, "\r\x1b[K%s", text)
	}
	return show, func() { _, _ = io.WriteString(w, "\r\x1b[K") }
}
