package main

import (
	"context"
	"strings"
	"sync"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/cmd/regress/internal/measure"
)

// found is what counts instructions on this machine, or why nothing does.
type found struct {
	counter *count.Counter // nil: nothing counts
	trials  []count.Trial
}

// counting returns what counts instructions on this machine for a measurement. It is looked for
// while the benchmarks are built, which takes no less. The session closes it.
func (s *session) counting(ctx context.Context) measure.Counter {
	look := sync.OnceValue(func() (f found) {
		f.counter, f.trials = count.Find(ctx)
		return f
	})
	go look()
	s.counter = look
	return emulated{look}
}

// noteUncounted says once that nothing counts instructions here, and what would; judging, whether
// something was to be decided.
func (s *session) noteUncounted(judging bool) {
	if s.counter == nil || s.counter().counter != nil {
		return
	}
	var why, remedies []string
	for _, trial := range s.counter().trials {
		why = append(why, trial.Why)
		if trial.Remedy != "" {
			remedies = append(remedies, "; "+trial.Remedy)
		}
	}
	alone := "time alone is kept"
	if judging {
		alone = "time alone decides"
	}
	s.note("instructions are not counted, and %s: %s%s", alone, strings.Join(why, "; "), strings.Join(remedies, ""))
}

// emulated is a counter as package measure wants it.
type emulated struct{ look func() found }

// Name returns the name of the counter; empty where nothing counts.
func (e emulated) Name() string {
	if c := e.look().counter; c != nil {
		return c.Name()
	}
	return ""
}

// Probe returns what has one process of a binary counted.
func (e emulated) Probe(binary string) (measure.CountProbe, error) {
	probe, err := e.look().counter.Probe(binary)
	if err != nil {
		return nil, err
	}
	return emulatedProbe{probe}, nil
}

type emulatedProbe struct{ *count.Probe }

// Result returns what the process did while its timer ran, all iterations together.
func (p emulatedProbe) Result() (instructions, syscalls uint64, err error) {
	counted, err := p.Probe.Result()
	return counted.Instructions, counted.Syscalls, err
}
