package dir

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// FuzzDecode: no bytes make decode panic, and what it accepts is exactly what
// encode writes for what it read.
func FuzzDecode(f *testing.F) {
	f.Add(encode(storetest.Example(1)))
	f.Add(encode(baseline.Run{}))
	f.Add([]byte("# regress-store: 1\n# regress-sum: \n"))
	f.Add([]byte("# regress-store: 3\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, id, err := decode(data)
		if err != nil {
			if !errors.Is(err, baseline.ErrDamaged) && !errors.Is(err, baseline.ErrNewerSchema) {
				t.Errorf("%v wraps no sentinel", err)
			}
			return
		}
		if again := encode(r); !bytes.Equal(again, data) || id != r.ID() {
			t.Errorf("read %q, written again %q", data, again)
		}
	})
}

// FuzzRoundTrip: a run that is valid is read as it was written.
func FuzzRoundTrip(f *testing.F) {
	f.Add("main", "BenchmarkA-2", 1.5, 3, int64(1), []byte("raw\n"))
	f.Add(" \"", "\n# regress-sum: 0\n", math.Copysign(0, -1), 1<<31-1, int64(-1<<40), []byte("\x00\xff"))
	f.Fuzz(func(t *testing.T, branch, name string, value float64, round int, second int64, raw []byte) {
		r := storetest.Example(1)
		r.Branch, r.Commit, r.Environment.CPU, r.Environment.Quota = branch, name, name, math.Abs(value)
		r.Environment.Cores, r.Raw, r.Time = round, raw, time.Unix(second, 0).UTC()
		r.Samples = []baseline.Sample{{Key: baseline.Key{Package: branch, Name: name}, Values: []float64{value, -value}, Rounds: []int{round, 1}}}
		if r.Validate() != nil {
			return
		}
		have, id, err := decode(encode(r))
		if err != nil || id != r.ID() || storetest.Diff(have, r) != "" {
			t.Errorf("%v, ID %s want %s, %s", err, id, r.ID(), storetest.Diff(have, r))
		}
	})
}

// Every cut and every altered byte of a file is an error, and none a panic or
// another run.
func TestEveryByteCounts(t *testing.T) {
	r := storetest.Example(1)
	r.Samples = r.Samples[:1]
	whole := encode(r)
	if _, _, err := decode(whole); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, at int, data []byte) {
		t.Helper()
		if _, _, err := decode(data); !errors.Is(err, baseline.ErrDamaged) && !errors.Is(err, baseline.ErrNewerSchema) {
			t.Fatalf("%s at %d of %d: have %v, want ErrDamaged", what, at, len(whole), err)
		}
	}
	for i := range whole {
		refused("cut", i, whole[:i])
		for _, bit := range []byte{1, 0x20, 0x80} {
			altered := bytes.Clone(whole)
			altered[i] ^= bit
			refused("altered", i, altered)
		}
	}
	refused("one more byte", len(whole), append(bytes.Clone(whole), '\n'))
	refused("line ends of Windows", 0, bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n")))
}

// No line that this package writes is longer than a reader of the benchmark
// format takes: bufio.MaxScanTokenSize is 64 KiB.
func TestLinesStayShort(t *testing.T) {
	r := storetest.Example(1)
	s := &r.Samples[0]
	s.Name, s.Values, s.Rounds = string(bytes.Repeat([]byte{1}, baseline.MaxName)), nil, nil // \u0001: six bytes each
	for range 5000 {
		s.Values = append(s.Values, -1.2345678901234567e-300) // 24 bytes, the longest
		s.Rounds = append(s.Rounds, baseline.MaxRound)
	}
	for line := range bytes.Lines(encode(r)) {
		if len(line) > 64<<10 {
			t.Errorf("a line of %d bytes: %.100s", len(line), line)
		}
	}
}
