package gate

import (
	"fmt"
	"slices"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// inShard returns n names of benchmarks of a shard.
func inShard(part, of, n int) (names []string) {
	for i := 0; len(names) < n; i++ {
		name := fmt.Sprintf("X%d", i)
		if (baseline.Shards{Of: of}).Part(sec(name).Function()) == part {
			names = append(names, name)
		}
	}
	return names
}

// TestShardsShareTheBudget: twelve pairs that are all slower have p = 1/4096 at the first look,
// over its share .2 of the budget .00122. Alone, or as one of five shards (.01/5 = .002), that is
// red; as one of ten (.001) it is not, and four pairs more are asked for.
func TestShardsShareTheBudget(t *testing.T) {
	for of, rounds := range map[int]int{0: 8 + 12, 5: 8 + 12, 10: 8 + 16} {
		name := "X"
		shards := baseline.Shards{Of: of}
		if of > 0 {
			name = inShard(2, of, 1)[0]
			shards.Have = []int{2}
		}
		l := newPairedLab(3, subject{name: name, sd: .002, slower: .2})
		l.log.Counter, l.log.Shards = "", shards
		d := l.run(t)
		if have := len(l.rounds(name)); have != rounds || d.Counts[Regressed] != 1 {
			t.Errorf("of %d shards: %d rounds, want %d: %v", of, have, rounds, d.Counts)
		}
	}
}

// TestShardsDecideAlike: what each shard decided for itself is what all logs together say, and
// nothing more is asked for, however unevenly what is doubtful is spread: as one family of thirteen
// (.005/13 = .00038) the slow one of the first shard would not be red after twelve pairs, beside
// the twelve of the second that are too noisy.
func TestShardsDecideAlike(t *testing.T) {
	var merged *pairedLab
	alone := map[baseline.Key]Verdict{}
	for part := 1; part <= 2; part++ {
		var all []subject
		for i, name := range inShard(part, 2, 15) {
			s := subject{name: name, sd: .002}
			switch {
			case part == 1 && i == 0:
				s.slower = .2
			case part == 2 && i < 12:
				s.sd = .5
			}
			all = append(all, s)
		}
		l := newPairedLab(uint64(part), all...)
		l.log.Counter, l.log.Shards = "", baseline.Shards{Of: 2, Have: []int{part}}
		d := l.run(t)
		for _, row := range d.Rows {
			alone[row.Key()] = row.Verdict
		}
		if d.Counts[Regressed] != 2-part || d.Counts[Inconclusive] != []int{0, 12}[part-1] {
			t.Errorf("shard %d: %v", part, d.Counts)
		}
		if merged == nil {
			merged = l
			continue
		}
		for side, run := range l.runs {
			merged.runs[side].Samples = append(merged.runs[side].Samples, run.Samples...)
			slices.SortFunc(merged.runs[side].Samples, func(a, b baseline.Sample) int { return a.Compare(b.Key) })
		}
		merged.log.Shards = merged.log.Shards.Join(l.log.Shards)
	}
	d := Decide(merged.input())
	for _, row := range d.Rows {
		if row.Verdict != alone[row.Key()] {
			t.Errorf("%s is %s in its shard and %s in all", row.Name, alone[row.Key()], row.Verdict)
		}
	}
	if next := Next(merged.input()); len(next) > 0 || len(d.Rows) != 30 || d.Outcome != Fail {
		t.Errorf("%d rows, %s, and %v are asked for", len(d.Rows), d.Outcome, next)
	}
}

// TestMissingShard: what nobody measured is no pass.
func TestMissingShard(t *testing.T) {
	l := newPairedLab(5, subject{name: inShard(1, 3, 1)[0], sd: .002})
	l.log.Shards = baseline.Shards{Of: 3, Have: []int{1}}
	d := l.run(t)
	if d.Outcome != Undecided || len(d.Reasons) != 1 || d.Reasons[0].Code != ShardsMissing || !slices.Equal(d.Reasons[0].Shards, []int{2, 3}) || d.Reasons[0].Of != 3 {
		t.Errorf("%s: %+v", d.Outcome, d.Reasons)
	}
	l.log.Shards.Have = []int{1, 2, 3}
	if d := Decide(l.input()); d.Outcome != Pass {
		t.Errorf("with all shards: %s, %+v", d.Outcome, d.Reasons)
	}
}

// TestShardsCrashApart: what dies in one shard takes nothing of the budget of another.
func TestShardsCrashApart(t *testing.T) {
	one, two := inShard(1, 2, 1)[0], inShard(2, 2, 1)[0]
	in := Input{Policy: DefaultPolicy(), Log: baseline.Log{Shards: baseline.Shards{Of: 2, Have: []int{1, 2}}, Problems: []baseline.Problem{
		{Package: "p", Name: one, Side: baseline.Head, Kind: baseline.NoResult},
	}}}
	f := newFacts(in)
	families := f.families([]*series{{key: sec(one)}, {key: sec(two)}})
	if len(families) != 2 || families[0].alpha != .0025 || families[1].alpha != .005 {
		t.Errorf("%+v", families)
	}
	if level := f.crashLevel(sec(one)); level != .0025 {
		t.Errorf("crashes are held against %v", level)
	}
}
