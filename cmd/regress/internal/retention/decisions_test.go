package retention

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Of ten decisions, one a day, the newest of each branch compared with stay, and young ones.
func TestDecisions(t *testing.T) {
	var all []Decided
	for i := range 10 {
		all = append(all, Decided{ID: fmt.Sprint(i), Against: "main", Time: start.AddDate(0, 0, i)})
	}
	all[0].Against, all[1].Against = "release", "release"
	check := func(policy Policy, newest, young int, want ...string) {
		t.Helper()
		mixed := slices.Clone(all)
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		forget, kept := Decisions(policy, mixed)
		var have []string
		for _, d := range forget {
			have = append(have, d.ID)
		}
		if !slices.Equal(have, want) || kept[Newest] != newest || kept[Young] != young {
			t.Errorf("%+v: forgets %v, keeps %v; want %v, %d newest and %d young", policy, have, kept, want, newest, young)
		}
	}
	check(Policy{Keep: 8}, 10, 0)
	check(Policy{Keep: 1}, 2, 0, "0", "2", "3", "4", "5", "6", "7", "8")
	check(Policy{Keep: 1, Before: start.AddDate(0, 0, 5)}, 2, 4, "0", "2", "3", "4") // 5 was then
	check(Policy{Keep: 0}, 0, 0, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	check(Policy{Keep: 0, Before: start.Add(-time.Second)}, 0, 10)
}
