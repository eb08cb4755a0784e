package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The tests' binary plays the roles that the program itself plays.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if done, code := playRole(os.Args[1:]); done {
			os.Exit(code)
		}
	}
	os.Exit(m.Run())
}

// everybody is the whole field, with the floor compiled.
func everybody(t *testing.T, dir string) []rival {
	t.Helper()
	floor, _, err := buildFloor(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return field(self, floor)
}

// Every contestant moves 1000 messages, of which both sides check every byte.
func TestEveryMessageArrives(t *testing.T) {
	dir := t.TempDir()
	jobs := []struct {
		work   work
		budget string
		n      int64
	}{
		{work{trip, 100, 1}, "1000x", 1000},
		{work{flow, 100, 1}, "1000x", 1000},
		{work{flow, 100, batch}, "1000x", 1000}, // 15 batches and 40 messages that the question flushes
		{work{trip, 1 << 20, 1}, "5x", 5},
		{work{flow, 1 << 20, 1}, "20x", 20},
		{work{gather, 100, 3}, "200x", 200},
		{work{fanIn, 100, 3}, "1000x", 1000},
		{connWorks()[0], "300x", 300},
		{connWorks()[1], "300x", 300},
		{connWorks()[2], "300x", 300},
		{connWorks()[3], "10x", 10},
	}
	for _, r := range everybody(t, dir) {
		t.Run(r.name, func(t *testing.T) {
			for _, j := range jobs {
				if !r.plays(j.work) {
					continue
				}
				got, err := r.run(t.Context(), dir, j.work, j.budget, 20)
				if err != nil {
					t.Fatal(err)
				}
				if got.n != j.n {
					t.Errorf("%v: %d messages, want %d", j.work, got.n, j.n)
				}
				if timed(j.work.kind) && (got.p50 <= 0 || got.p95 < got.p50 || got.p99 < got.p95) {
					t.Errorf("%v: percentiles out of order: %v", j.work, got)
				}
			}
		})
	}
}

// An interrupted measurement leaves neither of its processes behind.
func TestInterruptLeavesNoProcess(t *testing.T) {
	dir := t.TempDir()
	for _, r := range everybody(t, dir) {
		if r.name != "ours-shm" && r.name != "go-unix" && r.name != "c-shm" {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := r.run(ctx, dir, work{flow, 64, 1}, "30", 30); err == nil {
				t.Fatal("a measurement of 30 s ended in one")
			}
			var left []string
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				if left = processes(dir); len(left) == 0 {
					return
				}
			}
			t.Errorf("still running: %q", left)
		})
	}
}

// processes lists the living processes that have dir in their environment.
func processes(dir string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil && strings.Contains(string(b), "TMPDIR="+dir+"\x00") {
			cmdline, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
			found = append(found, strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return found
}

// The whole command, on a few measurements.
func TestCommandPrintsTables(t *testing.T) {
	check := func(wantCode int, want []string, args ...string) {
		t.Helper()
		var out, errs strings.Builder
		if code := command(t.Context(), args, &out, &errs); code != wantCode {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, wantCode, errs.String())
		}
		for _, w := range want {
			if !strings.Contains(out.String()+errs.String(), w) {
				t.Errorf("%q does not print %q but\n%s%s", args, w, out.String(), errs.String())
			}
		}
	}
	const only, once = "^(ours|c)-unix/.*(trip|flow) 64 B$", "1ns"
	check(0, []string{
		"| c-unix |", "| ours-unix |", "| ours-unix / c-unix |", "\n1 rounds; a cache line crossed", "crosses in",
		"| one way, 64 B | ours-unix ", "| c-unix ", " M/s | ≥ 0.75 |", "| 1 | undecided |", "bars were still open after -limit 1ns",
	}, "-seconds", ".01", "-only", only, "-limit", once)
	check(0, []string{
		"BenchmarkTrip/peer=c-unix/size=64B-", "BenchmarkFlow/peer=ours-unix/size=64B/mode=plain-",
		" p99-latency-ns", " msg/s", "# round: 1", "Unit msg/s better=higher",
	}, "-seconds", ".01", "-only", only, "-limit", once, "-format", "bench")
	check(0, []string{"| allocations a message, trip 64 B | ours-unix |  | ≤ 0 | 0 [0, 0] | 8 | met |", "\n8 rounds"},
		"-seconds", ".01", "-only", "ours-unix trip 64 B", "-field", "0")
	check(0, []string{
		"| encoding-json |", "| ours-bincode2 |", "; 384 B", "| encode, mixed | ours-bincode1 ",
		"| fastest JSON (", "| ≥ 2 |", "goccy/go-json v",
	}, "-seconds", ".01", "-only", "^codec/.*/mixed", "-limit", once)
	check(0, []string{
		"BenchmarkEncode/format=ours-json/payload=order", "BenchmarkDecode/format=ours-json/payload=small", "\t793 encoded-bytes",
	}, "-seconds", ".01", "-only", "codec/ours-json/(order|small)", "-format", "bench")
	check(0, []string{"| net/http, a GET over a kept connection, p50 | netconn-shm ", " µs | net-unix ", "| ≤ 0.5 |"},
		"-seconds", ".01", "-limit", once, "-only", "netconn-shm/net-unix get", "-field", "0")
	check(1, []string{"matches nothing"}, "-only", "nobody")
	check(2, []string{"want .01 to 60"}, "-seconds", "NaN")
	check(2, []string{"want flags only"}, "table")
	check(2, []string{"want table or bench"}, "-format", "json")
	check(2, []string{"want 0 or more"}, "-field", "-1")
	check(2, []string{"want more than 0"}, "-limit", "0s")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	check(0, []string{"no C compiler", "| ours-unix |", "| not measured |"}, "-seconds", ".01", "-only", only, "-limit", once)
}
