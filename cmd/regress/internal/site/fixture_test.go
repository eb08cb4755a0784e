package site

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

var start = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func commitID(i int) string { return fmt.Sprintf("%08x%032x", uint32(i)*2654435761, i) }

// hostile are texts that a stranger may have called a benchmark, a commit or an author.
var hostile = []string{
	`A/<script>window.stolen=1</script>`,
	`A/"><img src=x onerror="window.stolen=1">`,
	"A/\u202egnp.exe\u2066\u200b",
	"A/javascript:window.stolen=1//",
	"A/</script><script>window.stolen=1</script>",
	"A/\u2028\x00\x1b[31m'\"`${window.stolen=1}",
	"A/long=" + strings.Repeat("x", 64<<10),
}

// history returns n commits, one a day, whose subjects are as those of a project.
func history(n int) (out []course.Commit) {
	subjects := []string{"codec: reuse the buffer of a frame (#%d)", "Merge pull request #%d from a/b", "pattern: a reply waits for its request", "docs: how to measure", "shm: one copy less (#%d)", "go.mod: newer modules"}
	for i := range n {
		subject := subjects[i%len(subjects)]
		if strings.Contains(subject, "%d") {
			subject = fmt.Sprintf(subject, 100+i)
		}
		out = append(out, course.Commit{ID: commitID(i), Author: []string{"Ada", "Grace", "Edsger"}[i%3], Subject: subject, Time: start.AddDate(0, 0, i)})
	}
	out[n-1].Pull = 4711
	return out
}

// walk returns a point for every commit that is measured, around levels by commit, with noise.
func walk(seed uint64, n, every int, noise float64, level func(i int) float64) (out []course.Point) {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := 0; i < n; i += every {
		environment := "go1.25, 6.1"
		if i >= n*3/4 {
			environment = "go1.26, 6.1"
		}
		v := level(i) * math.Exp(noise*r.NormFloat64())
		out = append(out, course.Point{Commit: commitID(i), Time: start.AddDate(0, 0, i).Add(3 * time.Hour), Value: v, Spread: v * noise / 2, Rounds: 6, Environment: environment})
	}
	return out
}

func stepping(at int, from, by float64) func(int) float64 {
	return func(i int) float64 {
		if i >= at {
			return from * by
		}
		return from
	}
}

// demo returns a project as users have them: steps of several causes, a creep that is none, a
// change of what measures, zeros, two machines, and names of strangers.
func demo(t testing.TB) *Project {
	t.Helper()
	const n = 120
	points := map[course.Name][]course.Point{}
	add := func(machine, pkg, name, unit string, list []course.Point) {
		points[course.Name{Key: baseline.Key{Package: pkg, Name: name, Unit: unit}, Fingerprint: machine}] = list
	}
	seed := uint64(0)
	for _, machine := range []string{"5f0c3a119e21", "0a1b2c3d4e5f"} {
		for k, transport := range []string{"pipe", "unix", "shm"} {
			for j, size := range []string{"64B", "4KiB", "1MiB"} {
				seed++
				name := fmt.Sprintf("PingPong/transport=%s/size=%s-2", transport, size)
				at, by := 200, 1.
				if transport == "shm" {
					at, by = 85, 1.12+.05*float64(j)
				}
				if transport == "unix" && size == "4KiB" {
					at, by = 60, .8
				}
				add(machine, "github.com/acme/wire/bench", name, "sec/op", walk(seed, n, 1, .008*float64(k+1), stepping(at, 2e-6*math.Pow(9, float64(j)), by)))
				add(machine, "github.com/acme/wire/bench", name, "B/op", walk(seed, n, 1, 0, stepping(at, 96, 1)))
			}
		}
	}
	const first = "5f0c3a119e21"
	add(first, "github.com/acme/wire/codec", "Encode/codec=json-2", "sec/op", walk(91, n, 3, .004, stepping(31, 4e-6, 1.3)))
	add(first, "github.com/acme/wire/codec", "Encode/codec=json-2", "B/s", walk(92, n, 3, .01, stepping(31, 3e8, 1/1.3)))
	add(first, "github.com/acme/wire/codec", "Encode/codec=json-2", "allocs/op", walk(93, n, 1, 0, stepping(50, 0, 1)))
	add(first, "github.com/acme/wire/codec", "Decode-2", "allocs/op", walk(94, n, 1, 0, func(i int) float64 { return float64(2 * (i / 100)) }))
	add(first, "github.com/acme/wire/codec", "Go-2", "sec/op", walk(95, n, 1, .005, stepping(90, 1e-6, .93)))
	add(first, "github.com/acme/wire/codec", "Young-2", "sec/op", walk(96, 4, 1, .005, stepping(90, 1e-6, 1)))
	// Held against an anchor beside each run: the machine of a day moves both.
	beside := walk(98, n, 1, .04, stepping(70, 5e-6, 1.06))
	for i := range beside {
		day := math.Exp(.05 * math.Sin(float64(i*i)))
		beside[i].Value = day * 5e-6 * math.Exp(.002*math.Sin(float64(7*i)))
		beside[i].Beside = []course.Held{{Commit: commitID(2), Value: day * 5e-6}}
		if i >= 70 {
			beside[i].Value *= 1.06
		}
	}
	add(first, "github.com/acme/wire/codec", "Held-2", "sec/op", beside)
	for i, name := range hostile {
		add(first, "github.com/acme/wire/"+hostile[i%5], name, "<b>units</b>/op", walk(97, n, 1, .005, stepping(100, 1e3, 1.2)))
	}
	commits := history(n)
	commits[100].Author, commits[100].Subject = hostile[1], hostile[0]
	page, err := course.New(points, commits)
	if err != nil {
		t.Fatal(err)
	}
	margin, value := 1.31, 2.1e-6
	return &Project{
		Name: "github.com/acme/wire", Branch: "main", Repository: "https://github.com/acme/wire", Page: page,
		Units:    map[string]baseline.Direction{"sec/op": baseline.Lower, "B/op": baseline.Lower, "B/s": baseline.Higher, "allocs/op": baseline.Lower, "<b>units</b>/op": baseline.Lower},
		Machines: map[string]string{first: "AMD EPYC 9B14, 2 cores, linux/amd64", "0a1b2c3d4e5f": "Neoverse-N2, 4 cores, linux/arm64"},
		Measured: start.AddDate(0, 0, n),
		Targets: []gate.TargetRow{
			{Target: "ping-pong", Package: "github.com/acme/wire/bench", Name: "PingPong/transport=shm/size=64B-2", Unit: "sec/op", Limit: 2.75e-6, Below: true, Value: &value, Margin: &margin, Verdict: gate.Met},
			{Target: hostile[0], Unit: "B/s", Limit: 1e9, Verdict: gate.NotMeasured},
		},
	}
}
