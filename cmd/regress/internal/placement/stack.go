package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/google/pprof/profile"
)

// Kind says what a profile counts.
type Kind string

// The kinds of profiles.
const (
	CPU     Kind = "cpu"           // nanoseconds
	Space   Kind = "alloc_space"   // bytes
	Objects Kind = "alloc_objects" // allocations
	Work    Kind = "instructions"  // counted one and all, on a Pair's stacks
)

// frame is one call, inlined ones included.
type frame struct {
	function string
	file     string
	line     int
}

// stack is one sample: the leaf first.
type stack struct {
	frames []frame
	value  float64
}

// samples are one side.
type samples struct {
	stacks []stack
	total  float64
	period float64          // what a single event weighs; 0: all are counted, and nothing is chance
	calls  map[call]float64 // how often; nil: not known
}

// call is one function calling another one, by their names; from is empty for all callers together.
type call struct{ from, to string }

// read reads a profile in the format of pprof.
func read(data []byte, kind Kind) (samples, error) {
	p, err := profile.ParseData(data)
	if err != nil {
		return samples{}, fmt.Errorf("read a profile: %w", err)
	}
	at := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == string(kind) })
	if at < 0 {
		return samples{}, fmt.Errorf("read a profile: it has no %s", kind)
	}
	var out samples
	if kind == CPU {
		out.period = float64(p.Period)
	}
	for _, s := range p.Sample {
		one := stack{value: float64(s.Value[at])}
		if one.value <= 0 {
			continue
		}
		for _, l := range s.Location {
			for _, line := range l.Line { // an inlined function comes before the one that it is in
				if line.Function != nil {
					one.frames = append(one.frames, frame{line.Function.Name, line.Function.Filename, int(line.Line)})
				}
			}
		}
		out.total += one.value
		out.stacks = append(out.stacks, one)
	}
	return out, nil
}

// counted returns one side of which everything was counted.
func counted(p count.Profile) samples {
	out := samples{calls: map[call]float64{}}
	for _, c := range p.Calls {
		out.calls[call{c.From, c.To}] += float64(c.Calls)
		out.calls[call{to: c.To}] += float64(c.Calls)
	}
	for _, s := range p.Stacks {
		one := stack{value: float64(s.Instructions)}
		for _, f := range s.Frames {
			one.frames = append(one.frames, frame{f.Function, f.File, f.Line})
		}
		out.total += one.value
		out.stacks = append(out.stacks, one)
	}
	return out
}

// Grown is a function that costs more in the head.
type Grown struct {
	Function string
	PerOp    float64 // growth in the unit of the Kind, per iteration
}

// mostGrown is how many functions are named.
const mostGrown = 3

// grown lists the functions that grew most, each with the runtime that it calls:
// "mallocgc" would tell nobody anything.
func grown(base, head samples, iterations int) []Grown {
	growth := map[string]float64{}
	for _, s := range head.stacks {
		growth[s.owner()] += s.value
	}
	for _, s := range base.stacks {
		growth[s.owner()] -= s.value
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(growth)), func(name string) bool {
		return name == "" || growth[name] <= 2*head.period || growth[name] < (head.total-base.total)/50 // chance, or nothing
	})
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(growth[b], growth[a]), strings.Compare(a, b)) })
	var out []Grown
	for _, name := range names[:min(mostGrown, len(names))] {
		out = append(out, Grown{name, growth[name] / float64(max(iterations, 1))})
	}
	return out
}

// owner is the function that a sample is charged to: the first outside the
// runtime. The collector and the scheduler have none above them and go by their
// own entry.
func (s stack) owner() string {
	for _, f := range s.frames {
		if !internal(f.function) {
			return f.function
		}
	}
	if n := len(s.frames); n > 0 {
		return s.frames[n-1].function
	}
	return ""
}

// internal reports whether a function is of the runtime.
func internal(function string) bool {
	for _, prefix := range []string{"runtime.", "internal/runtime/", "internal/abi.", "internal/bytealg.", "runtime/internal/", "internal/race."} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return !strings.ContainsAny(function, "./") // assembly: memmove, aeshashbody
}
