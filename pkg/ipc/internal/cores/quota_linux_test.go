package cores

import "testing"

func TestQuotaIsTheLeastOfItsGroups(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"max 100000\n", 0},
		{"150000 100000\n", 1}, // 1.5 processors
		{"50000 100000\n", 1},  // half of one
		{"400000 100000\n", 4},
		{"", 0},
		{"x y", 0},
		{"-1 5", 0},
		{"5 0", 0},
	} {
		if have := parseQuota(c.text); have != c.want {
			t.Errorf("%q: %d processors, want %d", c.text, have, c.want)
		}
	}
	check := func(want int, groups string, files map[string]string) {
		t.Helper()
		if have := leastQuota(groups, func(name string) string { return files[name] }); have != want {
			t.Errorf("%q with %v: %d processors, want %d", groups, files, have, want)
		}
	}
	check(0, "", nil)
	check(0, "0::/\n", nil)
	check(3, "0::/\n", map[string]string{"/sys/fs/cgroup/cpu.max": "300000 100000\n"})
	check(2, "0::/a/b\n", map[string]string{ // the group above has less
		"/sys/fs/cgroup/a/b/cpu.max": "400000 100000\n", "/sys/fs/cgroup/a/cpu.max": "200000 100000\n", "/sys/fs/cgroup/cpu.max": "max 100000\n",
	})
	v1 := "5:memory:/x\n4:cpu,cpuacct:/x\n3:cpuset:/x\n"
	check(1, v1, map[string]string{"/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "150000\n", "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n"})
	check(2, v1, map[string]string{ // a container sees its own group as the root
		"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
	})
	check(0, v1, map[string]string{"/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n"})
	check(0, "3:cpuset:/x\n", map[string]string{"/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "100000\n", "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n"})
}
