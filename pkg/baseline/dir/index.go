package dir

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// The index is a cache of what the files of runs say, so that a list reads no
// header and a history no file. It has a head, then the points of each run:
//
//	magic, 16 bytes; CRC-32C of the head; size of the head, both little-endian
//	head    strings; keys of series; a run each: stamp, facts, where its points are
//	points  24 bytes each: key, rounds, center, spread
//
// Points of a run are in the order of keys, and have a sum of their own, so that
// one series is found without reading or summing what is not asked for.
const (
	indexMagic = "regress index 3\n"
	pointSize  = 24
	indexHead  = len(indexMagic) + 4 + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errIndex = errors.New("not an index of this version")

// stamp is what tells whether a file is the one that was read: its size and, in
// nanoseconds, when it and its inode were last changed.
type stamp struct{ size, modified, changed int64 }

// entry is a run's file, of which at least the header was read and is whole.
type entry struct {
	header
	name    string
	stamp   stamp
	settled bool // the file was old enough when it was read for any later change to show in its stamp
	known   bool // its points were read, from a file that was whole
	at      int64
	count   int
	sum     uint32 // of the points
	fresh   []byte // points that are not in the index file yet
}

// packIndex writes the head of an index. The points of entries lie behind it in their
// order: at is set to where.
func packIndex(keys []baseline.Key, entries []*entry) []byte {
	p := packer{numbers: map[string]uint64{}}
	p.number(uint64(len(keys)))
	for _, k := range keys {
		p.text(k.Package)
		p.text(k.Name)
		p.text(k.Unit)
	}
	p.number(uint64(len(entries)))
	at := int64(0)
	for _, e := range entries {
		if e.known {
			e.at = at
			at += int64(e.count) * pointSize
		}
		p.entry(e)
	}
	head := binary.AppendUvarint(nil, uint64(len(p.texts)))
	for _, s := range p.texts {
		head = binary.AppendUvarint(head, uint64(len(s)))
		head = append(head, s...)
	}
	head = append(head, p.out...)
	out := append([]byte(indexMagic), make([]byte, 12)...)
	binary.LittleEndian.PutUint32(out[len(indexMagic):], crc32.Checksum(head, castagnoli))
	binary.LittleEndian.PutUint64(out[len(indexMagic)+4:], uint64(len(head)))
	return append(out, head...)
}

// packer writes numbers as varints and texts as numbers of a table.
type packer struct {
	out     []byte
	texts   []string
	numbers map[string]uint64
}

func (p *packer) number(n uint64) { p.out = binary.AppendUvarint(p.out, n) }
func (p *packer) signed(n int64)  { p.out = binary.AppendVarint(p.out, n) }

// time writes whether there is one, and it.
func (p *packer) time(t time.Time) {
	if t.IsZero() {
		p.number(0)
		return
	}
	p.number(1)
	p.signed(t.UnixMicro())
}

// text writes the number of s in the table of texts.
func (p *packer) text(s string) {
	n, found := p.numbers[s]
	if !found {
		n = uint64(len(p.texts))
		p.numbers[s] = n
		p.texts = append(p.texts, s)
	}
	p.number(n)
}

// entry writes e; unpacker.entry reads the same fields in the same order.
func (p *packer) entry(e *entry) {
	p.text(e.name)
	p.text(e.id)
	p.signed(e.stamp.size)
	p.signed(e.stamp.modified)
	p.signed(e.stamp.changed)
	flags := uint64(0)
	for i, flag := range []bool{e.settled, e.known, e.run.Dirty} {
		if flag {
			flags |= 1 << i
		}
	}
	p.number(flags)
	p.time(e.run.Time)
	p.number(math.Float64bits(e.run.Environment.Quota))
	for _, f := range facts(&e.run) {
		switch {
		case f.num != nil:
			p.signed(int64(*f.num))
		case f.time != nil:
			p.time(*f.time)
		default:
			p.text(*f.text)
		}
	}
	p.number(uint64(e.series))
	if e.known {
		p.number(uint64(e.at))
		p.number(uint64(e.count))
		p.number(uint64(e.sum))
	}
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// headLength returns how long the head is of which data begins the index.
func headLength(data []byte) (int64, error) {
	if len(data) < indexHead || string(data[:len(indexMagic)]) != indexMagic {
		return 0, errIndex
	}
	length := binary.LittleEndian.Uint64(data[len(indexMagic)+4:])
	if length > math.MaxInt64/2 {
		return 0, errIndex
	}
	return int64(length), nil
}

// unpackIndex reads the head of an index. It returns errIndex for whatever packIndex
// does not write; size is how many bytes of the file are head.
func unpackIndex(data []byte) (keys []baseline.Key, entries []*entry, size int64, err error) {
	length, err := headLength(data)
	if err != nil {
		return nil, nil, 0, err
	}
	sum, body := le32(data[len(indexMagic):]), data[indexHead:]
	if int64(len(body)) < length || crc32.Checksum(body[:length], castagnoli) != sum {
		return nil, nil, 0, errIndex
	}
	u := unpacker{in: body[:length]}
	u.texts = make([]string, u.count(1))
	for i := range u.texts {
		u.texts[i] = string(u.bytes(u.count(1)))
	}
	keys = make([]baseline.Key, u.count(3))
	for i := range keys {
		keys[i] = baseline.Key{Package: u.text(), Name: u.text(), Unit: u.text()}
	}
	entries = make([]*entry, u.count(10))
	for i := range entries {
		if u.bad {
			return nil, nil, 0, errIndex
		}
		entries[i] = u.entry()
	}
	if u.bad || len(u.in) > 0 {
		return nil, nil, 0, errIndex
	}
	return keys, entries, int64(indexHead) + length, nil
}

// unpacker reads what packer wrote; bad is set by the first thing that is not so.
type unpacker struct {
	in    []byte
	texts []string
	bad   bool
}

func (u *unpacker) number() uint64 {
	n, size := binary.Uvarint(u.in)
	if size <= 0 {
		u.bad = true
		u.in = nil
		return 0
	}
	u.in = u.in[size:]
	return n
}

func (u *unpacker) signed() int64 {
	n, size := binary.Varint(u.in)
	if size <= 0 {
		u.bad = true
		u.in = nil
		return 0
	}
	u.in = u.in[size:]
	return n
}

func (u *unpacker) time() time.Time {
	if u.number() == 0 {
		return time.Time{}
	}
	return time.UnixMicro(u.signed()).UTC()
}

// count reads how many things follow, of at least so many bytes each: no number
// makes more memory be taken than there is input.
func (u *unpacker) count(each int) int {
	n := u.number()
	if n > uint64(len(u.in)/each) {
		u.bad = true
		return 0
	}
	return int(n)
}

func (u *unpacker) bytes(n int) []byte {
	out := u.in[:n]
	u.in = u.in[n:]
	return out
}

func (u *unpacker) text() string {
	n := u.number()
	if n >= uint64(len(u.texts)) {
		u.bad = true
		return ""
	}
	return u.texts[n]
}

// entry reads what packer.entry writes.
func (u *unpacker) entry() *entry {
	e := new(entry)
	e.name, e.id = u.text(), u.text()
	e.stamp = stamp{u.signed(), u.signed(), u.signed()}
	flags := u.number()
	e.settled, e.known, e.run.Dirty = flags&1 != 0, flags&2 != 0, flags&4 != 0
	e.run.Time = u.time()
	e.run.Environment.Quota = math.Float64frombits(u.number())
	for _, f := range facts(&e.run) {
		switch {
		case f.num != nil:
			*f.num = int(u.signed())
		case f.time != nil:
			*f.time = u.time()
		default:
			*f.text = u.text()
		}
	}
	e.series = int(u.number())
	if e.known {
		at, count, sum := u.number(), u.number(), u.number()
		e.at, e.count, e.sum = int64(at), int(count), uint32(sum)
		u.bad = u.bad || at > math.MaxInt64/2 || count > math.MaxInt32 || sum > math.MaxUint32
	}
	return e
}

// packPoints writes the points of a run whose samples are sorted by key; number
// gives the keys their numbers.
func packPoints(samples []baseline.Sample, number func(baseline.Key) uint32) []byte {
	var out []byte
	for _, s := range samples {
		center, spread, n := s.Summary()
		if n == 0 {
			continue
		}
		out = binary.LittleEndian.AppendUint32(out, number(s.Key))
		out = binary.LittleEndian.AppendUint32(out, uint32(min(n, math.MaxInt32)))
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(center))
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(spread))
	}
	return out
}

// eachPacked calls do for the points in data that want selects, until it returns false.
func eachPacked(data []byte, want func(key uint32) bool, do func(key uint32, p baseline.Point) bool) bool {
	for ; len(data) >= pointSize; data = data[pointSize:] {
		key := binary.LittleEndian.Uint32(data)
		if !want(key) {
			continue
		}
		p := baseline.Point{
			Rounds: int(binary.LittleEndian.Uint32(data[4:])),
			Center: math.Float64frombits(binary.LittleEndian.Uint64(data[8:])),
			Spread: math.Float64frombits(binary.LittleEndian.Uint64(data[16:])),
		}
		if !do(key, p) {
			return false
		}
	}
	return true
}
