package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
)

//go:embed testdata/dedicated.csv.gz
var dedicatedFile []byte

//go:embed testdata/cloud.csv.gz
var cloudFile []byte

//go:embed testdata/pairs.csv.gz
var pairsFile []byte

// process is what one process printed: a value for each of the units.
type process []float64

// names of the units of a process, in order; a process may have the first alone.
var unitNames = []string{"sec/op", "B/op", "allocs/op"}

// session is every process of one benchmark in one session.
type session []process

// subject is one real benchmark with its sessions.
type subject []session

// subjects is a table of real benchmarks, and what gate.Learn made of the
// sessions of each but one: learning is the dear part of a draw.
type subjects struct {
	all    []subject
	memory []map[int]map[string]baseline.Noise // by subject, session of today and unit
}

// read reads a table of real measurements whose last columns are the units.
// perSession says whether its first column is the session.
func read(file []byte, perSession bool) (*subjects, error) {
	lines, err := table(file)
	if err != nil {
		return nil, err
	}
	type at struct{ name, session string }
	place := map[at]int{}
	index := map[string]int{}
	var out []subject
	for _, line := range lines {
		where := at{name: line[0]}
		cells := line[1:]
		if perSession {
			where, cells = at{line[1], line[0]}, line[2:]
		}
		var p process
		for _, cell := range cells {
			if cell == "" {
				break
			}
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return nil, err
			}
			p = append(p, v)
		}
		i, known := index[where.name]
		if !known {
			i = len(out)
			index[where.name] = i
			out = append(out, nil)
		}
		j, known := place[where]
		if !known {
			j = len(out[i])
			place[where] = j
			out[i] = append(out[i], nil)
		}
		out[i][j] = append(out[i][j], p)
	}
	r := &subjects{all: out, memory: make([]map[int]map[string]baseline.Noise, len(out))}
	rng := rand.New(rand.NewPCG(0, 0))
	for i, one := range out {
		r.memory[i] = map[int]map[string]baseline.Noise{}
		for today := range one {
			r.memory[i][today] = learn(one.past(rng, today))
		}
	}
	return r, nil
}

// past is every session but today's. Where no other is known, five of six
// processes are drawn from today's.
func (one subject) past(rng *rand.Rand, today int) []session {
	past := slices.Delete(slices.Clone(one), today, today+1)
	for len(one) == 1 && len(past) < 5 {
		s := make(session, 6)
		for k := range s {
			s[k] = one[0][rng.IntN(len(one[0]))]
		}
		past = append(past, s)
	}
	return past
}

// learn is what the gate remembers of past sessions, by unit.
func learn(past []session) map[string]baseline.Noise {
	var runs []baseline.Run
	for _, session := range past {
		var run baseline.Run
		for u, unit := range unitNames {
			if values := column(session, u); len(values) > 0 {
				run.Samples = append(run.Samples, baseline.Sample{Key: baseline.Key{Unit: unit}, Values: values, Rounds: upTo(len(values))})
			}
		}
		runs = append(runs, run)
	}
	out := map[string]baseline.Noise{}
	for key, noise := range gate.Learn(runs) {
		out[key.Unit] = noise
	}
	return out
}

// stream is all that a pull request could measure of one benchmark in one unit.
type stream struct {
	key        baseline.Key
	base, head []float64 // rounds values each
	stored     []float64 // one value of each earlier session, for rules that compare with those
	sigma      float64   // the truth: robust standard deviation of the logarithms of all that this draw could give
}

// pull is one pull request before it is judged.
type pull struct {
	streams []stream
	noise   map[baseline.Key]baseline.Noise
}

// source draws pull requests of m benchmarks.
type source struct {
	name   string
	paired bool // base[i] and head[i] of a stream were run right after each other
	draw   func(rng *rand.Rand, m int) pull
}

// sources are all that there are; dir, unless empty, has other tables than testdata's.
func sources(dir string) ([]source, error) {
	tables := map[string]*subjects{}
	files := map[string][]byte{"dedicated": dedicatedFile, "cloud": cloudFile, "pairs": pairsFile}
	for name, file := range files {
		path := filepath.Join(cmp.Or(dir, "testdata"), name+".csv.gz")
		var err error
		if dir != "" {
			if file, err = os.ReadFile(path); err != nil {
				return nil, err
			}
		}
		if name == "pairs" {
			files[name] = file
			continue
		}
		if tables[name], err = read(file, name == "dedicated"); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	out := []source{
		{"dedicated", false, func(rng *rand.Rand, m int) pull { return resample(rng, m, tables["dedicated"], rounds) }},
		{"cloud", false, func(rng *rand.Rand, m int) pull { return resample(rng, m, tables["cloud"], rounds) }},
		{"harsh", false, func(rng *rand.Rand, m int) pull { return harsh(rng, m, rounds, mixed) }},
		{"dedicated, in pairs", true, func(rng *rand.Rand, m int) pull { return resample(rng, m, tables["dedicated"], pairedRounds) }},
		{"cloud, in pairs", true, func(rng *rand.Rand, m int) pull { return resample(rng, m, tables["cloud"], pairedRounds) }},
		{"harsh, in pairs", true, func(rng *rand.Rand, m int) pull { return harsh(rng, m, pairedRounds, adjacent) }},
	}
	more, err := recorded(files["pairs"])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(cmp.Or(dir, "testdata"), "pairs.csv.gz"), err)
	}
	return append(out, more...), nil
}

// recorded returns a source for each machine of a table of real pairs: machine, benchmark, and the
// value of either process, the same program twice.
func recorded(file []byte) (out []source, err error) {
	lines, err := table(file)
	if err != nil {
		return nil, err
	}
	type pairsOf [][2]float64
	machines, place := [][]pairsOf{}, map[string]int{}
	names := map[string]int{} // of a machine and a benchmark
	for _, line := range lines {
		if len(line) != 4 {
			return nil, fmt.Errorf("line of %d columns, want machine, benchmark and two values", len(line))
		}
		i, known := place[line[0]]
		if !known {
			i = len(machines)
			place[line[0]] = i
			machines = append(machines, nil)
			out = append(out, source{line[0], true, func(rng *rand.Rand, m int) pull {
				p := pull{noise: map[baseline.Key]baseline.Noise{}}
				for k := range m {
					from := machines[i][rng.IntN(len(machines[i]))]
					sides := [2]session{}
					for range pairedRounds {
						both, first := from[rng.IntN(len(from))], rng.IntN(2)
						sides[0] = append(sides[0], process{both[first]})
						sides[1] = append(sides[1], process{both[1-first]})
					}
					p.add(k, sides[0], sides[1], nil, nil, nil)
					var apart []float64
					for _, both := range from {
						apart = append(apart, math.Log(both[0]/both[1]))
					}
					// The spread of one round that would make the differences spread as they do.
					p.streams[len(p.streams)-1].sigma = stat.Scale(stat.Sorted(apart)) / math.Sqrt2
				}
				return p
			}})
		}
		j, known := names[line[0]+"\x00"+line[1]]
		if !known {
			j = len(machines[i])
			names[line[0]+"\x00"+line[1]] = j
			machines[i] = append(machines[i], nil)
		}
		var both [2]float64
		for k := range both {
			if both[k], err = strconv.ParseFloat(line[2+k], 64); err != nil {
				return nil, err
			}
		}
		machines[i][j] = append(machines[i][j], both)
	}
	return out, nil
}

// table returns the lines of a compressed file of comma-separated values but for its first.
func table(file []byte) ([][]string, error) {
	plain, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	lines, err := csv.NewReader(plain).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	return lines[1:], nil
}

// resample draws a pull request from real sessions.
func resample(rng *rand.Rand, m int, from *subjects, rounds int) pull {
	p := pull{noise: make(map[baseline.Key]baseline.Noise, m)}
	for i := range m {
		which := rng.IntN(len(from.all))
		one := from.all[which]
		today := rng.IntN(len(one))
		sides := [2]session{}
		for side := range sides {
			sides[side] = make(session, rounds)
			for j := range sides[side] {
				sides[side][j] = one[today][rng.IntN(len(one[today]))]
			}
		}
		var stored []float64
		for j, s := range one {
			if j != today {
				stored = append(stored, s[rng.IntN(len(s))][0])
			}
		}
		for len(one) == 1 && len(stored) < 25 {
			stored = append(stored, one[0][rng.IntN(len(one[0]))][0])
		}
		p.add(i, sides[0], sides[1], from.memory[which][today], stored, one[today])
	}
	return p
}

// add puts benchmark i into a pull request; whole is what its noise is really like.
func (p *pull) add(i int, base, head session, memory map[string]baseline.Noise, stored []float64, whole session) {
	name := "Bench" + strconv.Itoa(i)
	for u, unit := range unitNames {
		if len(base[0]) <= u {
			break
		}
		s := stream{key: baseline.Key{Package: "p", Name: name, Unit: unit}, stored: stored}
		s.base, s.head = column(base, u), column(head, u)
		if u == 0 {
			s.sigma = sigma(column(whole, u))
		}
		if noise, ok := memory[unit]; ok {
			p.noise[s.key] = noise
		}
		p.streams = append(p.streams, s)
	}
}

func column(s session, u int) []float64 {
	out := make([]float64, 0, len(s))
	for _, p := range s {
		if len(p) > u {
			out = append(out, p[u])
		}
	}
	return out
}

// numbers holds 1, 2, 3 … once for all: rounds are never written to.
var numbers = func() []int {
	out := make([]int, 256)
	for i := range out {
		out[i] = i + 1
	}
	return out
}()

func upTo(n int) []int { return numbers[:n] }

// mixed returns an order of one round of m benchmarks that knows no sides, and adjacent one in
// which the sides of a benchmark follow each other, whichever first: 2·benchmark + side.
func mixed(rng *rand.Rand, m int) []int { return rng.Perm(2 * m) }

func adjacent(rng *rand.Rand, m int) (order []int) {
	for _, i := range rng.Perm(m) {
		first := rng.IntN(2)
		order = append(order, 2*i+first, 2*i+1-first)
	}
	return order
}

// harsh draws a pull request of invented noise, measured in an order.
func harsh(rng *rand.Rand, m, rounds int, order func(*rand.Rand, int) []int) pull {
	p := pull{noise: map[baseline.Key]baseline.Noise{}}
	t4 := func() float64 { // unit median absolute value about that of a normal
		chi := 0.
		for range 4 {
			z := rng.NormFloat64()
			chi += z * z
		}
		return rng.NormFloat64() / math.Sqrt(chi/4)
	}
	sd, twoModes := make([]float64, m), make([]bool, m)
	for i := range m {
		sd[i] = .012 * math.Exp(.8*rng.NormFloat64())
		twoModes[i] = rng.Float64() < .15
	}
	value := func(i int, drift float64) float64 {
		log := drift + sd[i]*t4()
		if twoModes[i] && rng.IntN(2) == 0 {
			log += math.Log(1.08)
		}
		v := 1e-6 * math.Exp(log)
		if rng.Float64() < .05 {
			v *= 1 + rng.Float64()/2
		}
		return v
	}
	// The drift runs through the processes in the order in which they start.
	sides := [2][]session{make([]session, m), make([]session, m)}
	drift := 0.
	const phi, spread = .95, .01
	for range rounds {
		for _, at := range order(rng, m) {
			drift = phi*drift + spread*math.Sqrt(1-phi*phi)*rng.NormFloat64()
			sides[at%2][at/2] = append(sides[at%2][at/2], process{value(at/2, drift)})
		}
	}
	for i := range m {
		day := func() float64 { return .02 * rng.NormFloat64() } // machines differ from day to day
		past := make([]session, 5)
		for j := range past {
			for today := day(); len(past[j]) < 6; {
				past[j] = append(past[j], process{value(i, today)})
			}
		}
		stored := make([]float64, 25)
		for j := range stored {
			stored[j] = value(i, day())
		}
		p.add(i, sides[0][i], sides[1][i], learn(past), stored, slices.Concat(sides[0][i], sides[1][i]))
	}
	return p
}

// sigma is the robust standard deviation of the logarithms of positive values.
func sigma(values []float64) float64 {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	slices.Sort(logs)
	return stat.Scale(logs)
}

// slower is the stream with every value of head multiplied.
func (s stream) slower(by float64) stream {
	head := make([]float64, len(s.head))
	for j, v := range s.head {
		head[j] = v * by
	}
	s.head = head
	return s
}

// victim draws a series to make slower: a time.
func (p *pull) victim(rng *rand.Rand) int {
	for {
		if i := rng.IntN(len(p.streams)); p.streams[i].key.Unit == unitNames[0] {
			return i
		}
	}
}
