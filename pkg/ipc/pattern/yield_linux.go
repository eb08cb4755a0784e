package pattern

import (
	"runtime"

	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// yield lets other processes on this core run and, where this one has a single P, other
// goroutines: with more they have another to run on. Note: runtime.Gosched with an idle P wakes
// a thread to look for work on it: with it in every yield a gather takes twice as long.
func yield(single bool) {
	cores.Yield()
	if single {
		runtime.Gosched()
	}
}
