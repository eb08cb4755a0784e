package main

import (
	"context"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/cmd/regress/internal/measure"
)

// counting returns what counts instructions on this machine for a measurement; nil: nothing does,
// and why was said. The session closes it.
func (s *session) counting(ctx context.Context) measure.Counter {
	counter, trials := count.Find(ctx)
	if counter != nil {
		s.counter = counter
		return emulated{counter}
	}
	var why, remedies []string
	for _, trial := range trials {
		why = append(why, trial.Why)
		if trial.Remedy != "" {
			remedies = append(remedies, "; "+trial.Remedy)
		}
	}
	s.note("instructions are not counted, and time alone decides: %s%s", strings.Join(why, "; "), strings.Join(remedies, ""))
	return nil
}

// emulated is a counter as package measure wants it.
type emulated struct{ *count.Counter }

// Probe returns what has one process of a binary counted.
func (e emulated) Probe(binary string) (measure.CountProbe, error) {
	probe, err := e.Counter.Probe(binary)
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
