package gate

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// arbitrary makes an input out of bytes: every field that a log can have,
// with values and rounds that no clean log has.
func arbitrary(data []byte) (Input, bool) {
	next := func() byte {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return b
	}
	odd := []float64{0, 1, 2, 1.02, 1.5, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-300}
	sides := []baseline.Side{baseline.Base, baseline.Head, baseline.None, baseline.Anchor}
	names := []string{"A", "A/x-2", "B", ""}
	kinds := []string{"sec/op", "B/s", "B/op", "things", "unknown"}
	key := func() baseline.Key {
		return baseline.Key{Package: "p", Name: names[next()%4], Unit: kinds[next()%5]}
	}
	in := Input{Log: baseline.Log{Units: units}, Policy: DefaultPolicy()}
	in.Log.Procedure = []baseline.Procedure{"", baseline.TwoStage}[next()%2]
	measured := false
	run := func(side baseline.Side) baseline.Run {
		r := baseline.Run{Side: side}
		r.Environment.CPU = []string{"x", "y"}[next()%8/7]
		for range next() % 6 {
			s := baseline.Sample{Key: key()}
			for i := range int(next() % 40) {
				b := next()
				v := odd[b%12]
				if b > 60 {
					v = 1 + float64(b)/1000
				}
				s.Values, s.Rounds = append(s.Values, v), append(s.Rounds, i+1-int(b%7/6))
				measured = true
			}
			r.Samples = append(r.Samples, s)
		}
		return r
	}
	for range next() % 5 {
		in.Log.Runs = append(in.Log.Runs, run(sides[next()%4]))
	}
	for range next() % 14 {
		in.Stored = append(in.Stored, run(baseline.None))
	}
	flags := next()
	if flags&1 > 0 {
		in.Log.Noise = map[baseline.Key]baseline.Noise{key(): {SD: odd[next()%12], Sessions: int(next() % 3)}}
	}
	if flags&2 > 0 {
		in.Log.Same = map[baseline.Key]string{{Package: "p", Name: names[next()%4]}: "same"}
		in.Log.SameAnchor = map[baseline.Key]string{{Package: "p", Name: names[next()%4]}: "same"}
		measured = true
	}
	if flags&4 > 0 {
		kinds := []baseline.ProblemKind{baseline.BrokenLine, baseline.Crashed}
		in.Log.Problems = []baseline.Problem{{Side: sides[next()%4], Package: "p", Name: names[next()%4], Kind: kinds[next()%2]}}
	}
	if flags&8 > 0 {
		in.Log.Functions = map[baseline.Side][]baseline.Function{sides[next()%4]: {{Package: "p", Name: "BenchmarkA"}}}
	}
	if flags&16 > 0 {
		in.Targets = []Target{{Name: "t", Unit: kinds[next()%5], Limit: odd[next()%12], Below: next()%2 > 0}}
	}
	if flags&32 > 0 {
		in.Waivers = []Waiver{{Series: regexp.MustCompile("A"), Ceiling: odd[next()%12]}}
	}
	if flags&64 > 0 {
		in.Policy = Policy{Alpha: odd[next()%12], MinEffect: odd[next()%12], Strict: next()%2 > 0, Rules: []Rule{{Tolerance: odd[next()%12], MinEffect: odd[next()%12]}}}
	}
	in.OnlyHead = flags&128 > 0
	return in, measured
}

// FuzzDecide: whatever a log holds, a decision comes out, the same each time,
// with no number that is not one, green only where something was measured, and
// with a reason wherever it is not green.
func FuzzDecide(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 0, 0, 1, 0, 0, 6, 70, 71, 72, 73, 74, 75, 1, 0, 1, 0, 0, 6, 90, 91, 92, 93, 94, 95})
	f.Add([]byte{0, 2, 0, 0, 1, 0, 0, 9, 70, 71, 72, 73, 74, 75, 76, 77, 78, 1, 0, 1, 0, 0, 9, 70, 71, 72, 73, 74, 75, 76, 77, 78, 0, 0})
	f.Add([]byte("\x01\x04 benchmark lines of four runs with everything in them, and targets, waivers, problems \xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, measured := arbitrary(data)
		d := Decide(in)
		if err := finite(reflect.ValueOf(d)); err != nil {
			t.Errorf("%v in %+v", err, d)
		}
		first, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if second, _ := json.Marshal(Decide(in)); string(first) != string(second) {
			t.Errorf("two decisions on one input:\n%s\n%s", first, second)
		}
		if d.Outcome == Pass && !measured {
			t.Errorf("passes on nothing: %+v", in)
		}
		if (d.Outcome == Pass) != (len(d.Reasons) == 0) {
			t.Errorf("%s for %+v", d.Outcome, d.Reasons)
		}
		for _, w := range Next(in) {
			if w.Rounds <= 0 || w.Rounds > 30 {
				t.Errorf("wants %+v", w)
			}
		}
	})
}

// finite looks at every number of a value.
func finite(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("number %v", x)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return finite(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if err := finite(v.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", v.Type().Field(i).Name, err)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := finite(v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
