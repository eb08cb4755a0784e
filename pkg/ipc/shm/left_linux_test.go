package shm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// parent has a child, with which it talks until it is killed, and a bystander, which it started
// while the connection was open.
func parent(ctx context.Context) error {
	cmd := self("child", os.TempDir())
	c, err := Spawn(cmd, ipc.Config{})
	if err != nil {
		return err
	}
	large, small := make([]byte, 1<<20), make([]byte, 64)
	if err := c.Send(ctx, large); err != nil {
		return err
	}
	if _, err := c.Recv(ctx, nil); err != nil {
		return err
	}
	bystander := exec.Command("sleep", "60")
	if err := bystander.Start(); err != nil {
		return err
	}
	fmt.Println(cmd.Process.Pid, bystander.Process.Pid)
	for n := 0; ; n++ {
		p := small
		if n%100 == 0 {
			p = large
		}
		if err := c.Send(ctx, p); err != nil {
			return err
		}
		if _, err := c.Recv(ctx, nil); err != nil {
			return err
		}
	}
}

// child answers every message with itself.
func child(ctx context.Context) error {
	c, err := FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	for {
		p, err := c.Recv(ctx, nil)
		if err == nil {
			err = c.Send(ctx, p)
		}
		if err != nil {
			return err
		}
	}
}

// memory are the inodes of our memory that a process has mapped or holds a descriptor of; what
// it has of the file system's shared memory is in named.
func memory(pid string) (inodes map[string]bool, named []string) {
	inodes = map[string]bool{}
	text, _ := os.ReadFile(filepath.Join("/proc", pid, "maps")) // a process that is gone has none
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line) // addresses, rights, offset, device, inode, name
		switch {
		case len(f) > 5 && strings.HasPrefix(f[5], "/memfd:ipc"):
			inodes[f[4]] = true
		case len(f) > 5 && strings.HasPrefix(f[5], "/dev/shm"):
			named = append(named, f[5])
		}
	}
	fds, _ := filepath.Glob(filepath.Join("/proc", pid, "fd", "*"))
	for _, fd := range fds {
		to, _ := os.Readlink(fd)
		st := syscall.Stat_t{}
		switch {
		case strings.HasPrefix(to, "/memfd:ipc") && syscall.Stat(fd, &st) == nil:
			inodes[fmt.Sprint(st.Ino)] = true
		case strings.HasPrefix(to, "/dev/shm"):
			named = append(named, to)
		}
	}
	return inodes, named
}

// TestKilledSidesLeaveNothing: when both sides are killed, at whatever moment, no process has
// their memory and no file is left.
func TestKilledSidesLeaveNothing(t *testing.T) {
	for range 8 {
		dir := t.TempDir()
		cmd := self("parent", dir)
		said := start(t, cmd, cmd.Start)
		var child, bystander int
		if _, err := fmt.Sscan(said(), &child, &bystander); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Kill(bystander, syscall.SIGKILL) })
		ours := map[string]bool{}
		for _, pid := range []int{cmd.Process.Pid, child} {
			inodes, named := memory(fmt.Sprint(pid))
			if len(inodes) < 2 || len(named) > 0 {
				t.Fatalf("a side that lives has the memory %v, want one of each direction, and %q, want nothing with a name", inodes, named)
			}
			maps.Copy(ours, inodes)
		}
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
		if err := errors.Join(syscall.Kill(child, syscall.SIGKILL), syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		holders := func() (left []string) {
			processes, err := filepath.Glob("/proc/[0-9]*")
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range processes {
				inodes, _ := memory(filepath.Base(p))
				for inode := range inodes {
					if ours[inode] {
						left = append(left, filepath.Base(p))
					}
				}
			}
			return left
		}
		for begin := time.Now(); ; time.Sleep(time.Millisecond) {
			left := holders()
			if len(left) == 0 {
				break
			}
			if time.Since(begin) > patience {
				t.Fatalf("processes %v still have the memory of %d and %d, which were killed", left, cmd.Process.Pid, child)
			}
		}
		if err := syscall.Kill(bystander, 0); err != nil {
			t.Fatalf("the bystander has not lived to the end: %v", err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Fatalf("files are left: %v, %v", files, err)
		}
	}
}
