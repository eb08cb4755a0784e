package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// handedOver names the variable that holds the number of the file with the arguments and the
// environment that were taken out of sight.
const handedOver = "REGRESS_HANDED_OVER"

// hideSecrets keeps tokens and passwords of this process from the programs that it is going to
// start. A pull request's benchmark runs as the same user, and could read them in
// /proc/PID/environ and /proc/PID/cmdline of this process, where they stand as they were given:
// os.Unsetenv does not change them. So the program executes itself again with neither, and is
// handed both in a file in memory that it closes before anything else. It also makes its own
// memory, and processes outside (the shell that was given the same variables), unreadable for
// them. It returns only when it could not start again.
//
// What it could not do is the error, or told to warn; the program works without it.
func hideSecrets(warn func(format string, args ...any)) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	visible, hidden := splitEnviron(os.Environ())
	fd, err := handOver(os.Args, hidden)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // what follows holds for this thread, which Exec makes the whole process
	defer runtime.UnlockOSThread()
	if slices.ContainsFunc(hidden, child.Secret) {
		if err := errors.Join(dropCapabilities(), isolate()); err != nil {
			warn("warning: other processes of this machine stay readable for benchmarks: %v", err)
		}
	}
	visible = append(visible, fmt.Sprintf("%s=%d", handedOver, fd))
	return errors.Join(unix.Exec(own, redactedArgs(os.Args), visible), unix.Close(fd))
}

// handOver writes what the program needs to a file in memory and returns its number, which is
// inherited by the next program that this process executes. Nothing but what the kernel copies
// holds the text afterwards.
func handOver(args, environ []string) (fd int, err error) {
	fd, err = unix.MemfdCreate("regress", 0)
	if err != nil {
		return 0, fmt.Errorf("memfd_create: %w", err)
	}
	text := strconv.Itoa(len(args)) + "\x00" + strings.Join(append(slices.Clip(args), environ...), "\x00")
	for rest := []byte(text); len(rest) > 0 && err == nil; {
		n := 0
		n, err = unix.Write(fd, rest)
		rest = rest[max(n, 0):]
	}
	if err == nil {
		_, err = unix.Seek(fd, 0, io.SeekStart)
	}
	if err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// takeOver sets arguments and environment to what hideSecrets left in the file, and closes this
// process to other programs of the same user: to their debuggers, and to /proc/PID of it. Where
// hideSecrets has not been, everything is as it was given, for all to see.
func takeOver() error {
	number := os.Getenv(handedOver)
	if child.Exposed = number == ""; child.Exposed {
		return nil
	}
	_ = os.Unsetenv(handedOver)
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		return fmt.Errorf("%s is %q: it is set by regress alone", handedOver, number)
	}
	file := os.NewFile(uintptr(fd), handedOver)
	text, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	count, rest, _ := bytes.Cut(text, []byte{0})
	n, err := strconv.Atoi(string(count))
	fields := strings.Split(string(rest), "\x00")
	if err != nil || n < 1 || n > len(fields) {
		return fmt.Errorf("%s names a file that regress did not write", handedOver)
	}
	os.Args = fields[:n]
	for _, pair := range fields[n:] {
		if name, value, _ := strings.Cut(pair, "="); name != "" {
			err = errors.Join(err, os.Setenv(name, value))
		}
	}
	// What else was inherited is not for the programs that are started here either.
	err = errors.Join(err, unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC))
	return errors.Join(err, unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}
