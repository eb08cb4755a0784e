package ingest_test

import (
	"bytes"
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// FuzzWriteAndRead: what the writer writes the reader reads, and no text that comes from outside
// can change what a log says beyond its own place.
func FuzzWriteAndRead(f *testing.F) {
	f.Add("example.com/x", "A/b-2", "budget of 3m0s", "panic: not run: the moon came before its first round", uint64(7), 1.5)
	f.Add("", "", "", "", uint64(0), 0.)
	f.Add("a b\n# stopped: x", "B\ncommit: f\n", "\r\nside: head", "\x00\xff\u2028", ^uint64(0), 1e300)
	f.Fuzz(func(t *testing.T, pkg, name, why, text string, seed uint64, number float64) {
		number = min(max(number, 0), 1e6)
		if !(number >= 0) {
			number = 0
		}
		env := baseline.Environment{
			OS: "linux", Arch: "amd64", CPU: text, Cores: int(number), Quota: number, Procs: 2, MemoryMiB: 9,
			Kernel: "6", Virtual: why, Governor: "g", GoVersion: "go1.26", SuiteFlags: "-benchtime=1x",
		}
		header := ingest.Header{
			Procedure: "two-stage", Project: pkg, Head: ingest.Origin{Commit: "c0", Ref: text}, Dirty: true, Bench: why,
			Base: ingest.Origin{Commit: "c1", Ref: name}, Anchor: ingest.Origin{Commit: "c2", Ref: "v1"},
			Seed: seed, Started: time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC), Environment: env,
		}
		key := baseline.Key{Package: pkg, Name: name, Unit: "sec/op"}
		function := baseline.Function{Package: pkg, Name: name}
		work := baseline.Work{User: .125, System: .5, Children: true}
		noise := baseline.Noise{SD: number, Between: 1, RunWide: .5, Sessions: 3}
		whole := header.Text() + ingest.Functions(baseline.Head, pkg, []string{name}) + ingest.Binary(baseline.Head, pkg, "00") +
			ingest.Noise(key, noise) + ingest.Same(baseline.Base, key, "why") + ingest.Same(baseline.Anchor, key, "why") +
			ingest.Edited(baseline.Base, function) + ingest.Work(key, work) + ingest.Uncounted(key, why) +
			ingest.Block(baseline.Head, 3, "p", []string{"BenchmarkZ 10 100 ns/op"}) + ingest.Load(baseline.Load{Wall: time.Second}) +
			ingest.Failed(baseline.Base, key, text) + ingest.NotRun(baseline.Head, key, why) + ingest.Warning(text) + ingest.Stopped(why)

		sane := func(texts ...string) bool {
			return !slices.ContainsFunc(texts, func(s string) bool {
				return s != ingest.OneLine(s) || strings.ContainsFunc(s, func(r rune) bool { return strings.ContainsRune(" \u0085\u00a0\u2028\u2029", r) })
			})
		}
		head, ok := ingest.ReadHeader([]byte(whole))
		if !ok {
			t.Fatalf("not a raw log:\n%s", whole)
		}
		if sane(pkg, name, why, text) && text != "0" && name != "0" && pkg != "0" && why != "0" && number == float64(int(number)) && !reflect.DeepEqual(head, header) {
			t.Errorf("the header is\n%+v, want\n%+v", head, header)
		}
		log, err := ingest.Read("f", bytes.NewReader([]byte(whole)))
		if err != nil {
			t.Fatal(err)
		}
		wantBlock(t, log, whole)
		if len(log.Functions[baseline.Head]) != 1 || len(log.Noise) != 1 || len(log.Same) != 1 || len(log.SameAnchor) != 1 ||
			len(log.Edited[baseline.Base]) != 1 || len(log.Edited[baseline.Anchor]) != 0 {
			t.Errorf("marks are lost:\n%s", whole)
		}
		if sane(pkg, name, why, text) && name != "" && pkg != "" && !strings.HasPrefix(name, "Benchmark") && name != "-" && pkg != "-" {
			problems(t, log, pkg, name, why, text)
			if log.Counter != why || log.Uncounted[key.Benchmark()] != cmp.Or(why, "-") || log.Work[key.Benchmark()] != work {
				t.Errorf("counter %q, uncounted %v, work %v", log.Counter, log.Uncounted, log.Work)
			}
			if !log.Edited[baseline.Base][function] || log.Stopped != why || log.Noise[key] != noise {
				t.Errorf("edited %v, stopped %q, noise %v", log.Edited, log.Stopped, log.Noise)
			}
		}
		again := ingest.Unfinished([]byte(whole + "# stopp"))
		log, err = ingest.Read("f", bytes.NewReader(again))
		if err != nil || log.Stopped != "" || slices.ContainsFunc(log.Problems, func(p baseline.Problem) bool { return p.Kind == baseline.NotRun }) {
			t.Errorf("gone on from:\n%s\n%v", again, err)
		}
	})
}

// wantBlock checks that the one block of the log is there as it was written.
func wantBlock(t *testing.T, log baseline.Log, text string) {
	t.Helper()
	var samples []baseline.Sample
	for _, run := range log.Runs {
		samples = append(samples, run.Samples...)
	}
	if len(samples) != 1 || samples[0].Name != "Z" || samples[0].Package != "p" || !slices.Equal(samples[0].Rounds, []int{3}) {
		t.Errorf("the results are %v:\n%s", samples, text)
	}
}

// problems checks what became of a `# failed:` and a `# not-run:` mark.
func problems(t *testing.T, log baseline.Log, pkg, name, why, text string) {
	t.Helper()
	kinds := map[baseline.ProblemKind]string{}
	for _, p := range log.Problems {
		if p.Package != pkg || p.Name != name {
			t.Errorf("a problem of %s %s: %+v", pkg, name, p)
		}
		kinds[p.Kind] = p.Detail
	}
	want := map[baseline.ProblemKind]string{baseline.NoResult: cmp.Or(text, "-"), baseline.NotRun: cmp.Or(why, "-")}
	if !maps.Equal(kinds, want) {
		t.Errorf("problems %v, want %v", kinds, want)
	}
}

// What a benchmark printed about itself is not the tracker's word that it was not reached, whether
// in a log of today or in one that was written before there was a mark for it.
func TestBenchmarkCannotSayThatItWasNotRun(t *testing.T) {
	key := baseline.Key{Package: "p", Name: "A-2"}
	said := ingest.Failed(baseline.Head, key, "not run: the moon was not up (exit status 1)")
	old := "# failed: base p B-2 not run: the budget of 3m0s came before its first round\n"
	text := "regress-log: 1\n" + said + old + ingest.NotRun(baseline.Head, key, "interrupt") + ingest.Stopped("interrupt")
	if have, want := string(ingest.Unfinished([]byte(text))), "regress-log: 1\n"+said; have != want {
		t.Errorf("gone on from\n%s, want\n%s", have, want)
	}
	log, _ := ingest.Read("f", strings.NewReader(text))
	kinds := []baseline.ProblemKind{}
	for _, p := range log.Problems {
		kinds = append(kinds, p.Kind)
	}
	if want := []baseline.ProblemKind{baseline.NoResult, baseline.NotRun, baseline.NotRun}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %q, want %q", kinds, want)
	}
}
