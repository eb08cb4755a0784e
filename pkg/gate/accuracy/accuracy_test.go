package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

func load(t testing.TB) map[string]source {
	t.Helper()
	all, err := sources("")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]source{}
	for _, s := range all {
		out[s.name] = s
	}
	return out
}

func procedureOf(s source) baseline.Procedure {
	if s.paired {
		return baseline.Paired
	}
	return baseline.TwoStage
}

// each1 plays n pull requests.
func each1(n int, play func(i int) trial, tally func(trial)) {
	each([]rule{{pulls: n}}, func(i int) []trial { return []trial{play(i)} }, func(_ int, t trial) { tally(t) })
}

// wholeLog judges a pull request the way regress does: every question is about
// the whole log.
func wholeLog(p pull, policy gate.Policy, by baseline.Procedure, history float64) (v verdict, most int) {
	in, measured := start(p, policy, by, history)
	for {
		in.Log.Runs = logOf(p.streams, measured)
		next := gate.Next(in)
		if len(next) == 0 {
			break
		}
		for _, w := range next {
			measured[baseline.Key{Package: w.Package, Name: w.Name}] += w.Rounds
		}
	}
	for _, n := range measured {
		most = max(most, n)
	}
	d := gate.Decide(in)
	for _, r := range d.Rows {
		if r.Verdict == gate.Regressed {
			v.red = append(v.red, slices.IndexFunc(p.streams, func(s stream) bool { return s.key == r.Key() }))
		}
	}
	slices.Sort(v.red)
	v.improved, v.runs = d.Counts[gate.Improved], d.Rounds
	return v, most
}

// TestShortcuts: leaving out what passed, and letting quiet series stand in for
// the survivors of an unchanged pull request, changes no answer.
func TestShortcuts(t *testing.T) {
	policy := gate.DefaultPolicy()
	for name, src := range load(t) {
		longest, drawn := 0, 0
		for i := range 5 {
			rng := rand.New(rand.NewPCG(7, uint64(i)))
			p := src.draw(rng, 60)
			have := staged(p, policy, procedureOf(src), 3)
			want, most := wholeLog(p, policy, procedureOf(src), 3)
			if !slices.Equal(have.red, want.red) || have.improved != want.improved || math.Abs(have.runs-want.runs) > 1e-4 {
				t.Errorf("%s: have %+v, want %+v", name, have, want)
			}
			victim := p.victim(rng)
			slow := p.streams[victim].slower(1.07)
			caught := have.catches(victim, slow)
			p.streams[victim] = slow
			if want, _ := wholeLog(p, policy, procedureOf(src), 3); slices.Contains(want.red, victim) != caught {
				t.Errorf("%s: caught beside stand-ins: %v, in the whole suite: %v", name, caught, want)
			}
			longest, drawn = max(longest, most), len(p.streams[0].base)
		}
		if longest > drawn || strings.HasPrefix(name, "harsh") && longest < drawn {
			t.Errorf("%s: the gate asks for %d rounds, and %d are drawn", name, longest, drawn)
		}
	}
}

// TestFalseAlarms keeps the budget. So few pull requests could not tell 1 % from
// 3 %, so the budget is 20 %, Δ is small against the noise, and the past says a third of it:
// then nearly every benchmark is confirmed, and shares that sum to more
// than 1, or a test on the screen's own rounds, show. Looks hang together, so that
// Bonferroni spends half: 45 to 66 of 500 today, and 77 to 120 with shares that sum to 2.
func TestFalseAlarms(t *testing.T) {
	all := load(t)
	const pulls, most = 500, 70
	for _, name := range []string{"dedicated", "cloud", "harsh", "harsh, in pairs", "shared machine", "beside four busy processes"} {
		var red, improved share
		each1(pulls, func(i int) trial {
			p := all[name].draw(rand.New(rand.NewPCG(11, uint64(i))), 25)
			return trial{verdict: staged(p, gate.Policy{Alpha: .2, MinEffect: .002}, procedureOf(all[name]), 3)}
		}, func(v trial) {
			red.add(len(v.red) > 0)
			improved.add(v.improved > 0)
		})
		t.Logf("%s: false alarm %v, false improvement %v", name, red, improved)
		if red.hits > most || improved.hits > most {
			t.Errorf("%s: %v false alarms and %v false improvements a pull request, allowed are %d of %d", name, red, improved, most, pulls)
		}
	}
}

// TestPower keeps what is caught and what it costs, at the real settings. The
// draws are the same each time, so that the bounds are as tight as the figures:
// what they are today, less one draw of 500.
func TestPower(t *testing.T) {
	all := load(t)
	check := func(name string, effect, history, power, runs float64) {
		t.Helper()
		const pulls, m, victims = 20, 100, 25
		caught, cost := 0., 0.
		each1(pulls, func(i int) trial {
			rng := rand.New(rand.NewPCG(12, uint64(i)))
			p := all[name].draw(rng, m)
			v := staged(p, gate.Policy{MinEffect: effect}, procedureOf(all[name]), history)
			v.red = nil
			for range victims {
				if victim := p.victim(rng); v.catches(victim, p.streams[victim].slower(1+effect)) {
					v.red = append(v.red, victim)
				}
			}
			v.catches = nil
			return trial{verdict: v}
		}, func(v trial) {
			caught += float64(len(v.red)) / (pulls * victims)
			cost += v.runs / pulls
		})
		t.Logf("%s, Δ %v: power %.3f, %.2f runs a side", name, effect, caught, cost)
		if caught < power {
			t.Errorf("%s: %.3f of the slowdowns by %v caught, want %v", name, caught, effect, power)
		}
		if cost > runs {
			t.Errorf("%s: %.2f runs a side on unchanged code at Δ = %v, want at most %v", name, cost, effect, runs)
		}
	}
	check("dedicated", .05, 1, .978, 3.35)
	check("dedicated", .03, 1, .958, 4.8)
	check("dedicated", .03, 5, .95, 4.6)
	check("cloud", .05, 1, .974, 2.85)
	check("harsh", .05, 1, .84, 9)
	check("dedicated, in pairs", .05, 1, .97, 5.6)
	check("cloud, in pairs", .05, 1, .96, 4.9)
	check("harsh, in pairs", .05, 1, .846, 11)
	check("shared machine", .05, 1, .814, 10.8)
	check("beside four busy processes", .05, 1, .674, 11.2)
}

// TestPeers: the rules of other tools do on clear cases what they say.
func TestPeers(t *testing.T) {
	p := load(t)["dedicated"].draw(rand.New(rand.NewPCG(1, 1)), 20)
	victim := p.victim(rand.New(rand.NewPCG(2, 2)))
	slow := p.streams[victim].slower(2.5)
	for _, r := range peers(1) {
		before := r.judge(p)
		if !before.catches(victim, slow) {
			t.Errorf("%s does not see 2.5 times the time", r.name)
		}
		q := pull{streams: slices.Clone(p.streams), noise: p.noise}
		q.streams[victim] = slow
		if v := r.judge(q); !slices.Contains(v.red, victim) {
			t.Errorf("%s sees 2.5 times the time alone, and not in its pull request", r.name)
		}
	}
}
