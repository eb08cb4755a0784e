package placement

// edit is one hunk of a constructed pull request. Exactly one of a case is
// guilty; the others are what pull requests also have: renamed variables on hot
// lines, comments, moved code, helpers, error texts.
type edit struct {
	file     string
	old, new string // old occurs once in file
	guilty   bool
}

type pull struct {
	name  string
	kind  Kind
	bench string // as baseline.Key.Name without -procs; of package example.com/shop
	files map[string]string
	edits []edit
}

const benchHead = "package shop\n\nimport \"testing\"\n\nvar sink any\n\nvar total int\n\n"

var pulls = []pull{
	{
		name: "a slower loop", kind: CPU, bench: "Score",
		files: map[string]string{
			"shop.go": `package shop

func weight(b byte) int {
	w := int(b) * 31
	return w ^ w>>3
}

func score(text string) int {
	sum := 0
	for i := range len(text) {
		sum += weight(text[i])
	}
	return sum
}

func Score(texts []string) int {
	best := 0
	for _, t := range texts {
		s := score(t)
		if s > best {
			best = s
		}
	}
	return best
}
`,
			"shop_test.go": benchHead + `func BenchmarkScore(b *testing.B) {
	texts := []string{"the quick brown fox", "jumps over the lazy dog", "and runs away again"}
	for b.Loop() {
		total += Score(texts)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\tw := int(b) * 31\n\treturn w ^ w>>3", "\tv := int(b) * 31\n\treturn v ^ v>>3", false},
			{"shop.go", "\t\tsum += weight(text[i])\n", "\t\tfor j := range i {\n\t\t\tsum += int(text[j] & 1)\n\t\t}\n\t\tsum += weight(text[i])\n", true},
			{"shop.go", "\t\ts := score(t)\n\t\tif s > best {\n\t\t\tbest = s\n", "\t\tgot := score(t)\n\t\tif got > best {\n\t\t\tbest = got\n", false},
		},
	},
	{
		name: "an extra allocation", kind: Space, bench: "Render",
		files: map[string]string{
			"shop.go": `package shop

type Page struct {
	buf   []byte
	lines []string
}

func (p *Page) header() {
	p.buf = append(p.buf, "<h1>shop</h1>"...)
}

func (p *Page) body() {
	for _, l := range p.lines {
		p.buf = append(p.buf, l...)
	}
}

func (p *Page) Render() []byte {
	p.buf = p.buf[:0]
	p.header()
	p.body()
	return p.buf
}
`,
			"shop_test.go": benchHead + `func BenchmarkRender(b *testing.B) {
	p := &Page{lines: []string{"one", "two", "three"}}
	for b.Loop() {
		total += len(p.Render())
		sink = make([]byte, 10)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "<h1>shop</h1>", "<h1>Shop</h1>", false},
			{"shop.go", "\tfor _, l := range p.lines {\n\t\tp.buf = append(p.buf, l...)", "\tfor _, line := range p.lines {\n\t\tp.buf = append(p.buf, line...)", false},
			{"shop.go", "\tp.buf = p.buf[:0]\n", "\tp.buf = nil\n", true},
			{"shop_test.go", "make([]byte, 10)", "make([]byte, 12)", false},
		},
	},
	{
		name: "a lock", kind: CPU, bench: "Lookup",
		files: map[string]string{
			"shop.go": `package shop

import "sync"

type Stock struct {
	mu    sync.Mutex
	items map[int]int
}

func (s *Stock) find(id int) int {
	n := s.items[id]
	return n
}

func (s *Stock) Lookup(id int) int {
	key := id & 15
	return s.find(key)
}

func Sum(s *Stock) int {
	sum := 0
	for id := range 16 {
		sum += s.Lookup(id)
	}
	return sum
}
`,
			"shop_test.go": benchHead + `func BenchmarkLookup(b *testing.B) {
	s := &Stock{items: map[int]int{1: 1, 2: 2, 3: 3}}
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if Sum(s) < 0 {
				b.Error("negative")
			}
		}
	})
}
`,
		},
		edits: []edit{
			{"shop.go", "\tn := s.items[id]\n\treturn n\n", "\tcount := s.items[id]\n\treturn count\n", false},
			{"shop.go", "\tkey := id & 15\n", "\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\tkey := id & 15\n", true},
			{"shop.go", "\t\tsum += s.Lookup(id)\n", "\t\tsum = sum + s.Lookup(id)\n", false},
		},
	},
	{
		name: "a quadratic", kind: CPU, bench: "Unique",
		files: map[string]string{
			"shop.go": `package shop

import "slices"

func Unique(ids []int) []int {
	seen := make(map[int]bool, len(ids))
	out := make([]int, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
`,
			"shop_test.go": benchHead + `func BenchmarkUnique(b *testing.B) {
	ids := make([]int, 2000)
	for i := range ids {
		ids[i] = i * 7919 % 4001
	}
	for b.Loop() {
		total += len(Unique(ids))
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\tseen := make(map[int]bool, len(ids))\n\tout := make([]int, 0, len(ids))\n", "\tout := make([]int, 0, len(ids)+1)\n", false},
			{"shop.go", "\t\tif !seen[id] {\n\t\t\tseen[id] = true\n", "\t\tif !slices.Contains(out, id) {\n", true},
			{"shop.go", "\tslices.Sort(out)\n", "\tslices.SortFunc(out, func(a, b int) int { return a - b })\n", false},
		},
	},
	{
		name: "a changed dependency inside the module", kind: CPU, bench: "Route",
		files: map[string]string{
			"internal/hash/hash.go": `package hash

const prime = 1099511628211

func mix(h uint64) uint64 { return h ^ h>>29 }

func Sum(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * prime
	}
	return mix(h)
}
`,
			"router/router.go": `package router

import "example.com/shop/internal/hash"

func Pick(name string, n uint64) uint64 {
	h := hash.Sum(name)
	return h % n
}
`,
			"shop.go": `package shop

import "example.com/shop/router"

func Route(names []string) int {
	at := 0
	for _, n := range names {
		at += int(router.Pick(n, 7))
	}
	return at
}
`,
			"shop_test.go": benchHead + `func BenchmarkRoute(b *testing.B) {
	names := []string{"alpha-beta-gamma", "delta-epsilon-zeta", "eta-theta-iota"}
	for b.Loop() {
		total += Route(names)
	}
}
`,
		},
		edits: []edit{
			{"internal/hash/hash.go", "{ return h ^ h>>29 }", "{\n\tfor range 40 {\n\t\th = (h ^ h>>29) * prime\n\t}\n\treturn h\n}", true},
			{"internal/hash/hash.go", "\t\th = (h ^ uint64(text[i])) * prime\n", "\t\th ^= uint64(text[i])\n\t\th *= prime\n", false},
			{"router/router.go", "\th := hash.Sum(name)\n\treturn h % n\n", "\tsum := hash.Sum(name)\n\treturn sum % n\n", false},
			{"shop.go", "\t\tat += int(router.Pick(n, 7))\n", "\t\tat = at + int(router.Pick(n, 7))\n", false},
		},
	},
	{
		name: "a removed fast path", kind: CPU, bench: "Price",
		files: map[string]string{
			"shop.go": `package shop

import "math"

var cache = map[int]float64{}

func compute(id int) float64 {
	sum := 0.
	for i := 1; i < 40; i++ {
		sum += math.Sqrt(float64(id*i)) / float64(i)
	}
	return sum
}

// Price of an article.
func Price(id int) float64 {
	if p, ok := cache[id]; ok {
		return p
	}
	p := compute(id)
	cache[id] = p
	return p
}

func Total(ids []int) float64 {
	sum := 0.
	for _, id := range ids {
		sum += Price(id)
	}
	return sum
}
`,
			"shop_test.go": benchHead + `func BenchmarkPrice(b *testing.B) {
	ids := []int{1, 2, 3, 4, 5, 6}
	for b.Loop() {
		total += int(Total(ids))
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "// Price of an article.\n", "// Price of an article, in the shop's currency.\n", false},
			{"shop.go", "\t\tsum += math.Sqrt(float64(id*i)) / float64(i)\n", "\t\tsum = sum + math.Sqrt(float64(id*i))/float64(i)\n", false},
			{"shop.go", "\tif p, ok := cache[id]; ok {\n\t\treturn p\n\t}\n", "", true},
			{"shop.go", "\tfor _, id := range ids {\n\t\tsum += Price(id)\n", "\tfor _, one := range ids {\n\t\tsum += Price(one)\n", false},
		},
	},
	{
		name: "fmt.Sprintf in place of strconv", kind: CPU, bench: "Label",
		files: map[string]string{
			"shop.go": `package shop

import (
	"fmt"
	"strconv"
	"strings"
)

func label(id int) string {
	s := strconv.Itoa(id)
	return "#" + s
}

func Label(ids []int) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(label(id))
	}
	return b.String()
}

func Check(ids []int) error {
	if len(ids) == 0 {
		return fmt.Errorf("no ids")
	}
	return nil
}
`,
			"shop_test.go": benchHead + `func BenchmarkLabel(b *testing.B) {
	ids := []int{12345, 67890, 13579, 24680}
	for b.Loop() {
		if Check(ids) == nil {
			total += len(Label(ids))
		}
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\t\"strconv\"\n", "", false},
			{"shop.go", "\ts := strconv.Itoa(id)\n", "\ts := fmt.Sprintf(\"%d\", id)\n", true},
			{"shop.go", "\t\tb.WriteString(label(id))\n", "\t\tpart := label(id)\n\t\tb.WriteString(part)\n", false},
			{"shop.go", "no ids", "there are no ids", false},
		},
	},
	{
		name: "a map in place of a slice", kind: CPU, bench: "Count",
		files: map[string]string{
			"shop.go": `package shop

type Histogram struct {
	name    string
	buckets []int
}

func NewHistogram() *Histogram {
	return &Histogram{buckets: make([]int, 256)}
}

func (h *Histogram) add(b byte) {
	h.buckets[int(b)]++
}

func (h *Histogram) Count(text string) {
	for i := range len(text) {
		h.add(text[i])
	}
}
`,
			"shop_test.go": benchHead + `func BenchmarkCount(b *testing.B) {
	h := NewHistogram()
	for b.Loop() {
		h.Count("the quick brown fox jumps over the lazy dog")
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\tbuckets []int\n", "\tbuckets map[int]int\n", true},
			{"shop.go", "make([]int, 256)", "make(map[int]int, 256)", true},
			{"shop.go", "\tname    string\n", "\ttitle   string\n", true}, // neighbours: one hunk with the first
			{"shop.go", "\tfor i := range len(text) {\n\t\th.add(text[i])\n", "\tfor at := range len(text) {\n\t\th.add(text[at])\n", false},
		},
	},
	{
		name: "reflection", kind: CPU, bench: "Equal",
		files: map[string]string{
			"shop.go": `package shop

import "reflect"

type Item struct {
	ID, Count int
	Name      string
}

var kind = reflect.TypeOf(Item{})

func same(a, b Item) bool {
	ok := a == b
	return ok
}

func Equal(a, b []Item) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}
`,
			"shop_test.go": benchHead + `func BenchmarkEqual(b *testing.B) {
	one := []Item{{1, 2, "a"}, {2, 3, "b"}, {3, 4, "c"}}
	two := []Item{{1, 2, "a"}, {2, 3, "b"}, {3, 4, "c"}}
	for b.Loop() {
		if !Equal(one, two) {
			b.Fatal("not equal")
		}
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "var kind = reflect.TypeOf(Item{})\n", "var kind = reflect.TypeFor[Item]()\n", false},
			{"shop.go", "\tok := a == b\n", "\tok := reflect.DeepEqual(a, b)\n", true},
			{"shop.go", "\tif len(a) != len(b) {\n", "\tif len(b) != len(a) {\n", false},
			{"shop.go", "\t\tif !same(a[i], b[i]) {\n\t\t\treturn false\n\t\t}\n", "\t\tif same(a[i], b[i]) {\n\t\t\tcontinue\n\t\t}\n\t\treturn false\n", false},
		},
	},
	{
		name: "a changed default in another package", kind: CPU, bench: "Read",
		files: map[string]string{
			"config/config.go": `package config

// Defaults.
const (
	Retries    = 3
	BufferSize = 4096
	Timeout    = 30
)
`,
			"shop.go": `package shop

import (
	"bufio"
	"io"
	"strings"

	"example.com/shop/config"
)

type slow struct{ r io.Reader }

func (s slow) Read(p []byte) (int, error) {
	sum := 0
	for i := range 300 {
		sum += i
	}
	total += sum & 1
	return s.r.Read(p)
}

func Read(text string) int {
	r := bufio.NewReaderSize(slow{strings.NewReader(text)}, config.BufferSize)
	n := 0
	for {
		_, err := r.ReadByte()
		if err != nil {
			return n + config.Retries
		}
		n++
	}
}
`,
			"shop_test.go": benchHead + `func BenchmarkRead(b *testing.B) {
	text := string(make([]byte, 8000))
	for b.Loop() {
		total += Read(text)
	}
}
`,
		},
		edits: []edit{
			{"config/config.go", "\tBufferSize = 4096\n", "\tBufferSize = 16\n", true},
			{"shop.go", "\t\tsum += i\n", "\t\tsum = sum + i\n", false},
			{"shop.go", "\t\t_, err := r.ReadByte()\n\t\tif err != nil {\n", "\t\tif _, err := r.ReadByte(); err != nil {\n", false},
		},
	},
	{
		name: "an option set in a constructor", kind: CPU, bench: "Queue",
		files: map[string]string{
			"shop.go": `package shop

type Queue struct {
	batch int
	items []int
	sent  int
}

func NewQueue() *Queue {
	return &Queue{
		batch: 512,
	}
}

func (q *Queue) flush() {
	for _, item := range q.items {
		q.sent += item
	}
	for i := range 200 {
		q.sent ^= i
	}
	q.items = q.items[:0]
}

func (q *Queue) Push(item int) {
	q.items = append(q.items, item)
	if len(q.items) >= q.batch {
		q.flush()
	}
}
`,
			"shop_test.go": benchHead + `func BenchmarkQueue(b *testing.B) {
	q := NewQueue()
	for b.Loop() {
		for i := range 100 {
			q.Push(i)
		}
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\t\tbatch: 512,\n", "\t\tbatch: 2,\n", true},
			{"shop.go", "\t\tq.sent += item\n", "\t\tq.sent = q.sent + item\n", false},
			{"shop_test.go", "\t\tfor i := range 100 {\n\t\t\tq.Push(i)\n", "\t\tfor id := range 100 {\n\t\t\tq.Push(id)\n", false},
		},
	},
	{
		name: "an expression compiled on every call", kind: Objects, bench: "Valid",
		files: map[string]string{
			"shop.go": `package shop

import "regexp"

var name = regexp.MustCompile("^[a-z]+-[0-9]+$")

func valid(s string) bool {
	return name.MatchString(s)
}

func Valid(all []string) int {
	n := 0
	for _, s := range all {
		if valid(s) {
			n++
		}
	}
	return n
}
`,
			"shop_test.go": benchHead + `func BenchmarkValid(b *testing.B) {
	all := []string{"abc-1", "x", "long-name-12", "q-7"}
	for b.Loop() {
		total += Valid(all)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "var name = regexp.MustCompile(\"^[a-z]+-[0-9]+$\")\n\n", "", false},
			{"shop.go", "\treturn name.MatchString(s)\n", "\treturn regexp.MustCompile(\"^[a-z]+-[0-9]+$\").MatchString(s)\n", true},
			{"shop.go", "\t\tif valid(s) {\n\t\t\tn++\n", "\t\tif ok := valid(s); ok {\n\t\t\tn = n + 1\n", false},
		},
	},
	// The rest was written after the weights were set: four of the six were placed
	// right at once. One case was wrong (it allocated fewer bytes, not more); for
	// the other, the batch size in a variable, the rules were changed once more.
	{
		name: "text joined with plus", kind: Objects, bench: "Join",
		files: map[string]string{
			"shop.go": `package shop

import "strings"

func trim(s string) string {
	return strings.TrimSpace(s)
}

func Join(parts []string) string {
	var b strings.Builder
	b.Grow(256)
	for _, p := range parts {
		b.WriteString(trim(p))
	}
	return b.String()
}
`,
			"shop_test.go": benchHead + `func BenchmarkJoin(b *testing.B) {
	parts := []string{" alpha ", "beta", " gamma", "delta ", "epsilon", "zeta", "eta", "theta"}
	for b.Loop() {
		total += len(Join(parts))
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\treturn strings.TrimSpace(s)\n", "\tshort := strings.TrimSpace(s)\n\treturn short\n", false},
			{"shop.go", "\tvar b strings.Builder\n\tb.Grow(256)\n", "\tout := \"\"\n", false},
			{"shop.go", "\t\tb.WriteString(trim(p))\n\t}\n\treturn b.String()\n", "\t\tout += trim(p)\n\t}\n\treturn out\n", true},
		},
	},
	{
		name: "a clock read in a callee's callee", kind: CPU, bench: "Serve",
		files: map[string]string{
			"trace/trace.go": `package trace

var count int

func mark(name string) {
	count += len(name)
}

func Enter(name string) {
	mark(name)
}
`,
			"shop.go": `package shop

import "example.com/shop/trace"

func handle(n int) int {
	trace.Enter("handle")
	return n*3 + 1
}

func Serve(n int) int {
	for i := range 20 {
		n = handle(n) + i
	}
	return n
}
`,
			"shop_test.go": benchHead + `func BenchmarkServe(b *testing.B) {
	for b.Loop() {
		total += Serve(total)
	}
}
`,
		},
		edits: []edit{
			{"trace/trace.go", "package trace\n", "package trace\n\nimport \"time\"\n\nvar last time.Time\n", false},
			{"trace/trace.go", "\tcount += len(name)\n", "\tcount += len(name)\n\tlast = time.Now()\n", true},
			{"shop.go", "\treturn n*3 + 1\n", "\tn = n*3 + 1\n\treturn n\n", false},
			{"shop.go", "\t\tn = handle(n) + i\n", "\t\tn = i + handle(n)\n", false},
		},
	},
	{
		name: "values boxed in interfaces", kind: Objects, bench: "Stack",
		files: map[string]string{
			"shop.go": `package shop

type Stack struct {
	items []int
	top   int
}

func (s *Stack) push(v int) {
	s.items = append(s.items, v)
	s.top++
}

func (s *Stack) pop() int {
	s.top--
	v := s.items[s.top]
	s.items = s.items[:s.top]
	return v
}

func (s *Stack) Use(n int) int {
	sum := 0
	for i := range n {
		s.push(i + 1000)
	}
	for range n {
		sum += s.pop()
	}
	return sum
}
`,
			"shop_test.go": benchHead + `func BenchmarkStack(b *testing.B) {
	s := &Stack{}
	for b.Loop() {
		total += s.Use(30)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\titems []int\n", "\titems []any\n", true},
			{"shop.go", "\ts.top++\n", "\ts.top += 1\n", false},
			{"shop.go", "\tv := s.items[s.top]\n", "\tv := s.items[s.top].(int)\n", false},
			{"shop.go", "\t\tsum += s.pop()\n", "\t\tone := s.pop()\n\t\tsum += one\n", false},
		},
	},
	{
		name: "a helper in a new file", kind: CPU, bench: "Encode",
		files: map[string]string{
			"shop.go": `package shop

func digit(n int) byte {
	return byte('0' + n%10)
}

func Encode(ids []int, out []byte) []byte {
	for _, id := range ids {
		for id > 0 {
			out = append(out, digit(id))
			id /= 10
		}
	}
	return out
}
`,
			"safe.go": `package shop
`,
			"shop_test.go": benchHead + `func BenchmarkEncode(b *testing.B) {
	ids := []int{123456, 7890, 24680, 13579}
	out := make([]byte, 0, 100)
	for b.Loop() {
		total += len(Encode(ids, out[:0]))
	}
}
`,
		},
		edits: []edit{
			{"safe.go", "package shop\n", "package shop\n\nimport \"slices\"\n\n// allowed reports whether a byte may be written.\nfunc allowed(b byte) bool {\n\tall := make([]byte, 0, 64)\n\tfor c := byte(32); c < 64; c++ {\n\t\tall = append(all, c)\n\t}\n\treturn slices.Contains(all, b)\n}\n", true},
			{"shop.go", "\treturn byte('0' + n%10)\n", "\trest := n % 10\n\treturn byte('0' + rest)\n", false},
			{"shop.go", "\t\t\tout = append(out, digit(id))\n", "\t\t\tif d := digit(id); allowed(d) {\n\t\t\t\tout = append(out, d)\n\t\t\t}\n", true},
		},
	},
	{
		name: "a channel in place of a call", kind: CPU, bench: "Sum",
		files: map[string]string{
			"shop.go": `package shop

func each(ids []int, do func(int)) {
	for _, id := range ids {
		do(id)
	}
}

func double(n int) int { return n + n }

func Sum(ids []int) int {
	sum := 0
	each(ids, func(id int) { sum += double(id) })
	return sum
}
`,
			"shop_test.go": benchHead + `func BenchmarkSum(b *testing.B) {
	ids := make([]int, 64)
	for b.Loop() {
		total += Sum(ids)
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "\tfor _, id := range ids {\n\t\tdo(id)\n\t}\n", "\tnext := make(chan int)\n\tgo func() {\n\t\tfor _, id := range ids {\n\t\t\tnext <- id\n\t\t}\n\t\tclose(next)\n\t}()\n\tfor id := range next {\n\t\tdo(id)\n\t}\n", true},
			{"shop.go", "{ return n + n }", "{ return n * 2 }", false},
			{"shop.go", "func(id int) { sum += double(id) }", "func(id int) { sum = sum + double(id) }", false},
		},
	},
	{
		name: "a batch size in a variable", kind: CPU, bench: "Flush",
		files: map[string]string{
			"shop.go": `package shop

var limit = 64 << 1

type Writer struct {
	pending []byte
	sum     uint64
}

func (w *Writer) flush() {
	h := uint64(1469598103934665603)
	for range 100 {
		h ^= h >> 7
		h *= 31
	}
	w.sum += h
	w.pending = w.pending[:0]
}

func (w *Writer) Write(b byte) {
	w.pending = append(w.pending, b)
	if len(w.pending) > limit {
		w.flush()
	}
}
`,
			"shop_test.go": benchHead + `func BenchmarkFlush(b *testing.B) {
	w := &Writer{}
	for b.Loop() {
		for i := range 1000 {
			w.Write(byte(i))
		}
	}
}
`,
		},
		edits: []edit{
			{"shop.go", "var limit = 64 << 1\n", "var limit = 64 >> 4\n", true},
			{"shop.go", "\t\th *= 31\n", "\t\th = h * 31\n", false},
			{"shop.go", "\tw.pending = w.pending[:0]\n", "\tw.pending = w.pending[:0:cap(w.pending)]\n", false},
		},
	},
}
