package baseline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Environment is what is known of the machine and toolchain of a run. A zero
// field means unknown.
type Environment struct {
	OS         string  // goos
	Arch       string  // goarch
	CPU        string  // model name
	Cores      int     // logical processors the process may use
	Quota      float64 // cgroup CPU quota in cores; 0: none
	Procs      int     // GOMAXPROCS
	MemoryMiB  int
	Kernel     string
	Virtual    string // hypervisor or container, as far as visible
	Governor   string // CPU frequency governor
	GoVersion  string // toolchain that built the suite
	SuiteFlags string // -benchtime and whatever else changes what a value means
	Counter    string // what counted instructions, such as "qemu-user 7.2.22"; empty: nothing did
}

// Fingerprint identifies the class of machine: runs are compared across
// sessions only where it is equal. It covers OS, architecture, CPU model,
// cores, quota and GOMAXPROCS; kernel and toolchain changes are warnings, since
// they may be the very change under test, and another counter moves counts alone. Twelve
// hexadecimal digits.
func (e Environment) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d|%g|%d", e.OS, e.Arch, e.CPU, e.Cores, e.Quota, e.Procs))
	return hex.EncodeToString(sum[:6])
}

// Load is what else the machine did while something was measured.
type Load struct {
	Wall     time.Duration
	Steal    float64 // share of all CPU time taken by the hypervisor, 0..1
	Other    float64 // share of all CPU time used by processes that are not the measured one's, 0..1
	FreqMHz  float64 // mean current frequency; 0: not readable
	Throttle int     // cgroup or thermal throttling events
}
