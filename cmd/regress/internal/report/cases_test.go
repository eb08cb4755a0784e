package report

import (
	"fmt"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

const suite = "github.com/descartes/regress/bench"

func at(x float64) *float64 { return &x }

// judged is a row of which everything is known; change, lo and hi are relative.
func judged(verdict gate.Verdict, name, unit string, base, change, lo, hi float64, why string) gate.Row {
	direction := baseline.Lower
	if unit == "msg/s" || unit == "B/s" {
		direction = baseline.Higher
	}
	return gate.Row{
		Package: suite, Name: name, Unit: unit, Direction: direction, Verdict: verdict, Why: why,
		Base: &gate.Side{Median: base, N: 30, Spread: .01}, Head: &gate.Side{Median: base * (1 + change), N: 30, Spread: .01},
		Change: at(change), Interval: &gate.Interval{Lo: lo, Hi: hi, Level: .95}, P: at(1e-7), MinEffect: .05, Detectable: at(.055), Stage: "confirm",
	}
}

func unchanged(name, unit string, base, atMost float64) gate.Row {
	r := judged(gate.Unchanged, name, unit, base, .002, -.006, .011, fmt.Sprintf("less than %s slower", figure.Percent(atMost)))
	r.AtMost, r.Stage, r.Base.N, r.Head.N, r.P = at(atMost), "screen", 3, 3, nil
	return r
}

func met(target, name, unit string, limit, value, margin float64, below bool) gate.TargetRow {
	return gate.TargetRow{
		Target: target, Package: suite, Name: name, Unit: unit, Limit: limit, Below: below, Value: at(value),
		Interval: &gate.Interval{Lo: value * .97, Hi: value * 1.03, Level: .95}, Margin: at(margin), Verdict: gate.Met, Why: "better than required",
	}
}

// sides of every case: the merge base and a branch.
func sides() []gate.SideInfo {
	machine := gate.SideInfo{Fingerprint: "5b1f0c9e77aa", Machine: "AMD EPYC 7763, 2 cores, linux/amd64", GoVersion: "go1.26.8"}
	base, head := machine, machine
	base.Side, base.Commit, base.Branch = baseline.Base, "3f2a91c04d7be5586f1c2d3e4f5a6b7c8d9e0f1a", "main"
	head.Side, head.Commit, head.Branch = baseline.Head, "a81d6e02b9c4f7350d1e2f3a4b5c6d7e8f901234", "faster-frames"
	return []gate.SideInfo{base, head}
}

func decision(outcome gate.Outcome, headline string, rows ...gate.Row) gate.Decision {
	d := gate.Decision{
		Outcome: outcome, Headline: headline, Rows: rows, Sides: sides(), Counts: map[gate.Verdict]int{}, Rounds: 3.2,
		Policy: gate.PolicyInfo{Alpha: .01, MinEffect: .05, Procedure: "two-stage", Seed: 42},
		Cannot: []string{"a slowdown of less than 5 % in any one benchmark is not looked for"},
	}
	for _, r := range rows {
		d.Counts[r.Verdict]++
	}
	return d
}

func calm() []gate.Row {
	var rows []gate.Row
	for i, size := range []string{"64B", "256B", "512B", "1KiB", "4KiB", "1MiB"} {
		for j, transport := range []string{"pipe", "shm", "unix"} {
			rows = append(rows,
				unchanged(fmt.Sprintf("PingPong/transport=%s/size=%s-2", transport, size), "p95-latency-sec", 8.1e-6*float64(1+i), .012+.001*float64(i+j)),
				unchanged(fmt.Sprintf("Throughput/transport=%s/size=%s/mode=plain-2", transport, size), "msg/s", 1.2e6/float64(1+i), .02+.003*float64(i+j)))
		}
	}
	exact := unchanged("Encode/codec=json/size=1KiB-2", "allocs/op", 14, 0)
	exact.Exact, exact.Stage, exact.AtMost, exact.Interval, exact.Change = true, "exact", nil, nil, at(0)
	exact.Head.Median, exact.Why = 14, "14 in every round"
	same := unchanged("Decode/codec=json/size=1KiB-2", "sec/op", 3.2e-6, 0)
	same.Verdict, same.AtMost, same.Base, same.Head, same.Change, same.Interval, same.Why = gate.SameCode, nil, nil, nil, nil, nil, "test binaries are byte-identical"
	return append(rows, exact, same)
}

func promisesKept() []gate.TargetRow {
	return []gate.TargetRow{
		met("event log latency", "EventLog/durability=every-2", "mean-latency-sec", .01, 1.9e-3, 5.1, true),
		met("event log latency", "EventLog/durability=none-2", "mean-latency-sec", .01, 9.6e-6, 1021, true),
		met("idle CPU of an agent", "IdleAgent/transport=shm-2", "cpu-share", .01, .00021, 40, true),
		met("idle memory of an agent", "IdleAgent/transport=shm-2", "private-bytes", 5e6, 3.7e6, 1.314, true),
		met("small-message throughput", "Throughput/transport=pipe/size=1KiB/mode=plain-2", "msg/s", 10000, 412_000, 39.8, false),
	}
}

func regression() gate.Decision {
	worst := judged(gate.Regressed, "PingPong/transport=shm/size=64B-2", "p95-latency-sec", 2.4e-7, .121, .098, .144,
		"12 % slower; noise does this in less than one of 100 unchanged pull requests")
	slower := judged(gate.Regressed, "Throughput/transport=unix/size=256B/mode=plain-2", "msg/s", 1.25e6, -.083, -.101, -.062,
		"8.3 % lower; noise does this in less than one of 100 unchanged pull requests")
	allocates := judged(gate.Regressed, "Encode/codec=binary/size=1KiB-2", "allocs/op", 0, 0, 0, 0, "from 0 to 2")
	allocates.Change, allocates.Interval, allocates.P, allocates.Detectable, allocates.Exact, allocates.Stage = nil, nil, nil, nil, true, "exact"
	allocates.Head.Median, allocates.MinEffect = 2, 0
	better := judged(gate.Improved, "Throughput/transport=shm/size=64B/mode=plain-2", "msg/s", 4.1e6, .31, .28, .35, "31 % higher")
	rows := append([]gate.Row{allocates, worst, slower, noisy(), better}, calm()...)
	d := decision(gate.Fail, "3 of 43 benchmarks regressed; the worst, Encode/codec=binary/size=1KiB-2 allocs/op: from 0 to 2; 1 improved", rows...)
	for _, r := range rows[:3] {
		d.Reasons = append(d.Reasons, fmt.Sprintf("%s %s regressed: %s", r.Name, r.Unit, r.Why))
	}
	d.Cannot = append(d.Cannot, "too noisy to judge, whatever happened there: EventLog/durability=every-2")
	d.Targets = promisesKept()
	return d
}

func noisy() gate.Row {
	r := judged(gate.Inconclusive, "EventLog/durability=every-2", "mean-latency-sec", 1.84e-3, .031, -.05, .12, "too noisy: a change below 15 % cannot be told from noise here")
	r.Detectable = at(.153)
	r.Warnings = []string{"two of 30 rounds were disturbed by other load"}
	return r
}

// crept is a slow drift since the last release, of which this change is a part.
func crept() gate.Decision {
	slow := judged(gate.Crept, "PingPong/transport=shm/size=64B-2", "p95-latency-sec", 2.52e-7, .009, -.004, .021,
		"crept +6.1 % [+4.2, +8.0] since v1.2.0 (this change's own part: +0.9 %)")
	slow.Drift = &gate.Drift{
		Verdict: gate.Regressed, Why: slow.Why, Anchor: &gate.Side{Median: 2.4e-7, N: 14, Spread: .01},
		Change: at(.061), Interval: &gate.Interval{Lo: .042, Hi: .08, Level: .95}, P: at(1e-4), Detectable: at(.04),
	}
	waived := judged(gate.Waived, "Encode/codec=json/size=1KiB-2", "sec/op", 3.2e-6, .001, -.01, .02,
		"crept +7.0 % [+6.1, +8.2] since v1.2.0 (this change's own part: +0.1 %); accepted up to 10 % until 2027-01-31")
	waived.Waiver = "validates its input since #12, asked for by @security"
	waived.Drift = &gate.Drift{
		Verdict: gate.Waived, Why: waived.Why, Anchor: &gate.Side{Median: 3e-6, N: 14, Spread: .01},
		Change: at(.07), Interval: &gate.Interval{Lo: .061, Hi: .082, Level: .95},
	}
	rows := append([]gate.Row{slow, waived}, calm()...)
	for i := range rows[2:] {
		r := &rows[2+i]
		switch {
		case i == 0:
			r.Drift = &gate.Drift{Verdict: gate.New, Why: "v1.2.0 does not have it"}
		case r.Verdict == gate.Unchanged:
			r.Drift = &gate.Drift{Verdict: gate.Unchanged, Why: r.Why, AtMost: r.AtMost}
		}
	}
	d := decision(gate.Fail, "1 of 40 benchmarks crept: PingPong/transport=shm/size=64B-2 p95-latency-sec: +6.1 % [+4.2, +8.0] since v1.2.0 (this change's own part: +0.9 %)", rows...)
	d.Anchor = "v1.2.0"
	d.Reasons = []string{"PingPong/transport=shm/size=64B-2 p95-latency-sec: " + slow.Why}
	release := d.Sides[0]
	release.Side, release.Commit, release.Branch = baseline.Anchor, "77b1f00d5a6c7be5586f1c2d3e4f5a6b7c8d9e0f", "v1.2.0"
	d.Sides = append(d.Sides, release)
	return d
}

func improvement() gate.Decision {
	better := judged(gate.Improved, "Throughput/transport=shm/size=64B/mode=plain-2", "msg/s", 4.1e6, .31, .28, .35, "31 % higher")
	much := judged(gate.Improved, "PingPong/transport=shm/size=1MiB-2", "p95-latency-sec", 9.2e-4, -.62, -.64, -.6, "62 % faster")
	d := decision(gate.Pass, "no regression in 40 benchmarks; 2 improved", append([]gate.Row{much, better}, calm()...)...)
	d.Targets = promisesKept()
	return d
}

func inconclusive() gate.Decision {
	want := judged(gate.Inconclusive, "PingPong/transport=unix/size=4KiB-2", "p95-latency-sec", 1.31e-5, .064, -.01, .13, "seemed 6.4 % slower while screening; telling needs 8 fresh rounds a side more")
	d := decision(gate.Undecided, "undecided: 1 benchmark left undecided by the budget of 3m0s: PingPong/transport=unix/size=4KiB-2", append([]gate.Row{want, noisy()}, calm()...)...)
	d.Reasons = []string{"1 benchmark left undecided by the budget of 3m0s: PingPong/transport=unix/size=4KiB-2"}
	d.Cannot = append(d.Cannot, "not settled: PingPong/transport=unix/size=4KiB-2", "too noisy to judge, whatever happened there: EventLog/durability=every-2")
	d.Warnings = []baseline.Warning{{Kind: baseline.Noted, Detail: "round 2 was disturbed: steal 12 %"}, {Kind: baseline.Noted, Detail: "the governor is powersave: frequencies wander"}}
	return d
}

func missing() gate.Decision {
	gone := judged(gate.Missing, "EventLog/durability=every-2", "mean-latency-sec", 1.84e-3, 0, 0, 0, "base has it and head printed nothing")
	gone.Head, gone.Change, gone.Interval, gone.P, gone.Detectable = nil, nil, nil, nil, nil
	added := judged(gate.New, "EventLog/durability=batch-2", "mean-latency-sec", 1.1e-3, 0, 0, 0, "base does not declare it")
	added.Base, added.Change, added.Interval, added.P, added.Detectable = nil, nil, nil, nil, nil
	removed := gone
	removed.Name, removed.Verdict, removed.Why = "OldCodec-2", gate.Removed, "its function is gone from head's source"
	d := decision(gate.Undecided, "undecided: 1 benchmark missing from head: EventLog/durability=every-2", append([]gate.Row{gone, added, removed}, calm()...)...)
	d.Reasons = []string{"1 benchmark missing from head: EventLog/durability=every-2"}
	d.Problems = []baseline.Problem{
		{File: "run.txt", Line: 212, Side: baseline.Head, Package: suite, Name: "EventLog/durability=every-2", Kind: baseline.NoResult, Detail: "the process ended with exit status 2: panic: event log: no space left on device"},
		{File: "run.txt", Line: 240, Side: baseline.Head, Detail: "a log line stands inside a benchmark line: print to stderr while benchmarks run"},
	}
	return d
}

func target() gate.Decision {
	d := decision(gate.Fail, "1 target missed", calm()...)
	missed := met("round trip of 256 B, 95th percentile", "PingPong/transport=unix/size=256B-2", "p95-latency-sec", 1e-4, 1.31e-4, .74, true)
	missed.Verdict, missed.Why = gate.Missed, "1.3× worse than required"
	unclear := met("idle memory of an agent", "IdleAgent/transport=pipe-2", "private-bytes", 5e6, 4.98e6, .98, true)
	unclear.Verdict, unclear.Why = gate.Unclear, "the interval straddles the limit: measure more than 5 rounds"
	nothing := gate.TargetRow{Target: "leak of an agent", Unit: "B/op", Limit: 1, Below: true, Verdict: gate.NotMeasured, Why: "no measured benchmark matches: mend the pattern, the unit, or the run"}
	d.Targets = append([]gate.TargetRow{missed, nothing, unclear}, promisesKept()...)
	d.Reasons = []string{
		"target round trip of 256 B, 95th percentile PingPong/transport=unix/size=256B-2: missed: 1.3× worse than required",
		"target leak of an agent: not measured: no measured benchmark matches: mend the pattern, the unit, or the run",
	}
	return d
}

func expired() gate.Decision {
	why := "12 % slower; noise does this in less than one of 100 unchanged pull requests; the waiver at regress.toml:31 expired on 2026-10-01"
	old := judged(gate.Regressed, "PingPong/transport=shm/size=64B-2", "p95-latency-sec", 2.4e-7, .121, .098, .144, why)
	waived := judged(gate.Waived, "Encode/codec=json/size=1KiB-2", "sec/op", 3.1e-6, .07, .061, .082, "7.0 % slower; accepted up to 10 % until 2027-01-31")
	waived.Waiver = "validates its input since #12, asked for by @security"
	d := decision(gate.Fail, "1 of 41 benchmarks regressed: PingPong/transport=shm/size=64B-2 p95-latency-sec: 12 % slower", append([]gate.Row{old, waived}, calm()...)...)
	d.Reasons = []string{"PingPong/transport=shm/size=64B-2 p95-latency-sec regressed: " + why}
	return d
}

func green() gate.Decision {
	d := decision(gate.Pass, "no regression in 38 benchmarks", calm()...)
	d.Targets = promisesKept()
	return d
}

func nothing() gate.Decision {
	d := decision(gate.Undecided, "undecided: no benchmark printed a result")
	d.Reasons, d.Cannot, d.Rounds = []string{"no benchmark printed a result"}, []string{}, 0
	d.Problems = []baseline.Problem{{File: "run.txt", Detail: "no line is a benchmark result: was it printed by go test -bench?"}}
	return d
}

func twins() gate.Decision {
	d := decision(gate.Pass, "no regression in 38 benchmarks", calm()...)
	d.Sides[1].Commit, d.Sides[1].Branch = d.Sides[0].Commit, "main"
	return d
}

// falseAlarm is a red on one commit against itself.
func falseAlarm() gate.Decision {
	d := regression()
	d.Sides[1].Commit = d.Sides[0].Commit
	return d
}

// hostile is what a pull request of an attacker would print.
func hostile() gate.Decision {
	var rows []gate.Row
	for _, name := range []string{
		"X|y`z``w", "<script>alert(1)</script>", "[click](https://evil.example)", "@everyone", "#1 GH-2 octo/repo#3", "a\n::error::pwned",
		"::set-output name=x::y", "##[error]pwned", "</code></details><h1>big", "![i](http://evil.example/x.png)", "www.evil.example mail@evil.example",
		":tada: $x^2$ ~~gone~~ **bold** _under_", "\x1b[31mred\x1b[0m \u202erev\u200b", "bro\xffken", "`", " ", "--> <!-- regress:KEY -->", "&lt;b&gt; &#64;x",
		"`````` \\` \\| \\\\|", "- [ ] task", "1. item", "# heading", "> quote", "\u2028line", "```\nfence",
	} {
		rows = append(rows, judged(gate.Regressed, name, "sec/op|`u`", 1e-6, .2, .1, .3, "slower, says "+name))
	}
	for i := range rows {
		r := rows[i]
		r.Verdict, r.Warnings = gate.Inconclusive, []string{"warning of " + r.Name}
		rows = append(rows, r)
	}
	d := decision(gate.Fail, "25 of 50 regressed; the worst, "+rows[1].Name+" "+rows[2].Name+" "+rows[3].Name, rows...)
	for _, r := range rows[:25] {
		d.Reasons = append(d.Reasons, r.Name+" regressed and more")
		d.Cannot = append(d.Cannot, r.Name)
		d.Warnings = append(d.Warnings, baseline.Warning{Kind: baseline.Noted, Detail: r.Name})
		d.Problems = append(d.Problems, baseline.Problem{File: r.Name, Line: 3, Name: r.Name, Detail: r.Name})
		t := met(r.Name, r.Name, r.Name, 1, 2, .5, true)
		t.Verdict, t.Why = gate.Missed, r.Name
		d.Targets = append(d.Targets, t)
	}
	d.Sides[0].Branch, d.Sides[1].Commit, d.Sides[1].Machine = rows[1].Name, rows[2].Name, rows[3].Name
	return d
}

// cases are the goldens, by name.
var cases = map[string]gate.Decision{
	"regression": regression(), "improvement": improvement(), "inconclusive": inconclusive(), "missing": missing(), "target": target(),
	"expired": expired(), "green": green(), "nothing": nothing(), "twins": twins(), "false-alarm": falseAlarm(), "hostile": hostile(), "crept": crept(),
}

// stored is the past of every series with a head: flat, but for one allocation
// that came some sessions ago and one series with too little of a past.
func stored(r gate.Row) []Session {
	var all []Session
	for i := range 12 {
		v := 1 + .004*float64(i*7%5-2) // wobbles by less than 1 %
		switch {
		case r.Name == "Throughput/transport=unix/size=256B/mode=plain-2" && i < 10:
			continue // two: no course
		case r.Verdict == gate.Improved && i >= 8:
			v *= r.Head.Median / r.Base.Median // 4 of 12 were as good as head
		}
		if r.Base != nil {
			all = append(all, Session{Value: r.Base.Median * v, Commit: fmt.Sprintf("%040x", 0xc0ffee+i)})
		}
	}
	return all
}

// options as the command gives them.
func options() Options {
	return Options{History: stored, LogName: "regress-a81d6e02.txt", Command: "regress compare --base main", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
}
