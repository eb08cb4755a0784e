package conns

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// find returns the work of a kind on a network.
func find(kind, network string) (work, error) {
	if !Plays(kind, network) {
		return work{}, fmt.Errorf("no work %q on %q", kind, network)
	}
	return works()[kind], nil
}

// Far plays the far process: it listens at path, says so on out, and serves until it is killed.
func Far(kind, network, path string, out io.Writer) error {
	w, err := find(kind, network)
	if err != nil {
		return err
	}
	l, err := listen(network, path)
	if err != nil {
		return err
	}
	fmt.Fprint(out, listening)
	return w.serve(l)
}

const listening = "listening\n"

// Near plays the near process, for d or, if n is not 0, for n operations, messages or MiB. It
// starts the far one by cmd, which plays Far at path, but for what needs one process alone.
func Near(ctx context.Context, kind, network, path string, d time.Duration, n int, cmd *exec.Cmd) (Result, error) {
	w, err := find(kind, network)
	if err != nil {
		return Result{}, err
	}
	if network != BufNet {
		end, err := start(cmd)
		if err != nil {
			return Result{}, err
		}
		defer end()
	}
	return w.measure(ctx, network, path, budget{d: d, n: n})
}

// start starts the far process, waits until it listens, and returns what ends it. The far process
// dies with the thread that starts it, which is therefore kept, by a goroutine of its own: one that
// is tied to a thread costs each call that it waits in two changes of threads.
func start(cmd *exec.Cmd) (end func(), err error) {
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		<-ended
	}()
	end = func() { _, _ = cmd.Process.Kill(), cmd.Wait(); close(ended) }
	if err := <-started; err != nil {
		close(ended)
		return nil, err
	}
	if _, err := io.ReadFull(out, make([]byte, len(listening))); err != nil {
		end()
		return nil, fmt.Errorf("the far process does not listen: %w", err)
	}
	return end, nil
}
