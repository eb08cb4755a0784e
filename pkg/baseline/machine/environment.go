package machine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/mem"

	"github.com/descartes/regress/pkg/baseline"
)

// root is where /proc and /sys are looked up.
func root() fs.FS { return os.DirFS("/") }

// Environment describes this machine, with a sentence for every fact that is
// unknown and matters and for every fact that makes measurements noisy. What
// cannot be read stays zero; there is no error, since a measurement without
// these facts is still a measurement.
//
// Cores and Procs are those of this process and what it starts with the same
// environment. GoVersion and SuiteFlags stay empty: only the one who builds and
// starts the suite knows them.
func Environment(ctx context.Context) (baseline.Environment, []string) {
	fsys := root()
	env := baseline.Environment{
		OS:       runtime.GOOS,
		Arch:     runtime.GOARCH,
		Cores:    runtime.NumCPU(), // honours the affinity mask
		Procs:    runtime.GOMAXPROCS(0),
		Quota:    quota(fsys),
		Governor: governor(fsys, allowed(fsys)),
	}
	var unknown []string
	if env.CPU = model(ctx); env.CPU == "" {
		unknown = append(unknown, "CPU model")
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err != nil || m.Total == 0 {
		unknown = append(unknown, "memory size")
	} else {
		env.MemoryMiB = int(m.Total >> 20)
	}
	kernel, err := host.KernelVersionWithContext(ctx)
	if err != nil || kernel == "" {
		unknown = append(unknown, "kernel version")
	}
	env.Kernel = kernel
	// The role "host" means only that this machine could run guests itself.
	if system, role, err := host.VirtualizationWithContext(ctx); err == nil && role == "guest" {
		env.Virtual = system
	}
	if _, ok := times(ctx, allowed(fsys)); !ok {
		unknown = append(unknown, "the load of other processes")
	}
	return env, warnings(env, unknown)
}

// warnings returns a sentence for each fact that is unknown or makes measurements noisy.
func warnings(env baseline.Environment, unknown []string) []string {
	var out []string
	if len(unknown) > 0 {
		out = append(out, fmt.Sprintf("not readable on this machine: %s; runs on different machines may be taken for runs on one", strings.Join(unknown, ", ")))
	}
	if env.Governor != "" && env.Governor != "performance" {
		out = append(out, fmt.Sprintf("the CPU frequency governor is %s: frequency changes add noise; `cpupower frequency-set -g performance` fixes it", env.Governor))
	}
	if env.Quota > 0 && env.Quota < float64(env.Procs) {
		out = append(out, fmt.Sprintf("the CPU quota of %g cores is below GOMAXPROCS=%d: the kernel will stop the benchmarks in mid-run when it is used up; lower GOMAXPROCS or raise the quota", env.Quota, env.Procs))
	}
	return out
}

// model returns the CPU's name with single spaces, or the names of all kinds of
// cores of a machine that has several, joined by " + ".
func model(ctx context.Context) string {
	infos, err := cpu.InfoWithContext(ctx)
	if err != nil {
		return ""
	}
	names := []string{}
	for _, info := range infos {
		name := strings.Join(strings.Fields(info.ModelName), " ")
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " + ")
}

// governor returns the frequency governor of the given processors, or every one in
// use joined by "+"; empty where there is none, as in most virtual machines.
func governor(fsys fs.FS, cpus []int) string {
	names := []string{}
	for _, n := range cpus {
		name := readTrim(fsys, fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", n))
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, "+")
}

// readTrim returns the file without surrounding space, or empty when it cannot be read.
func readTrim(fsys fs.FS, name string) string {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
