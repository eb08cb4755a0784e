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

// Function is the benchmark function that prints the series: "BenchmarkPingPong"
// for "PingPong/size=64B-2" and for "PingPong-2". No name of a function has a
// dash, so what follows one in front of the first slash is the -procs suffix.
func (k Key) Function() Function {
	name, _, _ := strings.Cut(k.Name, "/")
	if i := strings.LastIndexByte(name, '-'); i >= 0 && i+1 < len(name) && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	return Function{Package: k.Package, Name: "Benchmark" + name}
}

// ID identifies a run by its content: project, side, commit, branch, fingerprint
// and raw text. 24 hexadecimal digits. Nothing in front of the text has a zero
// byte in a run that Validate accepts, so different contents are hashed differently.
func (r Run) ID() string {
	h := sha256.New()
	for _, part := range []string{r.Project, string(r.Side), r.Commit, r.Branch, r.Environment.Fingerprint()} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(r.Raw)
	return hex.EncodeToString(h.Sum(nil)[:12])
}
