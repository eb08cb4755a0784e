package baseline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
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

// Benchmark is the key of the whole benchmark: the same without a unit.
func (k Key) Benchmark() Key { return Key{Package: k.Package, Name: k.Name} }

// Function is the benchmark function that prints the series, "BenchmarkPingPong".
func (k Key) Function() Function {
	name, _, _ := strings.Cut(k.Name, "/")
	if i := strings.LastIndexByte(name, '-'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	return Function{Package: k.Package, Name: "Benchmark" + name}
}

// ID identifies a run by its content: project, side, commit, fingerprint and raw text.
// 24 hexadecimal digits.
func (r Run) ID() string {
	h := sha256.New()
	for _, part := range []string{r.Project, string(r.Side), r.Commit, r.Branch, r.Environment.Fingerprint()} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(r.Raw)
	return hex.EncodeToString(h.Sum(nil)[:12])
}
