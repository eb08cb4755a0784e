package site

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
)

// unpacked returns what the page makes of a column.
func unpacked(p packed) (out []float64) {
	for i := 0; i < len(p.Text); i += p.Width {
		n := 0.
		for _, c := range p.Text[i : i+p.Width] {
			n = n*64 + float64(strings.IndexRune(digits, c))
		}
		out = append(out, n*p.Step)
	}
	return out
}

func TestPack(t *testing.T) {
	check := func(what string, values []float64, width int, within float64) {
		t.Helper()
		p := pack(values)
		if p.Width != width {
			t.Errorf("%s: %d digits a value, want %d", what, p.Width, width)
		}
		for i, have := range unpacked(p) {
			if math.Abs(have-values[i]) > within*values[i] {
				t.Errorf("%s: %g reads as %g", what, values[i], have)
			}
		}
	}
	check("nothing", nil, 1, 0)
	check("zeros", []float64{0, 0}, 1, 0)
	check("counts", []float64{0, 63}, 1, 0)
	check("64 takes two digits", []float64{64, 1}, 2, 0)
	check("bytes", []float64{4096, 4100, 1 << 40}, 7, 0) // 2^40 < 64^7
	check("times of one scale", []float64{1.0234e-6, 2.5e-6}, 3, 5e-5)
	check("times of several", []float64{1e-9, 1}, 8, 5e-5)
	check("a denormal beside a giant", []float64{math.MaxFloat64, 5e-324}, 8, 1)
	check("a denormal", []float64{5e-324, 1e-323}, 1, 1)
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		v := math.Exp(40 * r.NormFloat64())
		check("at random", []float64{v, v * 1.7}, pack([]float64{v, v * 1.7}).Width, 5.1e-5)
	}
	if p := packRough([]float64{1, .5, 0}); p.Width != 2 || math.Abs(unpacked(p)[1]-.5) > 1./8000 {
		t.Errorf("roughly: %+v", p)
	}
}

// TestWrite: the same project gives the same bytes, no file of another page is left, and a folder
// that is no page is left alone.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "site")
	written, err := Write(dir, demo(t))
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := read("data/p0/index.js")
	stale := filepath.Join(dir, "data", "p9", "s3.js")
	if err := os.MkdirAll(filepath.Dir(stale), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if again, err := Write(dir, demo(t)); err != nil || again != written || read("data/p0/index.js") != first {
		t.Errorf("written again: %+v and %+v, %v", again, written, err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("a file of an older page is left")
	}
	if !strings.Contains(read("app.js"), "Copyright (c)") || !strings.Contains(read("index.html"), Policy) {
		t.Error("the licence of uPlot is not in the script, or the policy not in the page")
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(other, demo(t)); err == nil || !strings.Contains(err.Error(), "holds other files") {
		t.Errorf("into a folder of something else: %v", err)
	}
}

// TestData: no text of data ends its script, and numbers lead where they say.
func TestData(t *testing.T) {
	p := demo(t)
	for name, text := range documents(p, "p0").files {
		if bytes.Contains(text, []byte("</")) || bytes.Contains(text, []byte("\u2028")) || bytes.Count(text, []byte("\n")) != 1 {
			t.Errorf("%s holds what ends a script or a line", name)
		}
	}
	b := bind(p)
	shards := b.shards()
	runs := b.runsFile()
	for i, shard := range shards {
		for _, s := range shard.Series {
			if at := shardOf(b.packages.all[s.Package], s.Name, len(shards)); at != i {
				t.Errorf("%.40s is in shard %d and looked for in %d", s.Name, i, at)
			}
			n := 0
			for _, r := range s.Runs {
				n += r[1]
				if runs.Machine[r[0]] != s.Machine {
					t.Errorf("%.40s has a run of another machine", s.Name)
				}
			}
			if n != len(s.Values.Text)/s.Values.Width {
				t.Errorf("%.40s has %d runs and %d values", s.Name, n, len(s.Values.Text)/s.Values.Width)
			}
		}
	}
	first, causes := b.index(len(shards))
	if len(first.Causes) == 0 || first.Causes[0].By < first.Causes[len(first.Causes)-1].By {
		t.Fatalf("%d causes, the newest not first", len(first.Causes))
	}
	for _, c := range first.Causes {
		if c.Worse+c.Better+c.Other != len(c.Steps)+c.More {
			t.Errorf("cause %d: %d worse, %d better, %d other of %d", c.ID, c.Worse, c.Better, c.Other, len(c.Steps)+c.More)
		}
	}
	worst := 0
	for _, s := range b.listing(causes).Series {
		worst += len(s.Causes)
	}
	steps := 0
	for _, c := range p.Page.Causes {
		steps += len(c.Steps)
	}
	if worst != steps {
		t.Errorf("series name %d causes, and causes have %d steps", worst, steps)
	}
}

// TestSizes holds the page of 2,000 series of 500 runs, an anchor beside each, to 10 MB, and a view
// of one to 300 kB. What it takes is printed by -v.
func TestSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("it finds the changes of a million points")
	}
	const n = 500
	points := map[course.Name][]course.Point{}
	for i := range 2000 {
		name := course.Name{Key: baseline.Key{Package: "github.com/acme/wire/bench", Name: "PingPong/transport=shm/size=" + strings.Repeat("1", i%7) + "/case=" + string(rune('a'+i%26)), Unit: "sec/op"}, Fingerprint: "5f0c3a119e21"}
		name.Key.Name += strings.Repeat("x", i/182)
		points[name] = walk(uint64(i), n, 1, .01, stepping(100+i%300, 1e-6, 1+float64(i%5)/50))
		for k := range points[name] { // what was measured and what is held against the anchor are both kept
			points[name][k].Beside = []course.Held{{Commit: commitID(0), Value: 1e-6 * (1 + .01*float64(k%9))}}
		}
	}
	if len(points) < 1900 {
		t.Fatalf("%d names", len(points))
	}
	page, err := course.New(points, history(n))
	if err != nil {
		t.Fatal(err)
	}
	written, err := Write(filepath.Join(t.TempDir(), "site"), &Project{Name: "github.com/acme/wire", Repository: "https://github.com/acme/wire", Page: page, Units: map[string]baseline.Direction{"sec/op": baseline.Lower}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d points of %d series: %.1f MB in %d files, a view loads %d kB", written.Points, written.Series, float64(written.Bytes)/1e6, written.Files, written.View/1000)
	if written.Bytes > 10e6 || written.View > 300e3 {
		t.Errorf("%d bytes, a view loads %d", written.Bytes, written.View)
	}
}

func TestIndexIsJSON(t *testing.T) {
	text := documents(demo(t), "p0").files["p0/index.js"]
	_, text, _ = bytes.Cut(text, []byte(", "))
	_, text, _ = bytes.Cut(text, []byte(", "))
	var doc index
	if err := json.Unmarshal(bytes.TrimSuffix(bytes.TrimSpace(text), []byte(");")), &doc); err != nil || doc.Project != "github.com/acme/wire" {
		t.Errorf("%v: %+v", err, doc)
	}
}
