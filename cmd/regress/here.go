package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/machine"
)

// machineOf returns what is known of the machine of a run: what its text says, and,
// where that is no more than go test prints and contradicts nothing of this machine,
// the rest from this one. Text from go test names the system and the CPU model; what
// regress measures, also the processors, the quota and GOMAXPROCS, and those decide
// what is comparable.
func machineOf(ctx context.Context, log baseline.Log, run baseline.Run) baseline.Environment {
	e := run.Environment
	if e.Cores != 0 || e.Procs != 0 || e.MemoryMiB != 0 || e.Kernel != "" || run.Project != "" {
		return e // regress wrote it: go test names none of these
	}
	m, _ := machine.Environment(ctx)
	procs := m.Procs
	if len(log.Procs) == 1 && (log.Procs[0] > 1 || e.OS != "") { // a name without -N is of GOMAXPROCS=1 where go test printed it
		procs = log.Procs[0]
	}
	if contradicts(e.OS, m.OS) || contradicts(e.Arch, m.Arch) || e.CPU != "" && !sameCPU(e.CPU, m.CPU) || procs > m.Cores {
		return e
	}
	m.Procs, m.GoVersion, m.SuiteFlags = procs, e.GoVersion, e.SuiteFlags
	return m
}

// contradicts reports whether something that is said is not so.
func contradicts(says, is string) bool { return says != "" && says != is }

// clock is what some systems put behind the model's name.
var clock = regexp.MustCompile(`(?i) @ [0-9.]+ ?[MG]Hz$`)

// sameCPU reports whether go test's name for a CPU is one for which machine writes
// known: with single spaces and without a clock, and all kinds of cores joined by " + ".
func sameCPU(name, known string) bool {
	bare := func(s string) string { return clock.ReplaceAllString(strings.Join(strings.Fields(s), " "), "") }
	for kind := range strings.SplitSeq(known, " + ") {
		if strings.EqualFold(bare(name), bare(kind)) {
			return true
		}
	}
	return strings.EqualFold(bare(name), bare(known))
}
