package placement

import "strings"

// blind are pull requests that were written, and committed, before the finder
// was first run on any of them.
var blind = []pull{
	{
		name: "a regular expression that does more", kind: CPU, bench: "Known",
		files: map[string]string{
			"shop.go": `package shop

import "regexp"

const minLength = 3

var sku = regexp.MustCompile("^[a-z]+-[0-9]+$")

func trim(s string) string {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return s
}

func known(s string) bool {
	s = trim(s)
	return len(s) >= minLength && sku.MatchString(s)
}

func Known(all []string) int {
	n := 0
	for _, s := range all {
		if known(s) {
			n++
		}
	}
	return n
}
`,
			"shop_test.go": benchHead + `func BenchmarkKnown(b *testing.B) {
	all := []string{" shirt-1234", "trousers-98765", "a-1", "a considerably longer text that is no number at all"}
	for b.Loop() {
		total += Known(all)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "const minLength = 3\n", "const minLength = 2\n", false},
			{"shop.go", `"^[a-z]+-[0-9]+$"`, `"^(?:([a-z]+)|([a-z ]+[a-z]))+-([0-9]+)$"`, true},
			{"shop.go", "\t\ts = s[1:]\n", "\t\ts = s[1:len(s)]\n", false},
			{"shop.go", "\tfor _, s := range all {\n\t\tif known(s) {\n", "\tfor i := range all {\n\t\tif known(all[i]) {\n", false},
		},
	},
	{
		name: "a message that is formatted and thrown away", kind: CPU, bench: "Total",
		files: map[string]string{
			"shop.go": `package shop

import "fmt"

type Line struct {
	Name  string
	Cents int
	Count int
}

var verbose = false

func debug(text string) {
	if verbose {
		fmt.Println(text)
	}
}

func discount(cents int) int {
	if cents > 10000 {
		return cents / 10
	}
	return 0
}

func Total(lines []Line) int {
	sum := 0
	for _, l := range lines {
		sum += l.Cents * l.Count
	}
	sum -= discount(sum)
	debug("summed")
	return sum
}
`,
			"shop_test.go": benchHead + `func BenchmarkTotal(b *testing.B) {
	lines := []Line{{"shirt", 1999, 2}, {"socks", 499, 10}, {"hat", 2999, 1}}
	for b.Loop() {
		total += Total(lines)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\t\treturn cents / 10\n", "\t\treturn cents * 10 / 100\n", false},
			{"shop.go", "\t\tsum += l.Cents * l.Count\n", "\t\tsum += l.Count * l.Cents\n", false},
			{"shop.go", "\tdebug(\"summed\")\n", "\tdebug(fmt.Sprintf(\"summed %d lines to %d\", len(lines), sum))\n", true},
		},
	},
	{
		name: "a mutex in a package that counts", kind: CPU, bench: "Handle",
		files: map[string]string{
			"shop.go": `package shop

import "example.com/shop/metrics"

type Handler struct {
	counter metrics.Counter
	state   uint32
}

func (h *Handler) work(n uint32) uint32 {
	h.state = h.state*1664525 + n
	return h.state >> 16
}

func (h *Handler) Handle(n uint32) uint32 {
	out := h.work(n)
	h.counter.Add(1)
	return out
}
`,
			"metrics/metrics.go": `package metrics

// Counter counts.
type Counter struct {
	n int
}

// Add adds n.
func (c *Counter) Add(n int) {
	c.n += n
}

// Value is what was counted.
func (c *Counter) Value() int { return c.n }
`,
			"shop_test.go": benchHead + `func BenchmarkHandle(b *testing.B) {
	h := &Handler{}
	for b.Loop() {
		for i := range uint32(100) {
			total += int(h.Handle(i))
		}
	}
}
`,
		},
		edits: []edit{
			{"metrics/metrics.go", "package metrics\n", "package metrics\n\nimport \"sync\"\n", false},
			{"metrics/metrics.go", "\tn int\n", "\tmu sync.Mutex\n\tn  int\n", true},
			{"metrics/metrics.go", "\tc.n += n\n", "\tc.mu.Lock()\n\tdefer c.mu.Unlock()\n\tc.n += n\n", true},
			{"shop.go", "\th.state = h.state*1664525 + n\n", "\th.state = n + h.state*1664525\n", false},
			{"shop.go", "\tout := h.work(n)\n", "\tout := h.work(n + 1)\n", false},
		},
	},
	{
		name: "inserting at the front", kind: CPU, bench: "Latest",
		files: map[string]string{
			"shop.go": `package shop

type event struct {
	id   int
	size int
}

func keep(e event) bool { return e.size > 2 }

func Latest(events []event) []event {
	out := make([]event, 0, len(events))
	for _, e := range events {
		if keep(e) {
			out = append(out, e)
		}
	}
	for i := range out {
		out[i].size++
	}
	return out
}
`,
			"shop_test.go": benchHead + `func BenchmarkLatest(b *testing.B) {
	events := make([]event, 300)
	for i := range events {
		events[i] = event{i, i}
	}
	for b.Loop() {
		total += len(Latest(events))
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "{ return e.size > 2 }", "{ return e.size >= 3 }", false},
			{"shop.go", "\t\t\tout = append(out, e)\n", "\t\t\tout = append([]event{e}, out...)\n", true},
			{"shop.go", "\t\tout[i].size++\n", "\t\tout[i].size += 1\n", false},
		},
	},
	{
		name: "a stronger hash in a package below", kind: CPU, bench: "Spread",
		files: map[string]string{
			"shop.go": `package shop

import "example.com/shop/internal/digest"

type Ring struct {
	slots []int
}

func (r *Ring) slot(key string) int {
	return int(digest.Of(key) % uint64(len(r.slots)))
}

func (r *Ring) Spread(keys []string) {
	for _, key := range keys {
		at := r.slot(key)
		r.slots[at]++
	}
}
`,
			"internal/digest/digest.go": `package digest

const offset = 14695981039346656037

// Of is a number for a text.
func Of(text string) uint64 {
	h := uint64(offset)
	for i := range len(text) {
		h ^= uint64(text[i])
		h *= 1099511628211
	}
	return h
}
`,
			"shop_test.go": benchHead + `func BenchmarkSpread(b *testing.B) {
	r := &Ring{slots: make([]int, 31)}
	keys := []string{"shirts", "trousers", "hats", "socks and shoes"}
	for b.Loop() {
		r.Spread(keys)
	}
}
`,
		},
		edits: []edit{
			{"internal/digest/digest.go", "package digest\n\nconst offset = 14695981039346656037\n", "package digest\n\nimport (\n\t\"crypto/sha256\"\n\t\"encoding/binary\"\n)\n", false},
			{"internal/digest/digest.go", "\th := uint64(offset)\n\tfor i := range len(text) {\n\t\th ^= uint64(text[i])\n\t\th *= 1099511628211\n\t}\n\treturn h\n", "\tsum := sha256.Sum256([]byte(text))\n\treturn binary.LittleEndian.Uint64(sum[:])\n", true},
			{"shop.go", "\treturn int(digest.Of(key) % uint64(len(r.slots)))\n", "\tn := uint64(len(r.slots))\n\treturn int(digest.Of(key) % n)\n", false},
			{"shop.go", "\t\tat := r.slot(key)\n\t\tr.slots[at]++\n", "\t\tr.slots[r.slot(key)]++\n", false},
		},
	},
	{
		name: "a deferred call in a loop", kind: CPU, bench: "Drain",
		files: map[string]string{
			"shop.go": `package shop

type Pool struct {
	free int
	used int
}

func (p *Pool) take() { p.free--; p.used++ }

func (p *Pool) give() { p.free++; p.used-- }

func step(x, n int) int {
	return x*31 + n
}

func (p *Pool) Drain(jobs []int) int {
	x := 0
	for _, n := range jobs {
		p.take()
		x = step(x, n)
		p.give()
	}
	return x
}
`,
			"shop_test.go": benchHead + `func BenchmarkDrain(b *testing.B) {
	p := &Pool{free: 4}
	jobs := make([]int, 100)
	for b.Loop() {
		total += p.Drain(jobs)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "{ p.free--; p.used++ }", "{ p.used++; p.free-- }", false},
			{"shop.go", "\treturn x*31 + n\n", "\treturn n + x*31\n", false},
			{"shop.go", "\t\tp.take()\n\t\tx = step(x, n)\n\t\tp.give()\n", "\t\tp.take()\n\t\tdefer p.give()\n\t\tx = step(x, n)\n", true},
		},
	},
	{
		name: "a set that is a map", kind: CPU, bench: "Letters",
		files: map[string]string{
			"shop.go": `package shop

import "example.com/shop/set"

func isVowel(c byte) bool {
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'
}

func Letters(text string) int {
	var seen set.Bytes
	n := 0
	for i := range len(text) {
		c := text[i]
		if !isVowel(c) && !seen.Has(c) {
			seen.Add(c)
			n++
		}
	}
	return n
}
`,
			"set/set.go": `package set

// Bytes is a set of bytes.
type Bytes struct {
	bits [4]uint64
}

// Add adds c.
func (s *Bytes) Add(c byte) {
	s.bits[c>>6] |= 1 << (c & 63)
}

// Has reports whether c was added.
func (s *Bytes) Has(c byte) bool {
	return s.bits[c>>6]&(1<<(c&63)) != 0
}
`,
			"shop_test.go": benchHead + `func BenchmarkLetters(b *testing.B) {
	text := "sphinx of black quartz, judge my vow; pack my box with five dozen liquor jugs"
	for b.Loop() {
		total += Letters(text)
	}
}
`,
		},
		edits: []edit{
			{"set/set.go", "\tbits [4]uint64\n", "\tin map[byte]bool\n", true},
			{"set/set.go", "\ts.bits[c>>6] |= 1 << (c & 63)\n", "\tif s.in == nil {\n\t\ts.in = map[byte]bool{}\n\t}\n\ts.in[c] = true\n", true},
			{"set/set.go", "\treturn s.bits[c>>6]&(1<<(c&63)) != 0\n", "\treturn s.in[c]\n", true},
			{"shop.go", "\treturn c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'\n", "\treturn c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'A'\n", false},
			{"shop.go", "\t\tc := text[i]\n", "\t\tvar c = text[i]\n", false},
		},
	},
	{
		name: "numbers passed as interfaces", kind: Objects, bench: "Fold",
		files: map[string]string{
			"shop.go": `package shop

func merge(a, b int) int {
	return a + b
}

func scale(n int) int { return n * 1000 }

func Fold(all []int) int {
	acc := 0
	for _, n := range all {
		acc = merge(acc, scale(n))
	}
	return acc
}
`,
			"shop_test.go": benchHead + `func BenchmarkFold(b *testing.B) {
	all := []int{1, 2, 3, 4, 5, 6, 7, 8}
	for b.Loop() {
		sink = make([]int, 3)
		total += Fold(all)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "func merge(a, b int) int {\n\treturn a + b\n", "//go:noinline\nfunc merge(a, b any) any {\n\treturn a.(int) + b.(int)\n", true},
			{"shop.go", "{ return n * 1000 }", "{ return 1000 * n }", false},
			{"shop.go", "\t\tacc = merge(acc, scale(n))\n", "\t\tacc = merge(acc, scale(n)).(int)\n", true},
			{"shop_test.go", "sink = make([]int, 3)", "sink = make([]int, 4)", false},
		},
	},
	{
		name: "a channel without a buffer", kind: CPU, bench: "Pipe",
		files: map[string]string{
			"shop.go": `package shop

func produce(n int, out chan<- int) {
	for i := range n {
		out <- i * 3
	}
	close(out)
}

func open() chan int {
	return make(chan int, 128)
}

func Pipe(n int) int {
	items := open()
	go produce(n, items)
	sum := 0
	for item := range items {
		sum += item & 7
	}
	return sum
}
`,
			"shop_test.go": benchHead + `func BenchmarkPipe(b *testing.B) {
	for b.Loop() {
		total += Pipe(1000)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\t\tout <- i * 3\n", "\t\tout <- 3 * i\n", false},
			{"shop.go", "\treturn make(chan int, 128)\n", "\treturn make(chan int)\n", true},
			{"shop.go", "\t\tsum += item & 7\n", "\t\tsum += item & 15\n", false},
		},
	},
	{
		name: "a structure that grew and is copied", kind: CPU, bench: "Cheapest",
		files: map[string]string{
			"shop.go": `package shop

func cheaper(a, b Offer) bool {
	return a.Cents < b.Cents
}

func Cheapest(offers []Offer) int {
	best := offers[0]
	for _, o := range offers {
		if cheaper(o, best) {
			best = o
		}
	}
	return best.ID
}
`,
			"offer.go": `package shop

// Offer is for sale.
type Offer struct {
	ID    int
	Cents int
}

// Name is shown.
func (o Offer) Name() string { return "offer" }
`,
			"shop_test.go": benchHead + `func BenchmarkCheapest(b *testing.B) {
	offers := make([]Offer, 100)
	for i := range offers {
		offers[i] = Offer{ID: i, Cents: 1000 - i}
	}
	for b.Loop() {
		total += Cheapest(offers)
	}
}
`,
		},
		edits: []edit{
			{"offer.go", "\tCents int\n", "\tCents int\n\tImage [1024]byte\n", true},
			{"offer.go", `{ return "offer" }`, `{ return "an offer" }`, false},
			{"shop.go", "\treturn a.Cents < b.Cents\n", "\treturn b.Cents > a.Cents\n", false},
			{"shop.go", "\tbest := offers[0]\n\tfor _, o := range offers {\n\t\tif cheaper(o, best) {\n\t\t\tbest = o\n", "\tlow := offers[0]\n\tfor _, o := range offers {\n\t\tif cheaper(o, low) {\n\t\t\tlow = o\n", false},
			{"shop.go", "\treturn best.ID\n", "\treturn low.ID\n", false},
		},
	},
	{
		name: "a function made generic", kind: CPU, bench: "Lowest",
		files: map[string]string{
			"shop.go": `package shop

// Price is in cents.
type Price int

// Less orders prices.
func (p Price) Less(other Price) bool { return p < other }

func lowest(all []Price) Price {
	low := all[0]
	for _, p := range all[1:] {
		if p < low {
			low = p
		}
	}
	return low
}

func convert(cents []int, out []Price) []Price {
	for _, c := range cents {
		out = append(out, Price(c))
	}
	return out
}

func Lowest(cents []int) int {
	var room [64]Price
	all := convert(cents, room[:0])
	return int(lowest(all))
}
`,
			"shop_test.go": benchHead + `func BenchmarkLowest(b *testing.B) {
	cents := make([]int, 64)
	for i := range cents {
		cents[i] = 1000 - i
	}
	for b.Loop() {
		total += Lowest(cents)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "func lowest(all []Price) Price {\n", "func lowest[T interface{ Less(T) bool }](all []T) T {\n", true},
			{"shop.go", "\t\tif p < low {\n", "\t\tif p.Less(low) {\n", true},
			{"shop.go", "\t\tout = append(out, Price(c))\n", "\t\tout = append(out, Price(c+0))\n", false},
			{"shop.go", "\tall := convert(cents, room[:0])\n\treturn int(lowest(all))\n", "\tprices := convert(cents, room[:0])\n\treturn int(lowest(prices))\n", false},
		},
	},
	{
		name: "a function that moved and became slower", kind: CPU, bench: "Slug",
		files: map[string]string{
			"shop.go": `package shop

func lower(text string, out []byte) []byte {
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 32
		}
		out = append(out, c)
	}
	return out
}

func dashes(text []byte) int {
	n := 0
	for i, c := range text {
		if c == ' ' {
			text[i] = '-'
			n++
		}
	}
	return n
}

func Slug(text string, room []byte) int {
	out := lower(text, room[:0])
	return dashes(out) + len(out)
}
`,
			"text.go": `package shop

// Version of the texts.
const Version = 1
`,
			"shop_test.go": benchHead + `func BenchmarkSlug(b *testing.B) {
	room := make([]byte, 0, 200)
	for b.Loop() {
		total += Slug("The Quick Brown Fox Jumps Over The Lazy Dog And Runs", room)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "func lower(text string, out []byte) []byte {\n\tfor i := range len(text) {\n\t\tc := text[i]\n\t\tif c >= 'A' && c <= 'Z' {\n\t\t\tc += 32\n\t\t}\n\t\tout = append(out, c)\n\t}\n\treturn out\n}\n\n", "", false},
			{"text.go", "const Version = 1\n", "const Version = 2\n\nfunc lower(text string, out []byte) []byte {\n\tfor _, r := range text {\n\t\tout = append(out, string(unicode.ToLower(r))...)\n\t}\n\treturn out\n}\n", true},
			{"text.go", "package shop\n", "package shop\n\nimport \"unicode\"\n", false},
			{"shop.go", "\t\t\ttext[i] = '-'\n", "\t\t\ttext[i] = '_'\n", false},
		},
	},
	{
		name: "a constant of the configuration", kind: CPU, bench: "Sign",
		files: map[string]string{
			"shop.go": `package shop

import "example.com/shop/conf"

type signer struct {
	rounds int
	salt   uint64
}

func newSigner() *signer {
	return &signer{rounds: conf.Rounds, salt: conf.Salt}
}

func (s *signer) mix(x uint64) uint64 {
	x ^= x >> 33
	return x * 0xff51afd7ed558ccd
}

func (s *signer) Sign(x uint64) uint64 {
	for range s.rounds {
		x = s.mix(x + s.salt)
	}
	return x
}
`,
			"conf/conf.go": `package conf

const (
	// Rounds of a signature.
	Rounds = 8
	// Salt of a signature.
	Salt = 77
	// Name of the shop.
	Name = "shop"
)
`,
			"shop_test.go": benchHead + `func BenchmarkSign(b *testing.B) {
	s := newSigner()
	for b.Loop() {
		total += int(s.Sign(12345))
	}
}
`,
		},
		edits: []edit{
			{"conf/conf.go", "\tRounds = 8\n", "\tRounds = 24\n", true},
			{"conf/conf.go", "\tName = \"shop\"\n", "\tName = \"the shop\"\n", false},
			{"shop.go", "\tx ^= x >> 33\n", "\tx ^= x >> 31\n", false},
			{"shop.go", "\t\tx = s.mix(x + s.salt)\n", "\t\tx = s.mix(s.salt + x)\n", false},
		},
	},
	{
		name: "embedded data that grew", kind: CPU, bench: "Banned",
		files: map[string]string{
			"shop.go": `package shop

import (
	_ "embed"
	"strings"
)

//go:embed banned.txt
var banned string

var words = strings.Fields(banned)

func same(a, b string) bool { return len(a) == len(b) && a == b }

func Banned(text string) bool {
	for _, w := range words {
		if same(w, text) {
			return true
		}
	}
	return false
}
`,
			"banned.txt": "alpha\nbravo\ncharlie\ndelta\necho\nfoxtrot\ngolf\nhotel\nindia\njuliet\nkilo\nlima\n",
			"shop_test.go": benchHead + `func BenchmarkBanned(b *testing.B) {
	for b.Loop() {
		if Banned("zulu") {
			total++
		}
	}
}
`,
		},
		edits: []edit{
			{"banned.txt", "lima\n", "lima\n" + strings.Repeat("mike\nnovember\noscar\npapa\n", 30), true},
			{"shop.go", "{ return len(a) == len(b) && a == b }", "{ return a == b && len(a) == len(b) }", false},
			{"shop.go", "\t\tif same(w, text) {\n", "\t\tif same(text, w) {\n", false},
		},
	},
}
