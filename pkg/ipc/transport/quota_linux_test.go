package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// patience bounds every wait.
const patience = 30 * time.Second

// role is the variable that makes this binary the child of a test.
const role = "TRANSPORT_TEST_ROLE"

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := error(nil)
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "confined":
		err = confined(ctx)
	case "echo":
		err = echo(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func self(t string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), role+"="+t)
	return cmd
}

// confined reads until it is in its group, and then is the parent of an echo on each transport.
func confined(ctx context.Context) error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return err
	}
	if n := cores.Count(); n != 1 {
		return fmt.Errorf("%d cores are counted under a quota of one", n)
	}
	for _, mechanism := range transport.All() {
		cmd := self("echo")
		cmd.Stderr = os.Stderr
		c, err := transport.Spawn(cmd, ipc.Config{Mechanism: mechanism})
		if err != nil {
			return err
		}
		for i := range 500 {
			want := strconv.Itoa(i)
			if err := c.Send(ctx, []byte(want)); err != nil {
				return fmt.Errorf("%s: %w", mechanism, err)
			}
			if have, err := c.Recv(ctx, nil); err != nil || string(have) != want {
				return fmt.Errorf("%s: have %q, %w, want %q", mechanism, have, err, want)
			}
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			return fmt.Errorf("%s: %w", mechanism, err)
		}
	}
	return nil
}

func echo(ctx context.Context) error {
	if n := cores.Count(); n != 1 {
		return fmt.Errorf("the child counts %d cores under a quota of one", n)
	}
	c, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	for {
		p, err := c.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return c.Close()
		}
		if err == nil {
			err = c.Send(ctx, p)
		}
		if err != nil {
			return err
		}
	}
}

// TestNobodySpinsOnOneProcessorsQuota puts a parent and its children into a control group with
// the time of one processor.
func TestNobodySpinsOnOneProcessorsQuota(t *testing.T) {
	group := oneCore(t)
	cmd := self("confined")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	join := write(filepath.Join(group, "cgroup.procs"), strconv.Itoa(cmd.Process.Pid))
	_, err = in.Write([]byte{1})
	if err := errors.Join(join, err, cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
}

// write writes to a file that the kernel made: where there is none, the folder is not a control
// group's.
func write(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// oneCore makes a control group below this process's own, of version 2 or 1, and skips the test
// where it may not.
func oneCore(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skip(err)
	}
	var refused error
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		dir, limits := "", [][2]string{{"cpu.cfs_period_us", "100000"}, {"cpu.cfs_quota_us", "100000"}}
		switch {
		case len(f) == 3 && f[0] == "0":
			dir, limits = "/sys/fs/cgroup"+f[2], [][2]string{{"cpu.max", "100000 100000"}}
		case len(f) == 3 && strings.Contains(","+f[1]+",", ",cpu,"):
			dir = "/sys/fs/cgroup/cpu" + f[2]
		default:
			continue
		}
		if dir, err = os.MkdirTemp(dir, "ipc-test-"); err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		err := error(nil)
		for _, l := range limits {
			err = errors.Join(err, write(filepath.Join(dir, l[0]), l[1]))
		}
		if err == nil {
			return dir
		}
		refused = errors.Join(refused, err)
	}
	t.Skipf("no control group with a quota can be made here: %v", refused)
	return ""
}
