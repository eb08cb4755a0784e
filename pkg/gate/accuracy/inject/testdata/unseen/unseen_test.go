// Package unseen has benchmarks that become slower while their own instructions stay as many. A
// knob of each, in knobs.go, is 0 at first.
package unseen

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

var sink int

// shuffled are the numbers from 0 to n−1, of which so many change places at random.
func shuffled(n, many int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	random := rand.New(rand.NewPCG(1, 2))
	some := random.Perm(n)[:many]
	values := slices.Clone(some)
	slices.Sort(some)
	for i, at := range some {
		numbers[at] = values[i]
	}
	return numbers
}

//go:noinline
func low(x int) int { return x + 1 }

//go:noinline
func high(x int) int { return x + 3 }

// BenchmarkBranch takes one of two branches by each of its data, which are in order at first: a
// shuffled part of them makes the processor guess wrongly.
func BenchmarkBranch(b *testing.B) {
	data := shuffled(16<<10, branchKnob)
	half := len(data) / 2
	for b.Loop() {
		sum := 0
		for _, x := range data {
			if x < half {
				sum = low(sum)
			} else {
				sum = high(sum)
			}
		}
		sink += sum
	}
}

type node struct {
	next *node
	_    [56]byte
}

// BenchmarkList follows the pointers of a list that lies in order in memory at first: a shuffled
// part of it is not in the cache.
func BenchmarkList(b *testing.B) {
	order := shuffled(128<<10, listKnob)
	nodes := make([]node, len(order))
	for i := range order[1:] {
		nodes[order[i]].next = &nodes[order[i+1]]
	}
	first := &nodes[order[0]]
	for b.Loop() {
		for n := first; n != nil; n = n.next {
			sink++
		}
	}
}

// BenchmarkChain multiplies or divides numbers: as many instructions, and a division takes longer.
func BenchmarkChain(b *testing.B) {
	const n = 4096
	divided := n * chainKnob / 1000
	for b.Loop() {
		x := uint64(1)<<62 + 1
		for i := range uint64(n) {
			if int(i) < divided {
				x = x / (i | 1)
			} else {
				x = x * (i | 1)
			}
			x |= 1 << 62
		}
		sink += int(x & 1)
	}
}

// BenchmarkLock has two goroutines compute under a lock each at first: so many times of 256 it is
// the same one.
func BenchmarkLock(b *testing.B) {
	var locks [3]struct {
		sync.Mutex
		n int
		_ [104]byte
	}
	for b.Loop() {
		var wg sync.WaitGroup
		for own := range 2 {
			wg.Go(func() {
				for i := range 256 {
					l := &locks[own]
					if i < lockKnob {
						l = &locks[2]
					}
					l.Lock()
					l.n += compute(1000)
					l.Unlock()
				}
			})
		}
		wg.Wait()
	}
}

func compute(steps int) int {
	x := uint32(steps)
	for range steps {
		x = x*1664525 + 1013904223
	}
	return int(x & 1)
}

// BenchmarkSleep computes and waits: at first for half a millisecond, and so many microseconds
// more.
func BenchmarkSleep(b *testing.B) {
	for b.Loop() {
		sink += compute(100_000)
		time.Sleep(500*time.Microsecond + sleepKnob*time.Microsecond)
	}
}

// BenchmarkKernel computes and has the kernel fill a buffer, which is so many bytes larger than
// at first.
func BenchmarkKernel(b *testing.B) {
	zero, err := os.Open("/dev/zero")
	if err != nil {
		b.Skip(err)
	}
	defer zero.Close()
	buffer := make([]byte, 1024+kernelKnob)
	for b.Loop() {
		sink += compute(20_000)
		if _, err := io.ReadFull(zero, buffer); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuffer reads a file through a buffer of 64 KiB at first, and through one that is so many
// times smaller.
func BenchmarkBuffer(b *testing.B) {
	name := b.TempDir() + "/file"
	if err := os.WriteFile(name, make([]byte, 512<<10), 0o600); err != nil {
		b.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	buffered := bufio.NewReaderSize(nil, 512<<10/(8+bufferKnob))
	piece := make([]byte, 100)
	for b.Loop() {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		buffered.Reset(file)
		for {
			n, err := buffered.Read(piece)
			sink += n
			if err != nil {
				break
			}
		}
	}
}
