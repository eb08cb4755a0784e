package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// TestMain makes this binary a process that burns CPU, or one that reports what
// it sees of its own machine, when a test starts it so.
func TestMain(m *testing.M) {
	switch os.Getenv("MACHINE_TEST") {
	case "burn":
		burn(500 * time.Millisecond)
	case "report":
		watch := Start()
		env, _ := Environment(context.Background())
		burn(500 * time.Millisecond)
		if err := json.NewEncoder(os.Stdout).Encode(report{env, watch.Stop(0)}); err != nil {
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

type report struct {
	Environment baseline.Environment
	Load        baseline.Load
}

func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

func child(t *testing.T, mode string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "MACHINE_TEST="+mode)
	return cmd
}

func TestEnvironment(t *testing.T) {
	env, warnings := Environment(context.Background())
	if env.OS != runtime.GOOS || env.Arch != runtime.GOARCH || env.Cores < 1 || env.Procs < 1 || env.Kernel == "" || env.MemoryMiB < 16 {
		t.Errorf("%+v", env)
	}
	if env.GoVersion != "" || env.SuiteFlags != "" {
		t.Errorf("the suite's facts are not the machine's: %+v", env)
	}
	if env.CPU == "" && !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "CPU model") }) {
		t.Errorf("an unknown CPU model without a warning: %q", warnings)
	}
	again, _ := Environment(context.Background())
	if env != again {
		t.Errorf("twice: %+v and %+v", env, again)
	}
}

func TestWarnings(t *testing.T) {
	check := func(env baseline.Environment, unknown []string, want ...string) {
		t.Helper()
		have := warnings(env, unknown)
		if len(have) != len(want) {
			t.Fatalf("%+v: %q, want %q", env, have, want)
		}
		for i := range want {
			if !strings.Contains(have[i], want[i]) {
				t.Errorf("%q does not say %q", have[i], want[i])
			}
		}
	}
	check(baseline.Environment{Procs: 2}, nil)
	check(baseline.Environment{Governor: "performance", Quota: 2, Procs: 2}, nil)
	check(baseline.Environment{Governor: "powersave"}, nil, "cpupower")
	check(baseline.Environment{Quota: 1.5, Procs: 2}, nil, "1.5 cores is below GOMAXPROCS=2")
	check(baseline.Environment{}, []string{"a", "b"}, "a, b")
}

// files makes a tree of /proc and /sys.
func files(pairs ...string) fs.FS {
	tree := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return tree
}

func TestQuota(t *testing.T) {
	check := func(cores float64, throttles int, tree fs.FS) {
		t.Helper()
		if have := quota(tree); math.Abs(have-cores) > 1e-12 {
			t.Errorf("quota %g, want %g", have, cores)
		}
		if have := throttled(tree); have != throttles {
			t.Errorf("throttled %d times, want %d", have, throttles)
		}
	}
	v2 := "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	check(0, 0, files())
	check(1.5, 7, files(
		"proc/self/cgroup", "0::/\n", "proc/self/mountinfo", v2,
		"sys/fs/cgroup/cpu.max", "150000 100000\n", "sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 7\n"))
	check(0, 0, files("proc/self/cgroup", "0::/a\n", "proc/self/mountinfo", v2, "sys/fs/cgroup/a/cpu.max", "max 100000\n"))
	// The tightest of a group and those above it.
	check(.5, 3, files(
		"proc/self/cgroup", "0::/a/b\n", "proc/self/mountinfo", v2, "sys/fs/cgroup/a/cpu.max", "50000 100000\n",
		"sys/fs/cgroup/a/b/cpu.max", "200000 100000\n", "sys/fs/cgroup/a/b/cpu.stat", "nr_throttled 3\n"))
	// Docker without a cgroup namespace: the mount shows the subtree /docker/id.
	check(2, 0, files(
		"proc/self/cgroup", "0::/docker/id/x\n",
		"proc/self/mountinfo", "31 24 0:27 /docker/id /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "sys/fs/cgroup/x/cpu.max", "200000 100000\n"))
	// Version 1, as systemd mounts it, and a hybrid with an empty version 2.
	v1 := "40 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	check(.25, 2, files(
		"proc/self/cgroup", "4:cpu,cpuacct:/u\n0::/\n", "proc/self/mountinfo", v1+"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
		"sys/fs/cgroup/cpu,cpuacct/u/cpu.cfs_quota_us", "25000\n", "sys/fs/cgroup/cpu,cpuacct/u/cpu.cfs_period_us", "100000\n",
		"sys/fs/cgroup/cpu,cpuacct/u/cpu.stat", "nr_throttled 2\n"))
	check(0, 0, files(
		"proc/self/cgroup", "4:cpu,cpuacct:/\n", "proc/self/mountinfo", v1,
		"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"))
	// Mounted at the root, at a mount point whose name begins another's, and a group outside it.
	check(.5, 4, files("proc/self/cgroup", "0::/a\n", "proc/self/mountinfo", "31 24 0:27 / / rw - cgroup2 cgroup2 rw\n",
		"cpu.max", "90000 100000\n", "a/cpu.max", "50000 100000\n", "a/cpu.stat", "nr_throttled 4\n"))
	check(0, 0, files("proc/self/cgroup", "0::/../system\n", "proc/self/mountinfo", "31 24 0:27 / /sys rw - cgroup2 cgroup2 rw\n",
		"system/cpu.max", "50000 100000\n"))
	// Nonsense is no quota.
	for _, text := range []string{"", "x y", "100000", "100000 0", "-5 100000", "NaN NaN", "1 2 3"} {
		check(0, 0, files("proc/self/cgroup", "0::/\n", "proc/self/mountinfo", v2, "sys/fs/cgroup/cpu.max", text))
	}
	check(0, 0, files("proc/self/cgroup", "x\n0:\n", "proc/self/mountinfo", "a - b\n - cgroup2 c d\n"))
}

// TestRealCgroup runs a process under a real quota and asks it what it sees.
func TestRealCgroup(t *testing.T) {
	dir := realCgroup(t)
	sh := child(t, "report")
	sh.Args = []string{"sh", "-c", fmt.Sprintf("echo $$ > %s/cgroup.procs && exec %s", dir, os.Args[0])}
	sh.Path, _ = exec.LookPath("sh")
	sh.Stderr = os.Stderr
	out, err := sh.Output()
	if err != nil {
		t.Fatal(err)
	}
	var have report
	if err := json.Unmarshal(out, &have); err != nil {
		t.Fatal(err)
	}
	// It burns for 500 ms and may use a quarter of a core: it is stopped in every period of 100 ms.
	if have.Environment.Quota != .25 || have.Load.Throttle < 1 || Disturbed(have.Load) == "" {
		t.Errorf("%+v", have)
	}
}

// realCgroup makes a group with a quota of a quarter of a core, where that is allowed.
func realCgroup(t *testing.T) string {
	t.Helper()
	for _, at := range []struct{ dir, file, text string }{
		{"/sys/fs/cgroup", "cpu.max", "25000 100000"},
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "25000"}, // the period is 100 ms unless set
	} {
		dir := filepath.Join(at.dir, fmt.Sprintf("regress-test-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			if err := os.Remove(dir); err != nil {
				t.Error(err)
			}
		})
		if _, err := os.Stat(filepath.Join(dir, at.file)); err != nil {
			continue // tmpfs above version 1, or no CPU controller here
		}
		if err := os.WriteFile(filepath.Join(dir, at.file), []byte(at.text), 0o644); err == nil {
			return dir
		}
	}
	t.Skip("no right to make a cgroup with a CPU quota here; TestQuota has the formats")
	return ""
}

func TestGovernor(t *testing.T) {
	tree := files(
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n", "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2000000\n", "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3000000\n",
		"sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "4\n", "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "1\n",
		"proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-1\n")
	cpus := allowed(tree)
	if !slices.Equal(cpus, []int{0, 1}) || governor(tree, cpus) != "performance+powersave" || frequency(tree, cpus) != 2500 || throttles(tree, cpus) != 5 {
		t.Error(cpus, governor(tree, cpus), frequency(tree, cpus), throttles(tree, cpus))
	}
	if governor(tree, cpus[:1]) != "performance" || frequency(tree, []int{7}) != 0 || governor(files(), nil) != "" {
		t.Error("a processor that is not in use counts")
	}
}

func TestParseList(t *testing.T) {
	check := func(list string, want ...int) {
		t.Helper()
		if have := parseList(list); !slices.Equal(have, want) {
			t.Errorf("%q: %v, want %v", list, have, want)
		}
	}
	check("0-3,8", 0, 1, 2, 3, 8)
	check("5", 5)
	check("")
	check("x,1-,-2,3-1,2,0-99999999999", 2)
}

// TestWatch: a real process uses CPU time, and it is the measured one or another.
func TestWatch(t *testing.T) {
	if _, ok := times(context.Background(), nil); !ok {
		t.Skip("this system does not tell CPU times")
	}
	watch := Start()
	cmd := child(t, "burn")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	own := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	all, rest, none := watch.Stop(0), watch.Stop(own), watch.Stop(time.Hour)
	if all.Wall < 500*time.Millisecond || all.Other <= 0 || all.Other > 1 || all.Steal < 0 || all.Steal > 1 {
		t.Errorf("%+v", all)
	}
	// It burnt half a second; a tenth is allowed for what others did between two calls of Stop.
	if cut := (all.Other - rest.Other) * all.Wall.Seconds() * float64(runtime.NumCPU()); rest.Other > 0 && cut < own.Seconds()-.1 {
		t.Errorf("own %v took %.3f s off: %+v and %+v", own, cut, all, rest)
	}
	if none.Other != 0 {
		t.Errorf("more than there was leaves %+v", none)
	}
}

func TestDisturbed(t *testing.T) {
	check := func(load baseline.Load, want string) {
		t.Helper()
		if have := Disturbed(load); have != want {
			t.Errorf("%+v: %q, want %q", load, have, want)
		}
	}
	check(baseline.Load{}, "")
	check(baseline.Load{Wall: time.Second, Steal: .02, Other: .1}, "")
	check(baseline.Load{Wall: 2 * time.Second, Steal: .03}, "the hypervisor took 3 % of the CPU time")
	check(baseline.Load{Wall: time.Second, Other: .5}, "other processes used 50 % of the CPU time")
	check(baseline.Load{Wall: time.Second, Throttle: 2}, "the CPU was throttled (2×)")
	// 100 ms are ten ticks a processor: 12 % may be one tick, 30 % is not.
	check(baseline.Load{Wall: 100 * time.Millisecond, Steal: .12, Other: .12}, "")
	check(baseline.Load{Wall: 100 * time.Millisecond, Steal: .3, Other: .3, Throttle: 1},
		"the hypervisor took 30 % of the CPU time, other processes used 30 % of the CPU time, the CPU was throttled (1×)")
}

// FuzzRoot: no content of /proc and /sys makes a panic or a quota that is none.
func FuzzRoot(f *testing.F) {
	f.Add("0::/a\n", "31 24 0:27 / /sys rw - cgroup2 cgroup2 rw\n", "50000 100000")
	f.Add("0::/a", "31 24 0:27 / / rw - cgroup2 cgroup2 rw\n", "50000 100000")
	f.Add("0::/\xff\x00", "31 24 0\f\f\f\f\f\f\f:27 / /sys rw - cgroup2 cgroup2 rw\n", "50000 100000")
	f.Add("4:cpu:/\n", "31 24 0:27 /x /sys rw - cgroup cgroup rw,cpu\n", "Cpus_allowed_list:\t0-3,8")
	f.Fuzz(func(t *testing.T, groups, mounts, text string) {
		tree := files("proc/self/cgroup", groups, "proc/self/mountinfo", mounts, "proc/self/status", text,
			"sys/cpu.max", text, "sys/a/cpu.max", text, "sys/cpu.cfs_quota_us", text, "sys/cpu.cfs_period_us", "100000", "sys/cpu.stat", text)
		if q := quota(tree); !(q >= 0) {
			t.Errorf("quota %g", q)
		}
		for _, c := range allowed(tree) {
			if c < 0 {
				t.Errorf("processor %d", c)
			}
		}
		throttles(tree, nil)
	})
}
