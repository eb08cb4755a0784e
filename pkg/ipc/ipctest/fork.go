package ipctest

import (
	"bytes"
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// forked kills a side that has started a process, which lives on: the other is told, for nothing
// of the connection was inherited.
func (tr Transport) forked(t *testing.T) {
	t.Run("child", tr.forkedChild)
	t.Run("opener", tr.forkedOpener)
}

// outlives waits for the process that a victim has started and returns a function that kills it and
// fails the test if it was already dead.
func (y *tally) outlives(t *testing.T) (end func()) {
	t.Helper()
	for start := time.Now(); y.pid.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatal("the victim started no process")
		}
	}
	pid := int(y.pid.Load())
	return func() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Errorf("the process that the victim started did not outlive it: %v", err)
		}
	}
}

// forkedChild kills a child that has started a process.
func (tr Transport) forkedChild(t *testing.T) {
	ctx, late := limited(t), watchStalls(t)
	y, path := tallyOf(t)
	c, cmd := tr.spawn(t, "forker", path, ipc.Config{})
	defer y.outlives(t)()
	received := make(chan error, 1)
	go func() {
		_, err := c.Recv(ctx, nil)
		received <- err
	}()
	time.Sleep(5 * time.Millisecond) // Recv waits
	idle, start := late.sum(), time.Now()
	_ = cmd.Process.Kill()
	if err := <-received; !errors.Is(err, ipc.ErrPeerGone) {
		t.Errorf("Recv: %v, want ErrPeerGone", err)
	}
	err := error(nil)
	for err == nil {
		err = c.Send(ctx, make([]byte, 1000))
	}
	if !errors.Is(err, ipc.ErrPeerGone) {
		t.Errorf("Send: %v, want ErrPeerGone", err)
	}
	if err := late.bound(time.Since(start), idle, survivor); err != nil {
		t.Errorf("both halves of the survivor: %v", err)
	}
}

// forkedOpener kills a parent that has started a process.
func (tr Transport) forkedOpener(t *testing.T) {
	late := watchStalls(t)
	y, path := tallyOf(t)
	var stderr bytes.Buffer // it ends when the survivor has ended too
	cmd := command(tr, "open", "forker:"+path)
	configure(cmd, ipc.Config{Timeout: survivor})
	cmd.Stderr, cmd.WaitDelay = &stderr, patience
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer y.outlives(t)()
	for start := time.Now(); y.sent.Load() == 0 && time.Since(start) < patience; {
		time.Sleep(time.Millisecond)
	}
	idle, start := late.sum(), time.Now()
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("the survivor went on for %v: %v", patience, err)
	}
	if err := late.bound(time.Since(start), idle, survivor); err != nil {
		t.Errorf("the survivor: %v", err)
	}
	if y.end.Load() != endGone || stderr.Len() > 0 {
		t.Errorf("the survivor's connection ended as %d, want %d; on stderr: %s", y.end.Load(), endGone, stderr.Bytes())
	}
}
