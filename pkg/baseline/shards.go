package baseline

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// MostShards is the largest number of shards that a measurement can be divided into.
const MostShards = 1000

// Shards says which parts of a suite a log has, where the benchmark functions of one measurement
// were divided among several jobs. The zero value is of a measurement that was not.
type Shards struct {
	Of   int   // how many there are; 0: it was not divided
	Have []int // those that the log has, from 1, sorted
}

// ParseShards reads a text such as "2/5", the second of five shards, or "1+3/5", the first and the
// third.
func ParseShards(text string) (Shards, error) {
	have, of, _ := strings.Cut(text, "/")
	var s Shards
	var err error
	if s.Of, err = strconv.Atoi(of); err == nil && s.Of >= 1 && s.Of <= MostShards {
		for word := range strings.SplitSeq(have, "+") {
			n, bad := strconv.Atoi(word)
			if bad != nil || n < 1 || n > s.Of || slices.Contains(s.Have, n) {
				return Shards{}, fmt.Errorf("%q is no shard: write one such as 2/5, from 1/5 to 5/5", text)
			}
			s.Have = append(s.Have, n)
		}
		slices.Sort(s.Have)
		return s, nil
	}
	return Shards{}, fmt.Errorf("%q is no shard: write one such as 2/5, of at most %d", text, MostShards)
}

// String returns the text that ParseShards reads; empty where nothing was divided.
func (s Shards) String() string {
	if s.Of == 0 {
		return ""
	}
	words := make([]string, len(s.Have))
	for i, n := range s.Have {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, "+") + "/" + strconv.Itoa(s.Of)
}

// Join returns the shards of two logs of one measurement.
func (s Shards) Join(more Shards) Shards {
	out := Shards{Of: max(s.Of, more.Of), Have: slices.Concat(s.Have, more.Have)}
	slices.Sort(out.Have)
	out.Have = slices.Compact(out.Have)
	return out
}

// Missing returns the shards that the log does not have, sorted.
func (s Shards) Missing() (out []int) {
	for n := 1; n <= s.Of; n++ {
		if !slices.Contains(s.Have, n) {
			out = append(out, n)
		}
	}
	return out
}

// Has reports whether a function is of a shard that the log has.
func (s Shards) Has(f Function) bool { return s.Of == 0 || slices.Contains(s.Have, s.Part(f)) }

// Part returns the shard that a function belongs to, from 1; 0 where nothing was divided. It hangs
// on the names alone, so that every job, machine and commit divides in the same way.
func (s Shards) Part(f Function) int {
	if s.Of == 0 {
		return 0
	}
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, f.Package+"."+f.Name)
	mixed := sum.Sum64()
	mixed ^= mixed >> 32 // names that differ in their last letter differ in few bits below
	return int(mixed%uint64(s.Of)) + 1
}
