package report

import (
	"fmt"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

const suite = "github.com/descartes/regress/bench"

func at(x float64) *float64 { return &x }

// judged is a row of which everything is known; change, lo and hi are relative.
func judged(verdict gate.Verdict, name, unit string, base, change, lo, hi float64, why gate.Code) gate.Row {
	direction := baseline.Lower
	if unit == "msg/s" || unit == "B/s" {
		direction = baseline.Higher
	}
	return gate.Row{
		Package: suite, Name: name, Unit: unit, Direction: direction, Verdict: verdict, Reason: gate.Reason{Code: why, Shift: &gate.Shift{Change: change}},
		Base: &gate.Summary{Median: base, N: 30, Spread: .01}, Head: &gate.Summary{Median: base * (1 + change), N: 30, Spread: .01},
		Change: at(change), Interval: &gate.Interval{Lo: lo, Hi: hi, Level: .95}, P: at(1e-7), MinEffect: .05, Detectable: at(.055), Stage: "confirm",
	}
}

func unchanged(name, unit string, base, atMost float64) gate.Row {
	r := judged(gate.Unchanged, name, unit, base, .002, -.006, .011, gate.WithinBound)
	r.Reason.Bound = atMost
	r.AtMost, r.Stage, r.Base.N, r.Head.N, r.P = at(atMost), "screen", 3, 3, nil
	return r
}

func counts(from, to float64) *gate.Shift { return &gate.Shift{Counted: true, From: from, To: to} }

// wanted is a waiver as somebody gave it until the last day of a January.
func wanted(state gate.WaiverState, ceiling float64, year int) gate.Accepted {
	return gate.Accepted{
		State: state, Reason: "validates its input since #12, asked for by @security", Ceiling: ceiling,
		Expires: time.Date(year, 1, 31, 0, 0, 0, 0, time.UTC),
	}
}

func met(target, name, unit string, limit, value, margin float64, below bool) gate.TargetRow {
	return gate.TargetRow{
		Target: target, Package: suite, Name: name, Unit: unit, Limit: limit, Below: below, Value: at(value),
		Interval: &gate.Interval{Lo: value * .97, Hi: value * 1.03, Level: .95}, Margin: at(margin), Verdict: gate.Met, Reason: gate.Reason{Code: gate.BetterThanAsked, Times: margin, End: value * 1.03, Level: .975},
	}
}

// sides of every case: the merge base and a branch.
func sides() []gate.SideInfo {
	machine := gate.SideInfo{Environment: baseline.Environment{CPU: "AMD EPYC 7763", Cores: 2, OS: "linux", Arch: "amd64", GoVersion: "go1.26.8"}}
	base, head := machine, machine
	base.Side, base.Commit, base.Branch = baseline.Base, "3f2a91c04d7be5586f1c2d3e4f5a6b7c8d9e0f1a", "main"
	head.Side, head.Commit, head.Branch = baseline.Head, "a81d6e02b9c4f7350d1e2f3a4b5c6d7e8f901234", "faster-frames"
	return []gate.SideInfo{base, head}
}

func decision(outcome gate.Outcome, rows ...gate.Row) gate.Decision {
	d := gate.Decision{
		Outcome: outcome, Rows: rows, Sides: sides(), Counts: map[gate.Verdict]int{}, Rounds: 3.2,
		Policy: gate.PolicyInfo{Alpha: .01, MinEffect: .05, Procedure: baseline.TwoStage, Seed: 42},
		Cannot: []gate.Limit{{Code: gate.EffectBelow, Effect: .05}},
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
	exact.Reason = gate.Reason{Code: gate.Constant, Shift: counts(14, 14)}
	exact.Exact, exact.Stage, exact.AtMost, exact.Interval, exact.Change = true, "exact", nil, nil, at(0)
	exact.Head.Median = 14
	same := unchanged("Decode/codec=json/size=1KiB-2", "sec/op", 3.2e-6, 0)
	same.Verdict, same.AtMost, same.Base, same.Head, same.Change, same.Interval = gate.SameCode, nil, nil, nil, nil, nil
	same.Reason = gate.Reason{Code: gate.Proven, Text: "test binaries are byte-identical"}
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
	worst := judged(gate.Regressed, "PingPong/transport=shm/size=64B-2", "p95-latency-sec", 2.4e-7, .121, .098, .144, gate.Told)
	slower := judged(gate.Regressed, "Throughput/transport=unix/size=256B/mode=plain-2", "msg/s", 1.25e6, -.083, -.101, -.062, gate.Told)
	allocates := judged(gate.Regressed, "Encode/codec=binary/size=1KiB-2", "allocs/op", 0, 0, 0, 0, gate.Counted)
	allocates.Reason.Shift = counts(0, 2)
	allocates.Change, allocates.Interval, allocates.P, allocates.Detectable, allocates.Exact, allocates.Stage = nil, nil, nil, nil, true, "exact"
	allocates.Head.Median, allocates.MinEffect = 2, 0
	better := judged(gate.Improved, "Throughput/transport=shm/size=64B/mode=plain-2", "msg/s", 4.1e6, .31, .28, .35, gate.Better)
	rows := append([]gate.Row{allocates, worst, slower, noisy(), better}, calm()...)
	d := decision(gate.Fail, rows...)
	for i := range rows[:3] {
		d.Reasons = append(d.Reasons, gate.Ground{Code: gate.RowRegressed, Row: &d.Rows[i]})
	}
	d.Cannot = append(d.Cannot, gate.Limit{Code: gate.Noisy, Benchmarks: []string{"EventLog/durability=every-2"}})
	d.Targets = promisesKept()
	return d
}

func noisy() gate.Row {
	r := judged(gate.Inconclusive, "EventLog/durability=every-2", "mean-latency-sec", 1.84e-3, .031, -.05, .12, gate.TooNoisy)
	r.Detectable, r.Reason.Bound = at(.153), .153
	return r
}

// crept is a slow drift since the last release, of which this change is a part.
func drifted() gate.Decision {
	slow := judged(gate.Crept, "PingPong/transport=shm/size=64B-2", "p95-latency-sec", 2.52e-7, .009, -.004, .021, gate.WithinBound)
	slow.Drift = &gate.Drift{
		Verdict: gate.Regressed, Reason: gate.Reason{Code: gate.Told, Shift: &gate.Shift{Change: .061}}, Anchor: &gate.Summary{Median: 2.4e-7, N: 14, Spread: .01},
		Change: at(.061), Interval: &gate.Interval{Lo: .042, Hi: .08, Level: .95}, P: at(1e-4), Detectable: at(.04),
	}
	waived := judged(gate.Waived, "Encode/codec=json/size=1KiB-2", "sec/op", 3.2e-6, .001, -.01, .02, gate.WithinBound)
	waived.Drift = &gate.Drift{
		Verdict: gate.Waived, Reason: gate.Reason{Code: gate.Told, Shift: &gate.Shift{Change: .07}}, Waivers: []gate.Accepted{wanted(gate.Covers, .1, 2027)}, Anchor: &gate.Summary{Median: 3e-6, N: 14, Spread: .01},
		Change: at(.07), Interval: &gate.Interval{Lo: .061, Hi: .082, Level: .95},
	}
	rows := append([]gate.Row{slow, waived}, calm()...)
	for i := range rows[2:] {
		r := &rows[2+i]
		switch {
		case i == 0:
			r.Drift = &gate.Drift{Verdict: gate.Added, Reason: gate.Reason{Code: gate.NotAtBase}}
		case r.Verdict == gate.Unchanged:
			r.Drift = &gate.Drift{Verdict: gate.Unchanged, Reason: r.Reason, AtMost: r.AtMost}
		}
	}
	d := decision(gate.Fail, rows...)
	d.Anchor = "v1.2.0"
	d.Reasons = []gate.Ground{{Code: gate.RowCrept, Row: &d.Rows[0]}}
	release := d.Sides[0]
	release.Side, release.Commit, release.Branch = baseline.Anchor, "77b1f00d5a6c7be5586f1c2d3e4f5a6b7c8d9e0f", "v1.2.0"
	d.Sides = append(d.Sides, release)
	return d
}

func improvement() gate.Decision {
	better := judged(gate.Improved, "Throughput/transport=shm/size=64B/mode=plain-2", "msg/s", 4.1e6, .31, .28, .35, gate.Better)
	much := judged(gate.Improved, "PingPong/transport=shm/size=1MiB-2", "p95-latency-sec", 9.2e-4, -.62, -.64, -.6, gate.Better)
	d := decision(gate.Pass, append([]gate.Row{much, better}, calm()...)...)
	d.Targets = promisesKept()
	return d
}

func inconclusive() gate.Decision {
	want := judged(gate.Inconclusive, "PingPong/transport=unix/size=4KiB-2", "p95-latency-sec", 1.31e-5, .064, -.01, .13, gate.Unconfirmed)
	want.Reason.Needed = 8
	d := decision(gate.Undecided, append([]gate.Row{want, noisy()}, calm()...)...)
	d.Reasons = []gate.Ground{{Code: gate.RoundsWanted, Benchmarks: []string{"PingPong/transport=unix/size=4KiB-2"}, By: "budget of 3m0s"}}
	d.Cannot = append(d.Cannot,
		gate.Limit{Code: gate.NotSettled, Benchmarks: []string{"PingPong/transport=unix/size=4KiB-2"}},
		gate.Limit{Code: gate.Noisy, Benchmarks: []string{"EventLog/durability=every-2"}})
	for _, text := range []string{"round 2 was disturbed: steal 12 %", "the governor is powersave: frequencies wander"} {
		d.Warnings = append(d.Warnings, gate.Warning{Code: gate.LogWarning, Seen: baseline.Warning{Kind: baseline.Noted, Detail: text}})
	}
	return d
}

func missing() gate.Decision {
	gone := judged(gate.Missing, "EventLog/durability=every-2", "mean-latency-sec", 1.84e-3, 0, 0, 0, gate.HeadSilent)
	gone.Head, gone.Change, gone.Interval, gone.P, gone.Detectable = nil, nil, nil, nil, nil
	added := judged(gate.Added, "EventLog/durability=batch-2", "mean-latency-sec", 1.1e-3, 0, 0, 0, gate.NotAtBase)
	added.Base, added.Change, added.Interval, added.P, added.Detectable = nil, nil, nil, nil, nil
	removed := gone
	removed.Name, removed.Verdict, removed.Reason = "OldCodec-2", gate.Removed, gate.Reason{Code: gate.FunctionRemoved, Text: "BenchmarkOldCodec"}
	d := decision(gate.Undecided, append([]gate.Row{gone, added, removed}, calm()...)...)
	d.Reasons = []gate.Ground{{Code: gate.MissingAtHead, Benchmarks: []string{"EventLog/durability=every-2"}}}
	d.Problems = []baseline.Problem{
		{File: "run.txt", Line: 212, Side: baseline.Head, Package: suite, Name: "EventLog/durability=every-2", Kind: baseline.NoResult, Detail: "the process ended with exit status 2: panic: event log: no space left on device"},
		{File: "run.txt", Line: 240, Side: baseline.Head, Detail: "a log line stands inside a benchmark line: print to stderr while benchmarks run"},
	}
	return d
}

func target() gate.Decision {
	d := decision(gate.Fail, calm()...)
	missed := met("round trip of 256 B, 95th percentile", "PingPong/transport=unix/size=256B-2", "p95-latency-sec", 1e-4, 1.31e-4, .74, true)
	missed.Verdict, missed.Reason = gate.Missed, gate.Reason{Code: gate.WorseThanAsked, Times: 1.31}
	unclear := met("idle memory of an agent", "IdleAgent/transport=pipe-2", "private-bytes", 5e6, 4.98e6, .98, true)
	unclear.Verdict, unclear.Reason = gate.Undecided, gate.Reason{Code: gate.Straddles, Rounds: 5}
	nothing := gate.TargetRow{Target: "leak of an agent", Unit: "B/op", Limit: 1, Below: true, Verdict: gate.NotMeasured, Reason: gate.Reason{Code: gate.NoneMatches}}
	d.Targets = append([]gate.TargetRow{missed, nothing, unclear}, promisesKept()...)
	d.Reasons = []gate.Ground{{Code: gate.TargetOpen, Target: &d.Targets[0]}, {Code: gate.TargetOpen, Target: &d.Targets[1]}}
	return d
}

func expired() gate.Decision {
	old := judged(gate.Regressed, "PingPong/transport=shm/size=64B-2", "p95-latency-sec", 2.4e-7, .121, .098, .144, gate.Told)
	old.Waivers = []gate.Accepted{{State: gate.Ended, Place: "regress.toml:31", Expires: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}}
	waived := judged(gate.Waived, "Encode/codec=json/size=1KiB-2", "sec/op", 3.1e-6, .07, .061, .082, gate.Told)
	waived.Waivers = []gate.Accepted{wanted(gate.Covers, .1, 2027)}
	d := decision(gate.Fail, append([]gate.Row{old, waived}, calm()...)...)
	d.Reasons = []gate.Ground{{Code: gate.RowRegressed, Row: &d.Rows[0]}}
	return d
}

func green() gate.Decision {
	d := decision(gate.Pass, calm()...)
	d.Targets = promisesKept()
	return d
}

// counted is a row of counted instructions.
func counted(verdict gate.Verdict, name string, base, change float64, why gate.Code) gate.Row {
	r := judged(verdict, name, baseline.Instructions, base, change, change-.0003, change+.0004, why)
	r.Stage, r.Detectable, r.Reason.Bound = gate.Counts, nil, 0
	if verdict != gate.Regressed {
		r.Interval, r.P, r.Base.N, r.Head.N = nil, nil, 2, 2
	}
	if why == gate.CountGrew {
		r.Reason.Bound = .05
	}
	return r
}

// paired makes a decision one of pairs, with a counter.
func paired(d gate.Decision) gate.Decision {
	d.Policy.Procedure, d.Policy.Counter, d.Rounds = baseline.Paired, "qemu-user 7.2.22", 4.8
	return d
}

// work is a change after which benchmarks are slower, do more work, or both.
func work() gate.Decision {
	open := func(name string, base, change, sees float64) gate.Row {
		r := judged(gate.Inconclusive, name, "sec/op", base, change, change-.3, change+.4, gate.TooNoisy)
		r.Detectable, r.Reason.Bound = at(sees), sees
		return r
	}
	median := judged(gate.Regressed, "Scan-2", "sec/op", 4.1e-5, .31, .27, .35, gate.ToldByMedian)
	parted := unchanged("Append-2", "sec/op", 1.1e-8, .012)
	parted.Middle = &gate.Middle{Change: -.22, Interval: &gate.Interval{Lo: -.24, Hi: -.19, Level: .95}}
	syscalls := counted(gate.NotJudged, "Encode-2", 2, 0, gate.NoDirection)
	syscalls.Unit, syscalls.Direction = baseline.Syscalls, baseline.Neutral
	d := paired(decision(gate.Fail,
		median,
		judged(gate.Regressed, "Encode-2", "sec/op", 2.4e-7, .121, .098, .144, gate.Told),
		judged(gate.Regressed, "Lookup-2", "sec/op", 5.2e-8, .084, .06, .11, gate.Told),
		counted(gate.Regressed, "Parse-2", 1_231_422, .12, gate.MoreWork),
		counted(gate.Regressed, "Encode-2", 2413, .139, gate.MoreWork),
		open("Format-2", 1.8e-6, -.04, .46), open("Parse-2", 3.1e-4, .22, .61),
		counted(gate.Unchanged, "Format-2", 18_221, .031, gate.CountGrew), counted(gate.Unchanged, "Lookup-2", 611, .0004, gate.SameCount),
		counted(gate.NotJudged, "Sort-2", 184_092, .08, gate.WorkNotTime), unchanged("Sort-2", "sec/op", 4.4e-5, .031),
		parted, syscalls))
	for i := range d.Rows {
		if d.Rows[i].Verdict == gate.Regressed {
			d.Reasons = append(d.Reasons, gate.Ground{Code: gate.RowRegressed, Row: &d.Rows[i]})
		}
	}
	d.Cannot = append(d.Cannot, gate.Limit{Code: gate.Noisy, Benchmarks: []string{"Format-2", "Parse-2"}})
	return d
}

// sameWorks is a pass on a machine that is too noisy to time most of it.
func sameWorks() gate.Decision {
	rows := []gate.Row{unchanged("Sum-2", "sec/op", 1.1e-8, .012), counted(gate.Unchanged, "Decode/size=0-2", 51_000, -.3, gate.SameCount)}
	limit := gate.Limit{Code: gate.WorkAlone, Effect: .46}
	for i := range 6 {
		name := fmt.Sprintf("Decode/size=%d-2", i)
		r := judged(gate.SameWork, name, "sec/op", 3e-6*float64(1+i), .06*float64(i)-.1, -.4, .5, gate.WorkEqual)
		r.Detectable, r.Reason.Bound = at(.46-.05*float64(i)), .0002*float64(i)
		rows = append(rows, r)
		if i > 0 {
			rows = append(rows, counted(gate.Unchanged, name, 51_000*float64(1+i), .0002*float64(i), gate.SameCount))
		}
		limit.Benchmarks = append(limit.Benchmarks, name)
	}
	d := paired(decision(gate.Pass, rows...))
	d.Cannot = append(d.Cannot, limit)
	return d
}

// ruled is a pass in which rules give benchmarks other effects than the policy.
func ruled() gate.Decision {
	d := decision(gate.Pass, calm()...)
	d.Cannot = []gate.Limit{
		{Code: gate.EffectBelow, Effect: .03, Benchmarks: []string{"PingPong/transport=pipe/size=64B-2"}},
		{Code: gate.EffectBelow, Effect: .05},
		{Code: gate.EffectBelow, Effect: .2},
		{Code: gate.EffectBelow, Effect: .5, Unit: "p95-latency-sec", Benchmarks: []string{"PingPong/transport=shm/size=1MiB-2"}},
		{Code: gate.Noisy, Benchmarks: []string{"EventLog/durability=every-2"}},
	}
	for i := range d.Rows {
		switch r := &d.Rows[i]; {
		case r.Unit == "msg/s":
			r.MinEffect = .2
			d.Cannot[2].Benchmarks = append(d.Cannot[2].Benchmarks, r.Name)
		case r.Name == "PingPong/transport=shm/size=1MiB-2":
			r.MinEffect = .5
		case r.Name == "PingPong/transport=pipe/size=64B-2":
			r.MinEffect = .03
		}
	}
	return d
}

func nothing() gate.Decision {
	d := decision(gate.Undecided)
	d.Reasons, d.Cannot, d.Rounds = []gate.Ground{{Code: gate.NoResult}}, nil, 0
	d.Problems = []baseline.Problem{{File: "run.txt", Detail: "no line is a benchmark result: was it printed by go test -bench?"}}
	return d
}

func twins() gate.Decision {
	d := decision(gate.Pass, calm()...)
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
		rows = append(rows, judged(gate.Regressed, name, "sec/op|`u`", 1e-6, .2, .1, .3, gate.Proven))
		rows[len(rows)-1].Reason.Text = "slower, says " + name
	}
	for i := range rows {
		r := rows[i]
		r.Verdict = gate.Inconclusive
		rows = append(rows, r)
	}
	d := decision(gate.Fail, rows...)
	for _, r := range rows[:25] {
		d.Reasons = append(d.Reasons, gate.Ground{Code: gate.CrashedAtHead, Benchmarks: []string{r.Name}})
		d.Cannot = append(d.Cannot, gate.Limit{Code: gate.Noisy, Benchmarks: []string{r.Name}})
		d.Warnings = append(d.Warnings, gate.Warning{Code: gate.LogWarning, Seen: baseline.Warning{Kind: baseline.Noted, Detail: r.Name}})
		d.Problems = append(d.Problems, baseline.Problem{File: r.Name, Line: 3, Name: r.Name, Detail: r.Name})
		t := met(r.Name, r.Name, r.Name, 1, 2, .5, true)
		t.Verdict, t.Reason = gate.Missed, gate.Reason{Code: gate.NotAskedFor, Text: r.Name}
		d.Targets = append(d.Targets, t)
	}
	d.Sides[0].Branch, d.Sides[1].Commit, d.Sides[1].Environment.CPU = rows[1].Name, rows[2].Name, rows[3].Name
	return d
}

// cases are the goldens, by name.
var cases = map[string]gate.Decision{
	"regression": regression(), "improvement": improvement(), "inconclusive": inconclusive(), "missing": missing(), "target": target(),
	"expired": expired(), "green": green(), "nothing": nothing(), "twins": twins(), "false-alarm": falseAlarm(), "hostile": hostile(), "crept": drifted(), "work": work(), "same-work": sameWorks(),
	"ruled": ruled(),
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
	return Options{History: stored, LogName: "regress-a81d6e02.txt", Command: "regress compare --base main", Longer: "regress compare --base main --budget 6m", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
}
