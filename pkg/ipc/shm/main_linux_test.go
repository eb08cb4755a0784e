package shm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/family"
	told "github.com/descartes/regress/pkg/ipc/internal/parent"
	"github.com/descartes/regress/pkg/ipc/ipctest"
)

// patience bounds every wait for another process.
const patience = 20 * time.Second

// role is the variable that makes this binary the other process of a test.
const role = "SHM_TEST_ROLE"

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	roles := map[string]func(context.Context) error{"starved": starved, "parent": parent, "child": child}
	play := roles[os.Getenv(role)]
	if play == nil {
		os.Exit(m.Run())
	}
	if err := play(ctx); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// self is this binary in a role, in a folder of its own.
func self(name, dir string) *exec.Cmd {
	cmd := ipctest.Self()
	cmd.Env = append(os.Environ(), role+"="+name, "TMPDIR="+dir)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts cmd, and returns what waits for the next line that it prints.
func start(t *testing.T, cmd *exec.Cmd, begin func() error) (line func() string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := begin(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
		close(lines)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return func() string {
		t.Helper()
		select {
		case l := <-lines:
			return l
		case <-time.After(patience):
			t.Fatalf("%s says nothing", cmd.Env[len(cmd.Env)-1])
			return ""
		}
	}
}

// starved opens its end, then all the descriptors it may have, and says what it receives.
func starved(ctx context.Context) error {
	c, err := FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	few := syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		return err
	}
	for err == nil {
		_, err = unix.Dup(1)
	}
	fmt.Println("no more:", errors.Is(err, syscall.EMFILE))
	_, err = c.Recv(ctx, nil)
	fmt.Println(errors.Is(err, syscall.EMFILE), errors.Is(err, ipc.ErrCorrupt), err)
	fmt.Println(c.Send(ctx, nil))
	return c.Close()
}

// TestProcessWithoutDescriptorsSaysSo: a process that has no descriptor left for the peer's
// memory says so, and does not blame the peer.
func TestProcessWithoutDescriptorsSaysSo(t *testing.T) {
	mine, theirs, err := family.Pair()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := family.Conn(mine)
	if err != nil {
		t.Fatal(err)
	}
	cmd := self("starved", t.TempDir())
	cmd.ExtraFiles = []*os.File{theirs}
	told.Tell(cmd, ipc.Shm, "3")
	said := start(t, cmd, cmd.Start)
	_ = theirs.Close()
	if have := said(); have != "no more: true" {
		t.Fatal(have)
	}
	// Only now, when the child has no descriptor left, comes this side's greeting.
	cfg, err := ipc.Config{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(ours, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if have := said(); !strings.HasPrefix(have, "true false ") || !strings.Contains(have, "ulimit -n") {
		t.Errorf("Recv without a descriptor to spare: %s", have)
	}
	if have := said(); !strings.Contains(have, "ulimit -n") {
		t.Errorf("Send without a descriptor to spare: %s", have)
	}
	if _, err := c.Recv(t.Context(), nil); !errors.Is(err, ipc.ErrPeerGone) {
		t.Errorf("the other side: %v, want ErrPeerGone", err)
	}
}
