package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stateDir is where logs are kept, and the default store: beside regress.toml.
const stateDir = ".regress"

// mostLogs is how many logs stay in the state directory: enough to look back
// over a week of work, and at 200 KB each nothing a disk or a cache notices.
const mostLogs = 50

// keptLog is the raw log while it is being written.
type keptLog struct {
	file *os.File
	own  bool // made by regress under a name of its own
}

// keep creates the raw log: where the user wants it, else under .regress/log,
// so that every run can be replayed. resumed is the log that is gone on from,
// which must outlive a measurement that does not begin.
func (u *setup) keep(output, resumed string) (keptLog, error) {
	if output == "" {
		return u.keepOwn()
	}
	if output == "-" {
		return keptLog{}, usagef("--output - is no file: regress run prints the log without it")
	}
	if resumed != "" && sameFile(output, resumed) {
		return keptLog{}, usagef("--output %s is the log to resume: name another file", output)
	}
	file, err := os.Create(output)
	if err != nil {
		return keptLog{}, usagef("write the raw log: %w", err)
	}
	return keptLog{file: file}, nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

func (u *setup) keepOwn() (keptLog, error) {
	folder := filepath.Join(u.root, stateDir, "log")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return keptLog{}, fmt.Errorf("keep the raw log: %w; name another place with --output", err)
	}
	// Logs are nobody's to commit, and must not make the tree look changed.
	if err := os.WriteFile(filepath.Join(folder, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return keptLog{}, fmt.Errorf("keep the raw log: %w; name another place with --output", err)
	}
	prune(folder)
	name := fmt.Sprintf("%s-%d.txt", time.Now().UTC().Format("20060102T150405.000Z"), os.Getpid())
	file, err := os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return keptLog{}, fmt.Errorf("keep the raw log: %w; name another place with --output", err)
	}
	return keptLog{file: file, own: true}, nil
}

// prune makes room for one more log. One that cannot be removed does no harm.
func prune(folder string) {
	logs, _ := filepath.Glob(filepath.Join(folder, "*.txt"))
	slices.SortFunc(logs, func(a, b string) int { return strings.Compare(b, a) }) // newest first
	for _, old := range logs[min(len(logs), mostLogs-1):] {
		_ = os.Remove(old)
	}
}

// close ends the log and says whether it holds anything; an empty one of our
// own is taken away.
func (k keptLog) close() (written bool, err error) {
	info, err := k.file.Stat()
	written = err == nil && info.Size() > 0
	if closing := k.file.Close(); closing != nil {
		return written, fmt.Errorf("write the raw log: %w", closing)
	}
	if k.own && !written {
		_ = os.Remove(k.file.Name())
	}
	return written, nil
}
