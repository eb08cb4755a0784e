package main

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/descartes/regress/pkg/gate"
)

func load(t testing.TB) map[string]source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]source{}
	for _, s := range all {
		out[s.name] = s
	}
	return out
}

// TestShortcut: leaving passed benchmarks out of the questions changes no answer.
func TestShortcut(t *testing.T) {
	for name, src := range load(t) {
		for i := range 4 {
			p := src.draw(rand.New(rand.NewPCG(7, uint64(i))), 60)
			p.slow(0, 1.07)
			if short, whole := twoStage(p, gate.DefaultPolicy(), 3, false), twoStage(p, gate.DefaultPolicy(), 3, true); !reflect.DeepEqual(short, whole) {
				t.Errorf("%s: have %+v, want %+v", name, short, whole)
			}
		}
	}
}

// TestFalseAlarms keeps the budget. So few pull requests could not tell 1 % from
// 3 %, so the budget is 20 %, Δ is small against the noise, and the past says a third of it:
// then nearly every benchmark is confirmed, and shares that sum to more
// than 1, or a test on the screen's own rounds, show. Standard error of .2 among 200: .028.
func TestFalseAlarms(t *testing.T) {
	all := load(t)
	for _, name := range []string{"dedicated", "cloud", "harsh"} {
		red, improved := 0., 0.
		const pulls = 200
		for _, v := range each1(pulls, func(i int) verdict {
			p := all[name].draw(rand.New(rand.NewPCG(11, uint64(i))), 25)
			return twoStage(p, gate.Policy{Alpha: .2, MinEffect: .002}, 3, false)
		}) {
			if len(v.red) > 0 {
				red += 1. / pulls
			}
			if v.improved > 0 {
				improved += 1. / pulls
			}
		}
		t.Logf("%s: false alarm %.3f, false improvement %.3f", name, red, improved)
		if red > .2+2*.028 || improved > .2+2*.028 {
			t.Errorf("%s: %.3f false alarms and %.3f false improvements a pull request, allowed are .2", name, red, improved)
		}
	}
}

// TestPower keeps what is caught and what it costs, at the real settings. Five of
// fifty are slower, at 100 draws: standard error of .95 among 500 is .01.
func TestPower(t *testing.T) {
	all := load(t)
	check := func(name string, effect, power, runs float64) {
		t.Helper()
		const pulls, m, slow = 100, 50, 5
		caught, cost := 0., 0.
		for _, v := range each1(pulls, func(i int) verdict {
			p := all[name].draw(rand.New(rand.NewPCG(12, uint64(i))), m)
			out := twoStage(p, gate.Policy{MinEffect: effect}, 1, false)
			rng := rand.New(rand.NewPCG(13, uint64(i)))
			for victims := map[int]bool{}; len(victims) < slow; {
				if i := p.victim(rng); !victims[i] {
					victims[i] = true
					p.slow(i, 1+effect)
				}
			}
			out.red = twoStage(p, gate.Policy{MinEffect: effect}, 1, false).red
			return out
		}) {
			caught += float64(len(v.red)) / (pulls * slow)
			cost += v.runs / pulls
		}
		t.Logf("%s, Δ %v: power %.3f, %.2f runs a side", name, effect, caught, cost)
		if caught < power {
			t.Errorf("%s: %.3f of the slowdowns by %v caught, want %v", name, caught, effect, power)
		}
		if cost > runs {
			t.Errorf("%s: %.2f runs a side on unchanged code at Δ = %v, want at most %v", name, cost, effect, runs)
		}
	}
	check("dedicated", .05, .94, 3.5)
	check("dedicated", .03, .90, 5)
	check("cloud", .05, .93, 3)
	check("harsh", .05, .55, 8.5)
}

func each1(n int, play func(i int) verdict) []verdict {
	out := make([]verdict, 0, n)
	each(n, func(i int) []verdict { return []verdict{play(i)} }, func(_ int, v verdict) { out = append(out, v) })
	return out
}

// TestPeers: the rules of other tools do on clear cases what they say.
func TestPeers(t *testing.T) {
	p := load(t)["dedicated"].draw(rand.New(rand.NewPCG(1, 1)), 20)
	rng := rand.New(rand.NewPCG(2, 2))
	p.slow(p.victim(rng), 2.5)
	for _, r := range peers() {
		if v := r.judge(p); len(v.red) == 0 {
			t.Errorf("%s does not see 2.5 times the time", r.name)
		}
	}
}
