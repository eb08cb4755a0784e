package cores

import (
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
)

// quota is the control group's limit in whole processors, rounded down to at least 1; 0 when
// there is none.
var quota = sync.OnceValue(func() int {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	return leastQuota(string(b), func(name string) string {
		b, _ := os.ReadFile(name) // a group without the file has no limit
		return string(b)
	})
})

// leastQuota returns the least limit of the groups listed in /proc/self/cgroup and of those
// above them. A line is "0::/path" of version 2, or "4:cpu,cpuacct:/path" of a version 1
// hierarchy.
func leastQuota(groups string, read func(name string) string) int {
	least := 0
	for line := range strings.Lines(groups) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) < 3 {
			continue
		}
		var limit func(dir string) string
		switch {
		case f[0] == "0" && f[1] == "":
			limit = func(dir string) string { return read("/sys/fs/cgroup" + dir + "/cpu.max") }
		case strings.Contains(","+f[1]+",", ",cpu,"):
			limit = func(dir string) string {
				dir = "/sys/fs/cgroup/cpu" + dir // also where it is mounted with others: a link, by convention
				return strings.TrimSpace(read(dir+"/cpu.cfs_quota_us")) + " " + read(dir+"/cpu.cfs_period_us")
			}
		default:
			continue
		}
		for dir := path.Clean("/" + f[2]); ; dir = path.Dir(dir) {
			if q := parseQuota(limit(strings.TrimSuffix(dir, "/"))); q > 0 && (least == 0 || q < least) {
				least = q
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}

// parseQuota reads cpu.max, "max 100000" or "150000 100000", as whole processors; 0 is no limit.
func parseQuota(s string) int {
	quota, period, _ := strings.Cut(strings.TrimSpace(s), " ")
	q, err := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return 0
	}
	return int(max(q/p, 1))
}
