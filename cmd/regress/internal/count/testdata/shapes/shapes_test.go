// Package selftest has benchmarks of all shapes, which do 200,000 instructions an iteration while
// the timer runs.
package selftest

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

const steps = 100_000

var waste [][]byte

// setup does much, and leaves garbage, outside of the timer.
func setup() {
	spin(20 * steps)
	for i := 0; i < 1000; i++ {
		waste = append(waste, make([]byte, 10_000))
	}
	waste = nil
}

func BenchmarkReset(b *testing.B) {
	setup()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		spin(steps)
	}
}

func BenchmarkLoop(b *testing.B) {
	setup()
	for b.Loop() {
		spin(steps)
	}
	setup()
}

func BenchmarkStopEach(b *testing.B) {
	for i := 0; i < b.N; i++ {
		b.StopTimer()
		setup()
		b.StartTimer()
		spin(steps)
	}
}

func BenchmarkStopped(b *testing.B) {
	b.StopTimer()
	setup()
	b.StartTimer()
	for i := 0; i < b.N; i++ {
		spin(steps)
	}
	b.StopTimer()
	setup()
}

func BenchmarkCleanup(b *testing.B) {
	b.Cleanup(setup)
	b.ResetTimer() // it looks at the stack
	for i := 0; i < b.N; i++ {
		spin(steps)
	}
}

func BenchmarkParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			spin(steps)
		}
	})
}

func BenchmarkGoroutines(b *testing.B) {
	for i := 0; i < b.N; i++ {
		done := make(chan bool)
		go func() {
			spin(steps)
			close(done)
		}()
		<-done
	}
}

func BenchmarkSub(b *testing.B) {
	setup()
	b.Run("first", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			spin(steps)
		}
	})
	setup()
	b.ResetTimer()
	setup()
	b.StopTimer()
	b.StartTimer()
	setup()
}

// BenchmarkSleep leaves the runtime's monitor time to do what it does by the clock.
func BenchmarkSleep(b *testing.B) {
	for i := 0; i < b.N; i++ {
		time.Sleep(20 * time.Millisecond)
		spin(steps)
	}
}

// BenchmarkChild starts programs, of which one is there and one is not: a child ends before it is
// another program.
func BenchmarkChild(b *testing.B) {
	for i := 0; i < b.N; i++ {
		spin(steps)
	}
	b.StopTimer()
	if err := exec.Command("true").Run(); err != nil {
		b.Fatal(err)
	}
	if err := exec.Command(os.TempDir()).Run(); err == nil {
		b.Fatal("a directory was run")
	}
}

func BenchmarkSyscalls(b *testing.B) {
	for i := 0; i < b.N; i++ {
		spin(steps)
		os.Getppid()
		os.Getppid()
		os.Getppid()
	}
}

func BenchmarkExit(b *testing.B) {
	for i := 0; i < b.N; i++ {
		spin(steps)
	}
	os.Exit(0)
}

func BenchmarkCrash(b *testing.B) {
	var p *int
	for i := 0; i < b.N; i++ {
		*p = i
	}
}
