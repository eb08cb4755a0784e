package site

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
)

// visitor is a browser at a page, and what went wrong in it.
type visitor struct {
	*testing.T
	ctx  context.Context
	home string // address of the page
	wide int64  // of the window; 0: as it was
	mu   sync.Mutex
	bad  []string
}

// visit opens the page at home and listens: every request that leaves it, exception, violation of
// the policy and line of the console is a fault.
func visit(t *testing.T, ctx context.Context, home string) *visitor {
	t.Helper()
	v := &visitor{T: t, ctx: ctx, home: home}
	root := home[:strings.LastIndexByte(home, '/')+1]
	fault := func(format string, args ...any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.bad = append(v.bad, fmt.Sprintf(format, args...))
	}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, root) && !strings.HasPrefix(e.Request.URL, "data:image/") {
				fault("it asks for %.200s", e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			fault("exception: %.500s", e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			fault("%s: %.300s", e.Entry.Source, e.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			fault("console: %s", e.Type)
		}
	})
	v.run(network.Enable(), log.Enable(), runtime.Enable(), chromedp.Navigate(home))
	return v
}

func (v *visitor) run(actions ...chromedp.Action) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.Fatal(err)
	}
}

// js returns what an expression is.
func js[T any](v *visitor, expression string) (out T) {
	v.Helper()
	v.run(chromedp.Evaluate(expression, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return out
}

// await waits until an expression holds.
func (v *visitor) await(expression string) {
	v.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if js[bool](v, "Boolean("+expression+")") {
			return
		}
		if time.Now().After(end) {
			v.Fatalf("%s does not become true at %s, with %q typed; the page: %.300s", expression, js[string](v, "location.hash"), js[string](v, "document.getElementById('query').value"), js[string](v, "document.body.innerText"))
		}
	}
}

// open goes to a route, and waits until it stands there.
func (v *visitor) open(route string) {
	v.Helper()
	quoted, _ := json.Marshal(route)
	js[any](v, "void (location.hash = "+string(quoted)+")")
	v.await("document.documentElement.dataset.ready === (location.hash || '#/')")
}

// sound checks what holds of every view: nothing went wrong, nothing of a stranger became markup,
// nothing is wider than the window.
func (v *visitor) sound(where string) {
	v.Helper()
	v.mu.Lock()
	for _, bad := range v.bad {
		v.Errorf("%s: %s", where, bad)
	}
	v.bad = nil
	v.mu.Unlock()
	type state struct {
		Stolen, H1, Scripts, Images int
		Wide                        float64
	}
	s := js[state](v, `({Stolen: window.stolen || 0, H1: document.querySelectorAll('h1').length, Scripts: document.scripts.length, Images: document.images.length, Wide: document.documentElement.scrollWidth - (`+fmt.Sprint(v.wide)+` || window.innerWidth)})`)
	if s.Stolen != 0 || s.H1 != 1 || s.Scripts != 1 || s.Images != 0 || s.Wide > 0 {
		v.Errorf("%s: %+v: want one heading and script, no image, and nothing wider than the window", where, s)
	}
}

var axe = sync.OnceValue(func() string {
	file, err := os.Open("testdata/axe/axe.min.js.gz")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		panic(err)
	}
	return string(text)
})

// accessible runs axe-core over what is shown.
func (v *visitor) accessible(where string) {
	v.Helper()
	if !js[bool](v, "Boolean(window.axe)") {
		js[any](v, axe()+";undefined")
	}
	type violation struct {
		ID, Help string
		Nodes    []string
	}
	for _, found := range js[[]violation](v, `axe.run(document, {resultTypes: ['violations'], preload: false}).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + (n.any[0] ? n.any[0].message : ''))})))`) {
		v.Errorf("%s: axe: %s: %s: %q", where, found.ID, found.Help, found.Nodes)
	}
}

// look sets the size of the window and the colours.
func (v *visitor) look(wide, high int64, scheme string) {
	v.Helper()
	v.wide = wide
	v.run(emulation.SetDeviceMetricsOverride(wide, high, 1, wide < 600), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// shoot keeps a picture where REGRESS_SHOTS names a folder.
func (v *visitor) shoot(name string) {
	v.Helper()
	dir := os.Getenv("REGRESS_SHOTS")
	if dir == "" {
		return
	}
	var png []byte
	v.run(chromedp.Sleep(150*time.Millisecond), chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		v.Fatal(err)
	}
}

func seriesRoute(pkg, name, unit string, more ...string) string {
	q := url.Values{"package": {pkg}, "name": {name}, "unit": {unit}}
	for _, m := range more {
		key, value, _ := strings.Cut(m, "=")
		q.Add(key, value)
	}
	return "#/series?" + q.Encode()
}

const shmSeries = "PingPong/transport=shm/size=4KiB-2"

// routes are all views, in the states that they have.
func routes() [][2]string {
	bench := "github.com/acme/wire/bench"
	a, b := short(commitID(20)), short(commitID(110))
	return [][2]string{
		{"overview", "#/"},
		{"overview-newest", "#/?window=all&order=newest"},
		{"series", seriesRoute(bench, shmSeries, "sec/op")},
		{"series-picked", seriesRoute(bench, shmSeries, "sec/op", "pick="+a, "pick="+b, "zero=1", "machine=5f0c3a119e21")},
		{"series-zoomed", seriesRoute("github.com/acme/wire/codec", "Encode/codec=json-2", "allocs/op", "zoom=40-70")},
		{"series-held", seriesRoute("github.com/acme/wire/codec", "Held-2", "sec/op")},
		{"series-measured", seriesRoute("github.com/acme/wire/codec", "Held-2", "sec/op", "y=measured")},
		{"series-hostile", seriesRoute("github.com/acme/wire/"+hostile[0], hostile[5], "<b>units</b>/op")},
		{"search", "#/search"},
		{"search-filtered", "#/search?q=ping&key.transport=shm&unit=sec%2Fop&sort=noise"},
		{"compare-choice", "#/compare"},
		{"compare", "#/compare?a=" + a + "&b=" + b},
		{"missing", "#/series?name=Nothing"},
	}
}

// written returns the address of a page on the disk.
func written(t *testing.T, projects ...*Project) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if _, err := Write(dir, projects...); err != nil {
		t.Fatal(err)
	}
	return "file://" + dir + "/index.html"
}

// TestEveryView walks every view from a disk, on a desk and on a phone, light and dark.
func TestEveryView(t *testing.T) {
	v := visit(t, browse(t), written(t, demo(t)))
	for _, look := range []struct {
		name       string
		wide, high int64
		scheme     string
		axe        bool
	}{
		{"desk-light", 1280, 900, "light", true},
		{"phone-dark", 360, 740, "dark", true},
		{"desk-dark", 1280, 900, "dark", false},
		{"phone-light", 360, 740, "light", false},
		{"4k-light", 3840, 2160, "light", false},
	} {
		v.look(look.wide, look.high, look.scheme)
		for _, r := range routes() {
			where := look.name + " " + r[0]
			v.open(r[1])
			v.sound(where)
			v.shoot(look.name + "-" + r[0])
			if look.axe {
				v.accessible(where)
			}
		}
	}
}

// TestHostile: what a stranger named is on the page as text, to the letter where it prints.
func TestHostile(t *testing.T) {
	v := visit(t, browse(t), written(t, demo(t)))
	v.open("#/search?most=500")
	text := js[string](v, "document.getElementById('main').textContent")
	for _, name := range []string{hostile[0], hostile[1], "A/\uFFFDgnp.exe\uFFFD\uFFFD", hostile[4], "A/ \uFFFD\uFFFD[31m'\"`${window.stolen=1}", "<b>units</b>"} {
		if !strings.Contains(text, name) {
			t.Errorf("%q is not on the page", name)
		}
	}
	v.sound("search")
	for i, name := range hostile {
		v.open(seriesRoute("github.com/acme/wire/"+hostile[i%5], name, "<b>units</b>/op"))
		if n := js[int](v, "document.querySelectorAll('#plot canvas').length"); n != 1 {
			t.Errorf("%.60q has %d charts: %.300s", name, n, js[string](v, "document.getElementById('main').textContent"))
		}
		v.sound(name[:min(30, len(name))])
	}
	if links := js[[]string](v, `[...document.querySelectorAll('a')].map(a => a.getAttribute('href')).filter(h => !h.startsWith('#') && !h.startsWith('https://github.com/acme/wire/'))`); len(links) > 0 {
		t.Errorf("links lead to %q", links)
	}
}

// TestShareOfAll: only all is 100 %.
func TestShareOfAll(t *testing.T) {
	points := map[course.Name][]course.Point{}
	for i := range 250 {
		name := course.Name{Key: baseline.Key{Package: "p", Name: fmt.Sprint("S", i), Unit: "sec/op"}, Fingerprint: "f"}
		for run := range leastRuns {
			if i > 0 || run == 0 {
				points[name] = append(points[name], course.Point{Commit: commitID(run), Time: time.Unix(int64(run), 0), Value: 1e-6})
			}
		}
	}
	all, err := course.New(points, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t, browse(t), written(t, &Project{Name: "p", Page: all}))
	v.open("#/")
	if have := js[string](v, "document.querySelector('.facts').textContent"); !strings.Contains(have, "Enough runs to judge99 %249 of 250 series") {
		t.Errorf("249 of 250: %q", have)
	}
}

// TestChips: what go test adds to a name is no part of the value in front of it. The demo has names
// without it too, so that there are two values of GOMAXPROCS.
func TestChips(t *testing.T) {
	v := visit(t, browse(t), written(t, demo(t)))
	v.open(seriesRoute("github.com/acme/wire/bench", shmSeries, "sec/op"))
	if chips := js[string](v, "[...document.querySelectorAll('h1 .chip')].map(c => c.textContent).join('; ')"); chips != "transport shm; size 4KiB; gomaxprocs 2" {
		t.Errorf("chips %q", chips)
	}
}

// TestKeys walks without a mouse, and back.
func TestKeys(t *testing.T) {
	v := visit(t, browse(t), written(t, demo(t)))
	v.look(1280, 900, "light")
	v.open("#/")
	press := func(keys string) { v.Helper(); v.run(chromedp.KeyEvent(keys)) }
	focused := func() string { return js[string](v, "document.activeElement.textContent") }
	// One event with its text, as a keyboard has it: chromedp sends the text apart.
	v.run(input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithText("/"), input.DispatchKeyEvent(input.KeyUp).WithKey("/"))
	press("unix/size=4KiB")
	v.await("location.hash.includes('q=unix') && document.querySelectorAll('.results tbody tr').length === 4")
	v.run(chromedp.KeyEvent(kb.Enter))
	v.await("document.activeElement.matches('.results a')")
	first := focused()
	press("j")
	if second := focused(); second == first && js[int](v, "[...document.querySelectorAll('.results tbody a')].indexOf(document.activeElement)") != 1 {
		t.Errorf("j stays at %q", second)
	}
	press("k")
	press(kb.Enter)
	v.await("document.querySelector('#plot canvas')")
	v.await("document.activeElement.tagName === 'H1'")
	js[any](v, "void document.getElementById('plot').focus()")
	press(kb.ArrowLeft)
	press(kb.ArrowLeft)
	v.await("document.getElementById('readout').textContent.includes('2026-08-27')")
	press(kb.Enter)
	v.await("document.querySelectorAll('.picks .card').length === 2 && location.hash.includes('pick=')")
	if id := js[string](v, "document.activeElement.id"); id != "plot" {
		t.Errorf("after a pick the focus is at %q", id)
	}
	press(kb.Home)
	press(kb.Enter)
	v.await("document.querySelector('.picks').textContent.includes('Change points between')")
	js[any](v, "void history.back()")
	v.await("document.querySelectorAll('.picks .card').length === 2")
	js[any](v, "void history.go(-2)")
	v.await("document.querySelector('.results') && location.hash.includes('q=unix')")
	press("?")
	v.await("document.getElementById('keys').open")
	v.accessible("keys")
	press(kb.Escape)
	v.await("!document.getElementById('keys').open")
	before := js[string](v, "getComputedStyle(document.body).backgroundColor")
	press("t")
	press("t")
	v.await("document.documentElement.dataset.theme === 'dark'")
	if after := js[string](v, "getComputedStyle(document.body).backgroundColor"); after == before {
		t.Error("t changes no colour")
	}
	press("c")
	v.await("document.querySelector('h1').textContent === 'Compare two commits'")
	v.sound("keys")
}

// TestPrints: paper is light, also where the screen is dark, and the screen is dark again after it.
func TestPrints(t *testing.T) {
	v := visit(t, browse(t), written(t, demo(t)))
	v.look(1280, 900, "dark")
	v.open(seriesRoute("github.com/acme/wire/bench", shmSeries, "sec/op"))
	js[any](v, `void window.addEventListener('beforeprint', () => { window.paper = getComputedStyle(document.documentElement).getPropertyValue('--level') + document.querySelectorAll('#plot canvas').length; })`)
	var pdf []byte
	v.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().Do(ctx)
		return err
	}))
	v.await("window.paper && !document.documentElement.dataset.theme")
	if paper := js[string](v, "window.paper"); paper != "#1b1d211" || len(pdf) < 10_000 {
		t.Errorf("the line of a level is printed as %q, in %d bytes", paper, len(pdf))
	}
	v.sound("printed")
}

// TestPointer points at a run, picks two, and looks closer by dragging.
func TestPointer(t *testing.T) {
	v := visit(t, browse(t), written(t, demo(t)))
	v.look(1280, 900, "light")
	v.open(seriesRoute("github.com/acme/wire/bench", shmSeries, "sec/op", "machine=5f0c3a119e21"))
	type place struct{ X, Y, W float64 }
	p := js[place](v, "(r => ({X: r.x, Y: r.y + r.height / 2, W: r.width}))(document.querySelector('.u-over').getBoundingClientRect())")
	at := func(part float64) float64 { return p.X + p.W*part }
	v.run(chromedp.MouseEvent("mouseMoved", at(.5), p.Y))
	v.await("/2026-0[67]-\\d\\d/.test(document.getElementById('readout').textContent)")
	v.run(chromedp.MouseClickXY(at(.1), p.Y))
	v.await("document.querySelectorAll('.picks .card').length === 2")
	v.run(chromedp.MouseClickXY(at(.95), p.Y))
	v.await("document.querySelector('.picks').textContent.includes('+1')")
	v.run(chromedp.MouseEvent("mousePressed", at(.6), p.Y, chromedp.ButtonType("left")), chromedp.MouseEvent("mouseMoved", at(.7), p.Y), chromedp.MouseEvent("mouseMoved", at(.9), p.Y), chromedp.MouseEvent("mouseReleased", at(.9), p.Y, chromedp.ButtonType("left")))
	v.await("/zoom=7\\d-10\\d/.test(location.hash)")
	v.await("[...document.querySelectorAll('button')].some(b => b.textContent === 'Whole course')")
	if to := js[string](v, "[...document.querySelectorAll('.picks a')].map(a => a.href).find(h => h.includes('/compare/'))"); !strings.HasPrefix(to, "https://github.com/acme/wire/compare/") {
		t.Errorf("the difference of two commits is at %q", to)
	}
	v.sound("pointer")
}
