package machine

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// A controller is the directory of this process's cgroup that limits its CPU
// time, and the mount point above which there is nothing more to look at.
// See cgroups(7) and the kernel's admin-guide/cgroup-v2.rst, admin-guide/cgroup-v1.
type controller struct {
	dir, mount string // without the leading slash, as fs.FS wants it; empty for the root
	v1         bool
}

// controllers finds the CPU controllers of this process: one of version 1, one
// of version 2, or both on a hybrid system.
func controllers(fsys fs.FS) []controller {
	groups := map[string]string{} // "cpu" for version 1, "" for version 2 → path of this process's group
	for line := range lines(fsys, "proc/self/cgroup") {
		parts := strings.SplitN(line, ":", 3) // 4:cpu,cpuacct:/user.slice
		if len(parts) != 3 {
			continue
		}
		for name := range strings.SplitSeq(parts[1], ",") {
			if name == "cpu" || (name == "" && parts[0] == "0") {
				groups[name] = parts[2]
			}
		}
	}
	var out []controller
	for line := range lines(fsys, "proc/self/mountinfo") {
		// 32 31 0:29 /root /mount/point rw,relatime - cgroup cgroup rw,cpu
		mount, tail, found := strings.Cut(line, " - ")
		fields, kind := strings.Fields(mount), strings.Fields(tail)
		if !found || len(fields) < 5 || len(kind) < 3 {
			continue
		}
		name, v1 := "", kind[0] == "cgroup"
		if v1 && strings.Contains(","+kind[2]+",", ",cpu,") {
			name = "cpu"
		} else if kind[0] != "cgroup2" {
			continue
		}
		group, ok := groups[name]
		if !ok {
			continue
		}
		// Inside a container the mount shows a subtree: its root is cut off the group's path.
		if below, ok := strings.CutPrefix(group, fields[3]); ok && fields[3] != "/" {
			group = below
		}
		at := path.Join("/", fields[4])
		out = append(out, controller{dir: strings.TrimPrefix(path.Join(at, group), "/"), mount: strings.TrimPrefix(at, "/"), v1: v1})
	}
	return out
}

// quota returns the tightest CPU limit between this process's cgroup and the
// root, in cores; 0 when there is none.
func quota(fsys fs.FS) float64 {
	tightest := 0.0
	for _, c := range controllers(fsys) {
		for _, dir := range c.groups() {
			if cores := c.limit(fsys, dir); cores > 0 && (tightest == 0 || cores < tightest) {
				tightest = cores
			}
		}
	}
	return tightest
}

// groups returns the directories from this process's group up to the mount
// point, both included; none when the group is not below the mount point.
func (c controller) groups() []string {
	below, ok := c.dir, true
	if c.mount != "" {
		if below, ok = strings.CutPrefix(c.dir, c.mount); !ok || below != "" && below[0] != '/' {
			return nil
		}
	}
	dirs := []string{c.mount}
	for name := range strings.FieldsFuncSeq(below, func(r rune) bool { return r == '/' }) {
		dirs = append(dirs, path.Join(dirs[len(dirs)-1], name))
	}
	return dirs
}

// limit returns the limit of one group, in cores; 0 for none.
func (c controller) limit(fsys fs.FS, dir string) float64 {
	var fields []string
	if c.v1 {
		fields = []string{readTrim(fsys, path.Join(dir, "cpu.cfs_quota_us")), readTrim(fsys, path.Join(dir, "cpu.cfs_period_us"))}
	} else {
		fields = strings.Fields(readTrim(fsys, path.Join(dir, "cpu.max"))) // "150000 100000" or "max 100000"
	}
	if len(fields) != 2 {
		return 0
	}
	limit, err1 := strconv.ParseFloat(fields[0], 64) // −1 in version 1: no limit
	period, err2 := strconv.ParseFloat(fields[1], 64)
	if err1 != nil || err2 != nil || !(limit > 0) || !(period > 0) {
		return 0
	}
	return limit / period
}

// throttled counts how often this process's group was stopped for having used
// up its quota.
func throttled(fsys fs.FS) int {
	n := 0
	for _, c := range controllers(fsys) {
		for line := range lines(fsys, path.Join(c.dir, "cpu.stat")) {
			if count, ok := strings.CutPrefix(line, "nr_throttled "); ok {
				v, _ := strconv.Atoi(count)
				n += v
			}
		}
	}
	return n
}

// lines yields the lines of a file; none when it cannot be read.
func lines(fsys fs.FS, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		text, _ := fs.ReadFile(fsys, name)
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			if !yield(s.Text()) {
				return
			}
		}
	}
}
