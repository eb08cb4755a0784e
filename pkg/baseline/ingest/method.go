package ingest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// Method is how every process of a benchmark is run, on all sides alike.
type Method struct {
	Iterations int  // of one repetition; 0: as the flags of the suite say
	Slices     int  // repetitions that a process prints, from 1
	One        bool // on one processor, in place of any
	Counted    int  // iterations of a process whose instructions are counted; 0: they are not
}

// The words of Method.One.
const (
	cpuOne = "one"
	cpuAny = "any"
)

// Mark returns the mark of how a benchmark is run.
func (m Method) Mark(key baseline.Key) string {
	cpu := cpuAny
	if m.One {
		cpu = cpuOne
	}
	return MarkMethod.text(word(key.Package), word(key.Name),
		fmt.Sprintf("iterations=%d slices=%d cpu=%s counted=%d", m.Iterations, m.Slices, cpu, m.Counted))
}

// ReadMethod reads what stands behind the colon of a mark that Mark has written; false: it is not
// of that form.
func ReadMethod(rest string) (key baseline.Key, m Method, ok bool) {
	f := strings.Fields(rest)
	if len(f) < 3 {
		return key, m, false
	}
	for _, pair := range f[2:] {
		name, text, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(text)
		switch name {
		case "iterations":
			m.Iterations = n
		case "slices":
			m.Slices = n
		case "counted":
			m.Counted = n
		case "cpu":
			m.One, n, err = text == cpuOne, 0, nil
			if text != cpuOne && text != cpuAny {
				return key, m, false
			}
		}
		if err != nil || n < 0 {
			return key, m, false
		}
	}
	return baseline.Key{Package: undash(f[0]), Name: undash(f[1])}, m, m.Slices > 0
}
