package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// The temporary directory is named after the process that owns it, by its number and the time of
// its start, which together no other process has: regress-1234-567890-…

// tempDir makes a temporary directory and returns its name, symbolic links resolved.
func tempDir() (string, error) {
	dir, err := os.MkdirTemp("", fmt.Sprintf("regress-%d-%s-", os.Getpid(), startTime(os.Getpid())))
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("make a directory for the trees and the binaries: %w", err)
	}
	return dir, nil
}

var tempName = regexp.MustCompile(`^regress-([0-9]+)-([0-9]+)-[0-9]+$`)

// sweep removes what processes that are gone have left: a guard cleans up behind a process that
// was killed, and nothing behind a machine that lost its power. Directories of other users are left
// alone, and so is what cannot be removed.
func sweep(in string) {
	entries, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, entry := range entries {
		m := tempName.FindStringSubmatch(entry.Name())
		if m == nil || !entry.IsDir() {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Getuid() {
			continue
		}
		pid, err := strconv.Atoi(m[1])
		if err != nil || runs(pid, m[2]) {
			continue
		}
		removeAll(filepath.Join(in, entry.Name()))
	}
}

// runs reports whether the process of that number that began at that time still runs. Where its
// beginning is unknown, a process of that number is taken for it.
func runs(pid int, start string) bool {
	if err := syscall.Kill(pid, 0); err == syscall.ESRCH {
		return false
	}
	now := startTime(pid)
	return now == "0" || start == "0" || now == start
}

// startTime returns when a process began, in ticks since the machine did; "0" when unknown.
func startTime(pid int) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "0"
	}
	// pid (name) state …: the name may hold anything, and the start is field 22.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const start = 22 - 3
	if len(fields) <= start {
		return "0"
	}
	return fields[start]
}

// removeAll deletes a tree even where a benchmark or the module cache made
// directories read-only.
func removeAll(dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}
