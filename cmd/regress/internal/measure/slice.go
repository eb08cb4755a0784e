package measure

import (
	"math"
	"strconv"
	"time"

	"github.com/descartes/regress/pkg/baseline/ingest"
)

// How the processes of a benchmark are run in pairs: what is tried out is decided here.

const (
	// sliceTime is how long one repetition of a process times, and mostSlices how many it has.
	// Whatever else runs can only lengthen some of them, and the decision takes the second
	// fastest. What is short escapes it: a preemption lasts 3 to 4 ms. Robust standard deviation
	// of the logarithm of two processes' ratio, adjacent and of one binary, median over the
	// benchmarks (standard library and ten public modules; a table of another machine is printed
	// by go run ./pkg/gate/accuracy/record):
	//
	//	                     nothing else (49 benchmarks)   beside builds, load 15 to 25 (22)
	//	mean over 30 ms      19.9 %                         -
	//	10 slices of 3 ms     3.5 %                         7.6 %
	//	20 of 1 ms            1.8 %                         2.8 %
	//	40 of half a ms       1.2 %                         1.5 %
	//
	// A process of the last cost 45 ms, one of the first 77 ms, on the machine with nothing else.
	sliceTime  = 500 * time.Microsecond
	mostSlices = 40

	// ownSlice is how long a slice is of what prints times or rates of its own: a percentile
	// takes some hundreds of iterations.
	ownSlice = 3 * time.Millisecond

	// longSlice is as long as a slice gets where what stands around the timed part is dear.
	longSlice = 10 * time.Millisecond

	// fewestSlices are needed for a quantile to be one; with fewer a process times as
	// Options.Benchtime says, once.
	fewestSlices = 2

	// dear is how much more than it times a process may take: as much again, and twice as long
	// as Options.Benchtime in all.
	dear = 2

	// longestSetup is what a repetition may cost beside its slice. Beyond, even two are dearer
	// than one whose number of iterations testing finds out, which repeats the setup four times.
	longestSetup = 100 * time.Millisecond

	// longestLook is how long the first look at a benchmark may take for others to follow.
	longestLook = 4 * longestSetup

	// pinnedProcs is GOMAXPROCS of a process that runs on one processor. With two, a collection
	// waits for threads that the processor is not free to run: every repetition cost 6 to 10 ms
	// beside its slice of 3 ms, against .3 ms with one (and 1.2 ms on both processors), in
	// nineteen benchmarks on two idle ones.
	pinnedProcs = 1

	// several is how many processors a benchmark keeps busy, collections aside, that needs more
	// than one: a RunParallel on two was seen at 1.5 to 1.9, all others, goroutines that hand
	// things to each other included, at 1.15 or less.
	several = 1.3

	// busy is how many it keeps busy at least where nothing else is tried before it is bound to
	// one: with less, what else runs may hide that it needs more.
	busy = .9

	// trySlices are how many slices show what one costs beside its time: fewer, fewTries at least,
	// where they take longer than tryTime together. Pipes, sockets and shared memory, whose setup
	// starts a process: 22.9 s were spent on trying 27 benchmarks with twelve slices of each.
	trySlices = 12
	fewTries  = 4
	tryTime   = 120 * time.Millisecond

	// slowed is how much slower a benchmark may be on one processor. What waits in a loop for
	// another goroutine is by a hundred; others were as quick there or quicker, those that leave
	// garbage by up to 2.8 slower than without collections.
	slowed = 3

	// together is how much slower a benchmark that starts other processes may be on one processor.
	// Those that take turns with it, as two ends of a pipe do, are as quick there, and do not
	// depend any more on where the kernel puts them: round trips of 256 bytes and 1 MiB over pipes
	// and Unix sockets, standard deviation of ten processes' second fastest repetition, 9 to 17 %
	// on two processors and .8 to 6 % on one. What works at the same time is twice as slow.
	together = 1.25

	// unlike is by how much the iterations of a slice may differ from those that were tried.
	unlike = 4

	// workTime is how long a process runs longer than another one from which it is seen how a
	// benchmark spends its time.
	workTime = 80 * time.Millisecond

	// countTime is how long a process whose instructions are counted would run otherwise, and
	// countLongest what its one iteration, or its setup, may take at most. What a count wavers by
	// is an amount, up to 150,000 instructions: of two million 9 %, of nineteen million 1 %.
	countTime    = 10 * time.Millisecond
	countLongest = 300 * time.Millisecond
)

// slicing returns how many iterations a slice has, and how many slices a process, for a benchmark
// of which one iteration takes op nanoseconds and a repetition setup beside those that it times.
// benchtime is what a process is to time in all, and least the time of a slice. 0, 1: it is not
// worth slicing.
func slicing(op float64, setup, benchtime, least time.Duration) (iterations, slices int) {
	if op <= 0 || setup > longestSetup {
		return 0, 1
	}
	slice := max(least, min(max(setup, benchtime/(2*mostSlices)), longSlice))
	iterations = fits(slice, op)
	work := time.Duration(float64(iterations) * op)
	slices = int(min(mostSlices, dear*benchtime/work, dear*dear*benchtime/(work+setup)))
	if slices < fewestSlices {
		if work > dear*longSlice {
			return 0, 1
		}
		slices = fewestSlices
	}
	return iterations, slices
}

// trying returns how many slices of a time are tried in a process.
func trying(each time.Duration) int {
	return int(min(trySlices, max(fewTries, tryTime/max(each, 1))))
}

// counting returns how many iterations of op nanoseconds are counted in one process; 0: it takes
// too long.
func counting(op float64, setup time.Duration) int {
	if op > float64(countLongest) || setup > countLongest {
		return 0
	}
	return fits(countTime, op)
}

// fits returns how many iterations of op nanoseconds come next to a time: one at least.
func fits(in time.Duration, op float64) int {
	return int(min(max(1, math.Round(float64(in)/op)), 1e9)) // testing runs no more
}

// benchtime returns -test.benchtime and -test.count of a method; whole is that of a process that is
// not sliced.
func benchtime(m ingest.Method, whole string) (string, int) {
	if m.Iterations == 0 {
		return whole, 1
	}
	return strconv.Itoa(m.Iterations) + "x", m.Slices
}
