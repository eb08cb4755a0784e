package course

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

// columnsVersion changes with what Encode writes.
const columnsVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode returns c as bytes that Decode reads: of each run its ID alone, of which a store has the
// rest, and of each series its points and what was learned of them.
func (c *Columns) Encode() []byte {
	w := writer{make([]byte, 0, 1<<16+18*c.Points())}
	w.whole(columnsVersion)
	w.whole(len(c.Runs))
	for _, r := range c.Runs {
		w.text(r.ID)
		w.whole(bit(r.used))
	}
	w.whole(len(c.anchors))
	for _, commit := range c.anchors {
		w.text(commit)
	}
	w.whole(len(c.names))
	var last []int32
	for i, name := range c.names {
		from := &c.columns[i]
		for _, part := range []string{name.Key.Package, name.Key.Name, name.Key.Unit, name.Fingerprint} {
			w.text(part)
		}
		same := i > 0 && slices.Equal(from.runs, last)
		w.whole(bit(same))
		w.whole(len(from.values))
		if !same {
			for _, run := range from.runs {
				w.whole(int(run))
			}
		}
		last = from.runs
		for _, v := range from.values {
			w.real(v)
		}
		w.whole(len(from.beside))
		for _, b := range from.beside {
			w.whole(int(b.at))
			w.whole(int(b.anchor))
			w.real(b.value)
		}
		w.text(string(from.state))
	}
	return binary.LittleEndian.AppendUint32(w.out, crc32.Checksum(w.out, castagnoli))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// writer appends little-endian numbers.
type writer struct{ out []byte }

func (w *writer) whole(v int) { w.out = binary.LittleEndian.AppendUint32(w.out, uint32(v)) }
func (w *writer) real(v float64) {
	w.out = binary.LittleEndian.AppendUint64(w.out, math.Float64bits(v))
}
func (w *writer) text(s string) { w.whole(len(s)); w.out = append(w.out, s...) }

// Decode returns what Encode wrote; false where the text is not whole, or of another version. It
// keeps parts of the text. The runs have their IDs alone.
func Decode(text []byte) (*Columns, bool) {
	end := len(text) - 4
	if end < 0 || crc32.Checksum(text[:end], castagnoli) != binary.LittleEndian.Uint32(text[end:]) {
		return nil, false
	}
	r := reader{text: text[:end]}
	if r.whole() != columnsVersion {
		return nil, false
	}
	c := &Columns{place: map[Name]int{}}
	for range r.count(8) {
		c.Runs = append(c.Runs, Run{ID: r.string(), used: r.whole() == 1})
	}
	for range r.count(4) {
		c.number(r.string())
	}
	n := r.count(28)
	c.names, c.columns = make([]Name, 0, n), make([]column, 0, n)
	var last []int32
	for i := range n {
		name := Name{Fingerprint: ""}
		name.Key.Package, name.Key.Name, name.Key.Unit, name.Fingerprint = r.string(), r.string(), r.string(), r.string()
		to := r.column(last)
		last = to.runs
		c.place[name] = i
		c.names, c.columns = append(c.names, name), append(c.columns, to)
	}
	return c, !r.short && c.sound()
}

// sound reports whether the numbers of c name what there is.
func (c *Columns) sound() bool {
	for i := range c.columns {
		of := &c.columns[i]
		if len(of.runs) != len(of.values) || slices.ContainsFunc(of.runs, func(r int32) bool { return r < 0 || int(r) >= len(c.Runs) }) {
			return false
		}
		if slices.ContainsFunc(of.beside, func(b besides) bool { return b.anchor < 0 || int(b.anchor) >= len(c.anchors) }) {
			return false
		}
	}
	return true
}

// reader reads what a writer wrote.
type reader struct {
	text  []byte
	short bool // it ended too early
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.text) {
		r.short, r.text = true, nil
		return nil
	}
	out := r.text[:n:n]
	r.text = r.text[n:]
	return out
}

func (r *reader) whole() int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b))
}

// count returns how many things follow, each of which has so many bytes at least.
func (r *reader) count(each int) int {
	n := r.whole()
	if n > len(r.text)/each {
		r.short, n = true, 0
	}
	return n
}

func (r *reader) string() string { return string(r.take(r.whole())) }

// column reads a series; last is the runs of the one before.
func (r *reader) column(last []int32) (c column) {
	same, n := r.whole() == 1, r.count(8)
	if c.runs = last[:len(last):len(last)]; !same {
		c.runs = make([]int32, n)
		text := r.take(4 * n)
		for i := range len(text) / 4 {
			c.runs[i] = int32(binary.LittleEndian.Uint32(text[4*i:]))
		}
	}
	c.values = make([]float64, n)
	text := r.take(8 * n)
	for i := range len(text) / 8 {
		c.values[i] = math.Float64frombits(binary.LittleEndian.Uint64(text[8*i:]))
	}
	for range r.count(16) {
		b := besides{at: int32(r.whole()), anchor: int32(r.whole())}
		if value := r.take(8); value != nil {
			b.value = math.Float64frombits(binary.LittleEndian.Uint64(value))
		}
		c.beside = append(c.beside, b)
	}
	c.state = r.take(r.whole())
	return c
}
