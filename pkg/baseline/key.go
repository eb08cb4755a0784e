package baseline

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Compare orders keys by package, name and unit.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		strings.Compare(k.Package, other.Package),
		strings.Compare(k.Name, other.Name),
		strings.Compare(k.Unit, other.Unit),
	)
}

// Benchmark returns the key of the whole benchmark: the same without a unit.
func (k Key) Benchmark() Key { return Key{Package: k.Package, Name: k.Name} }

// Function returns the benchmark function that prints the series:
// "BenchmarkPingPong" for "PingPong/size=64B-2" and for "PingPong-2". No name of
// a function has a dash, so digits behind one in front of the first slash are the
// -procs suffix.
func (k Key) Function() Function {
	name, _, _ := strings.Cut(k.Name, "/")
	if bare, n := SplitProcs(name); n > 0 {
		name = bare
	}
	return Function{Package: k.Package, Name: "Benchmark" + name}
}

// Path returns package and name joined as patterns of regress.toml see them:
// "github.com/x/y/bench.PingPong/size=64B-2".
func (k Key) Path() string { return k.Package + "." + k.Name }

// String returns the series as patterns of waivers see it: Path, a space and the unit.
func (k Key) String() string { return k.Path() + " " + k.Unit }

// SplitProcs takes the digits behind the last dash off a name: "A/b-2" becomes
// "A/b" and 2. n is 0, and bare the whole name, where there are none, or where
// testing would not have printed them so: 1 and leading zeros. Whether they are
// the -procs suffix or the end of the name itself is for a Procs to say.
func SplitProcs(name string) (bare string, n int) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 || i+1 == len(name) || name[i+1] == '0' || strings.Trim(name[i+1:], "0123456789") != "" {
		return name, 0
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil || n < 2 {
		return name, 0
	}
	return name[:i], n
}

// Procs are the values of GOMAXPROCS that the benchmarks of a log ran with, as
// their names tell: sorted, each once. testing adds "-N" to a name, and nothing
// where N is 1, so a name that ends in digits of its own cannot be told from one
// with a suffix; the names of a whole run can. Nil: unknown, and any digits count
// as the suffix.
type Procs []int

// ProcsOf returns the values of GOMAXPROCS of one run from the names of its
// benchmarks. No function has a dash in its name, so a benchmark without
// sub-benchmarks tells one for certain. Besides, a run has every benchmark once
// for each value: a number that few benchmarks end in belongs to the names, and so do
// several at the end of one name that is all there is.
func ProcsOf(names []string) Procs {
	ends := map[int]bool{} // what names end in; 0: in no number
	for _, name := range names {
		_, n := SplitProcs(name)
		ends[n] = true
	}
	if len(ends) == 1 {
		for n := range ends {
			return Procs{max(n, 1)}
		}
	}
	seen, bare, with := make(map[string]bool, len(names)), map[string]bool{}, make(map[string]bool, len(names))
	certain := map[int]bool{} // or not yet
	for _, name := range names {
		seen[name] = true
		base, n := SplitProcs(name)
		if n == 0 {
			bare[name] = true
			continue
		}
		with[base] = true
		certain[n] = certain[n] || !strings.Contains(base, "/")
	}
	out := Procs{}
	switch {
	case len(bare) > 0:
		out, with = Procs{1}, bare
	case len(with) == 1 && len(certain) > 1 && !slices.Contains(slices.Collect(maps.Values(certain)), true):
		return Procs{1}
	}
	var name []byte
	for n, sure := range certain {
		have := 0
		for base := range with {
			name = strconv.AppendInt(append(append(name[:0], base...), '-'), int64(n), 10)
			if seen[string(name)] {
				have++
			}
		}
		if sure || 2*have > len(with) {
			out = append(out, n)
		}
	}
	if len(out) == 0 && len(names) > 0 {
		out = Procs{1}
	}
	slices.Sort(out)
	return out
}

// Join returns the values of both; nil where one of them is unknown.
func (p Procs) Join(more Procs) Procs {
	if p == nil || more == nil {
		return nil
	}
	all := slices.Concat(p, more)
	slices.Sort(all)
	return slices.Compact(all)
}

// Split takes the -procs suffix off a name: "A/b-2" becomes "A/b" and 2, and a
// name without one itself and 1.
func (p Procs) Split(name string) (bare string, n int) {
	bare, n = SplitProcs(name)
	if n == 0 || p != nil && !slices.Contains(p, n) {
		return name, 1
	}
	return bare, n
}

// ProcsKey is the key under which a Name has its -procs suffix, as in the
// projections of benchstat.
const ProcsKey = "gomaxprocs"

// Name is the name of a benchmark taken apart: "PingPong/transport=shm/size=64B-2".
type Name struct {
	Function string // "PingPong"
	Parts    []Part // in order; the last is the -procs suffix, which is 1 where go test prints none
}

// Part is one "key=value" of a name; "/value" alone has no Key.
type Part struct {
	Key   string `json:"key,omitempty"`
	Value string `json:"value"`
}

// Parse takes a name as in Key.Name apart.
func (p Procs) Parse(name string) Name {
	name, procs := p.Split(name)
	function, rest, more := strings.Cut(name, "/")
	n := Name{Function: function}
	for more {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		key, value, keyed := strings.Cut(part, "=")
		if !keyed || key == "" {
			key, value = "", part
		}
		n.Parts = append(n.Parts, Part{key, value})
	}
	n.Parts = append(n.Parts, Part{ProcsKey, strconv.Itoa(procs)})
	return n
}

// Value returns that of the first part with a key; false when there is none.
func (n Name) Value(key string) (string, bool) {
	for _, p := range n.Parts {
		if p.Key == key && key != "" {
			return p.Value, true
		}
	}
	return "", false
}

// Without returns what names have in common that differ in the value of key alone.
func (n Name) Without(key string) string {
	var b strings.Builder
	b.WriteString(n.Function)
	found := false
	for _, p := range n.Parts {
		b.WriteString("/" + p.Key + "=")
		if p.Key == key && !found {
			found = true
			b.WriteString("/*") // no value has a slash
			continue
		}
		b.WriteString(p.Value)
	}
	return b.String()
}
