package baseline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

func TestShards(t *testing.T) {
	for _, text := range []string{"1/1", "2/5", "1+3/5"} {
		s, err := baseline.ParseShards(text)
		if err != nil || s.String() != text {
			t.Errorf("%s is read as %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "2", "0/5", "6/5", "-1/5", "2/0", "2/5/6", "a/b", "1+1/5", "2/1001", "1/9999999999999999999"} {
		if s, err := baseline.ParseShards(text); err == nil {
			t.Errorf("%q is taken for %v", text, s)
		}
	}
	one, _ := baseline.ParseShards("2/5")
	two, _ := baseline.ParseShards("4/5")
	if both := one.Join(two); both.String() != "2+4/5" || !slices.Equal(both.Missing(), []int{1, 3, 5}) {
		t.Errorf("2/5 and 4/5 are %v, without %v", both, both.Missing())
	}
	if len((baseline.Shards{}).Missing()) > 0 || !(baseline.Shards{}).Has(baseline.Function{}) {
		t.Error("what was not divided lacks something")
	}
}

// Every function is in one shard, and none has nearly all: of 1,000 names in 10 shards the largest
// has 100 in the mean, and by chance above 140 once in 20,000 draws.
func TestShardsDivideEvenly(t *testing.T) {
	all := baseline.Shards{Of: 10}
	sizes := make([]int, 11)
	for i := range 1000 {
		sizes[all.Part(baseline.Function{Package: "example.com/p", Name: fmt.Sprintf("BenchmarkX%d", i)})]++
	}
	if sizes[0] != 0 || slices.Max(sizes) > 140 || slices.Min(sizes[1:]) < 60 {
		t.Errorf("sizes of the shards: %v", sizes[1:])
	}
	// Stored logs hang on the assignment: it stays what it is.
	if part := (baseline.Shards{Of: 7}).Part(baseline.Function{Package: "p", Name: "BenchmarkX"}); part != 3 {
		t.Errorf("p.BenchmarkX is in shard %d of 7", part)
	}
}
