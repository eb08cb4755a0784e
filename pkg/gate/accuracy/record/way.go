package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/gate/stat"
)

// way is a way to measure a process.
type way struct {
	repetitions int
	each        time.Duration
	pinned      bool // to one processor
}

func (w way) String() string {
	where := "any"
	if w.pinned {
		where = "one"
	}
	return fmt.Sprintf("%dx%v:%s", w.repetitions, w.each, where)
}

var wayText = regexp.MustCompile(`^(\d+)x([^:]+):(one|any)$`)

// most bounds the time of a way, so that a process is not ended for being slow.
const most = 5 * time.Second

// parseWays reads a list of ways: 1x30ms:any,40x500us:one.
func parseWays(list string) (ways []way, err error) {
	for text := range strings.SplitSeq(list, ",") {
		m := wayText.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("%q is no way to measure: want REPETITIONSxLENGTH:one or :any, such as 10x3ms:one", text)
		}
		w := way{pinned: m[3] == "one"}
		w.repetitions, err = strconv.Atoi(m[1])
		if err == nil {
			w.each, err = time.ParseDuration(m[2])
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		if w.repetitions < 1 || w.each <= 0 || w.each > most/time.Duration(w.repetitions) {
			return nil, fmt.Errorf("%q: want a repetition or more, of more than no time, and %v in all at most", text, most)
		}
		if slices.Contains(ways, w) {
			return nil, fmt.Errorf("%q stands there twice", text)
		}
		ways = append(ways, w)
	}
	return ways, nil
}

// args are the arguments of a test binary that measures a benchmark, by its time of an operation,
// in this way.
func (w way) args(ns float64) []string {
	length := w.each.String()
	if w.repetitions > 1 {
		length = fmt.Sprintf("%dx", iterations(w.each, ns))
	}
	return []string{"-test.benchtime=" + length, "-test.count=" + strconv.Itoa(w.repetitions)}
}

// iterations fill a time: one at least.
func iterations(length time.Duration, ns float64) int { return max(1, int(float64(length)/ns)) }

// statistics are what may be made of the repetitions of a process, which come in ascending order.
var statistics = []struct {
	name string
	of   func([]float64) float64
}{
	{"mean", mean},
	{"median", func(x []float64) float64 { return stat.Quantile(x, .5) }},
	{"20 %", func(x []float64) float64 { return stat.Quantile(x, .2) }},
	{"10 %", func(x []float64) float64 { return stat.Quantile(x, .1) }},
	{"second lowest", func(x []float64) float64 { return x[min(1, len(x)-1)] }},
	{"lowest", func(x []float64) float64 { return x[0] }},
}

func mean(x []float64) float64 {
	sum := 0.
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// low is the value of a process in a recording.
func low(x []float64) float64 {
	if len(x) >= 20 {
		return x[1]
	}
	return x[0]
}
