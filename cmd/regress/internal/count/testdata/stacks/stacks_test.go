package selftest

import (
	"sync"
	"testing"
)

var sink uint64

//go:noinline
func spin(n int) {
	for range n {
		sink = sink*3 + 1
	}
}

func inlined(n int) {
	for range n {
		sink = sink*5 + 1
	}
}

//go:noinline
func first() { spin(10_000) }

//go:noinline
func second() {
	spin(30_000)
	inlined(20_000)
}

//go:noinline
func deep(n int) {
	if n == 0 {
		spin(10_000)
		return
	}
	deep(n - 1)
}

//go:noinline
func grow(n int) uint64 {
	var space [4096]uint64 // a goroutine's stack has to grow, and moves
	space[n&4095] = uint64(n)
	if n > 0 {
		return grow(n-1) + space[(n*7)&4095]
	}
	spin(10_000)
	return space[n&4095]
}

func BenchmarkCalls(b *testing.B) {
	for range b.N {
		first()
		second()
	}
}

func BenchmarkDeep(b *testing.B) {
	for range b.N {
		deep(50)
	}
}

func BenchmarkGrow(b *testing.B) {
	for range b.N {
		sink += grow(20)
	}
}

func BenchmarkGoroutines(b *testing.B) {
	for range b.N {
		var both sync.WaitGroup
		in, out := make(chan int), make(chan int)
		both.Go(func() {
			for n := range in {
				spin(n)
				out <- n
			}
			close(out)
		})
		both.Go(func() {
			for n := range out {
				inlined(n)
			}
		})
		for range 10 {
			in <- 1000
			first()
		}
		close(in)
		both.Wait()
	}
}
