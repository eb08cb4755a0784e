// Package ipctest is the conformance suite of the transports: what package ipc promises, across real processes.
//
// A test binary calls Main from its TestMain, because the other side of every test is the same binary started again in a role.
package ipctest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Transport is what is tested.
type Transport struct {
	Name       string
	Spawn      func(*exec.Cmd, ipc.Config) (ipc.Conn, error)
	FromParent func(ipc.Config) (ipc.Conn, error)
	// Listen and Dial are nil where there are no addresses.
	Listen func(path string, cfg ipc.Config) (ipc.Listener, error)
	Dial   func(ctx context.Context, path string, cfg ipc.Config) (ipc.Conn, error)
	// Wire is the child's descriptor that carries the connection, for a child that is no peer.
	Wire int
	// Hello is what a peer writes first, with the version in its byte Version.
	Hello   string
	Version int
}

// patience bounds every wait of the suite: long enough for a loaded machine, short enough to fail in time.
const patience = 20 * time.Second

// The environment of a child.
const (
	envRole = "IPCTEST_ROLE"
	envArg  = "IPCTEST_ARG"
	envName = "IPCTEST_TRANSPORT"
)

// Main runs the tests, or the role that a test of one of the transports started this process in. It does not return.
func Main(m *testing.M, transports ...Transport) {
	role := os.Getenv(envRole)
	if role == "" {
		os.Exit(m.Run())
	}
	for _, tr := range transports {
		if tr.Name != os.Getenv(envName) {
			continue
		}
		if err := play(tr, role, os.Getenv(envArg)); err != nil {
			fmt.Fprintf(os.Stderr, "role %s on %s: %v\n", role, tr.Name, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "ipctest: no transport", os.Getenv(envName))
	os.Exit(3)
}

// command is this binary in a role.
func command(tr Transport, role, arg string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), envRole+"="+role, envArg+"="+arg, envName+"="+tr.Name)
	cmd.Stderr = os.Stderr
	return cmd
}

// play is a child's life.
func play(tr Transport, role, arg string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	n, _ := strconv.Atoi(arg)
	if role == "pair" {
		return pair(ctx, tr, n)
	}
	cfg := ipc.Config{}
	if role == "batch" {
		cfg.Batch = ipc.Batch{Count: 16, Delay: time.Millisecond}
	}
	c, err := tr.FromParent(cfg)
	if err != nil {
		return err
	}
	switch role {
	case "echo", "batch":
		return echo(ctx, c)
	case "late": // takes nothing for a while, then all, and says how many
		time.Sleep(time.Duration(n) * time.Millisecond)
		return count(ctx, c)
	case "source":
		return source(ctx, c, arg)
	case "burst":
		return burst(ctx, c, n)
	case "sink":
		return sink(ctx, c)
	case "vanish": // dies without a word after one message
		if _, err := c.Recv(ctx, nil); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "deaf":
		<-ctx.Done()
		return nil
	}
	return fmt.Errorf("unknown role %q", role)
}

// echo answers every message with itself until the parent closes.
func echo(ctx context.Context, c ipc.Conn) error {
	var buf []byte
	var err error
	for {
		if buf, err = c.Recv(ctx, buf); err != nil {
			break
		}
		if err = c.Send(ctx, buf); err != nil {
			break
		}
	}
	if errors.Is(err, ipc.ErrPeerClosed) {
		return c.Close()
	}
	return err
}

// count takes messages until an empty one and answers with their number.
func count(ctx context.Context, c ipc.Conn) error {
	for n := uint64(0); ; n++ {
		b, err := c.Recv(ctx, nil)
		if err != nil {
			return err
		}
		if len(b) == 0 {
			if err := c.Send(ctx, binary.LittleEndian.AppendUint64(nil, n)); err != nil {
				return err
			}
			_, err := c.Recv(ctx, nil)
			if !errors.Is(err, ipc.ErrPeerClosed) {
				return fmt.Errorf("want the parent's close, have %v", err)
			}
			return c.Close()
		}
		if err := check(b, n); err != nil {
			return err
		}
	}
}

// source sends numbered messages until it is killed, and writes to the file at path how many were committed.
func source(ctx context.Context, c ipc.Conn, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for n := uint64(0); ; n++ {
		if err := c.Send(ctx, message(n, size(rnd))); err != nil {
			return err
		}
		binary.LittleEndian.PutUint64(mem, n+1) // in the file even when the next instruction is the last
	}
}

// burst sends n numbered messages of many sizes and closes.
func burst(ctx context.Context, c ipc.Conn, n int) error {
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range uint64(n) {
		p := message(i, size(rnd))
		if i%3 > 0 {
			if err := c.Send(ctx, p); err != nil {
				return err
			}
			continue
		}
		b, err := c.Reserve(ctx, len(p)+5)
		if err != nil {
			return err
		}
		if err := c.Commit(copy(b, p)); err != nil {
			return err
		}
	}
	return c.Close()
}

// sink takes numbered messages for ever.
func sink(ctx context.Context, c ipc.Conn) error {
	for n := uint64(0); ; n++ {
		b, err := c.Peek(ctx)
		if err != nil {
			if errors.Is(err, ipc.ErrPeerGone) {
				return nil
			}
			return err
		}
		if err := check(b, n); err != nil {
			return err
		}
		c.Release()
	}
}

// pair is a parent and an echo child under whatever limits this process has: n round trips.
func pair(ctx context.Context, tr Transport, n int) error {
	cmd := command(tr, "echo", "")
	c, err := tr.Spawn(cmd, ipc.Config{})
	if err != nil {
		return err
	}
	var buf []byte
	for i := range uint64(n) {
		if err := c.Send(ctx, message(i, 64)); err != nil {
			return err
		}
		if buf, err = c.Recv(ctx, buf); err != nil {
			return err
		}
		if err := check(buf, i); err != nil {
			return err
		}
	}
	return errors.Join(c.Close(), cmd.Wait())
}

// size is mostly small, sometimes larger than a ring.
func size(rnd *rand.Rand) int {
	switch rnd.IntN(200) {
	case 0:
		return 8 + rnd.IntN(300<<10)
	case 1, 2, 3:
		return 8 + rnd.IntN(20<<10)
	}
	return 8 + rnd.IntN(300)
}

// message is n, and bytes that follow from n and their place.
func message(n uint64, size int) []byte {
	p := binary.LittleEndian.AppendUint64(make([]byte, 0, size), n)
	for i := 8; i < size; i++ {
		p = append(p, byte(uint64(i)*7+n))
	}
	return p
}

// check says what is wrong with message number n.
func check(p []byte, n uint64) error {
	if len(p) < 8 {
		return fmt.Errorf("message %d has %d bytes, want 8 at least", n, len(p))
	}
	if have := binary.LittleEndian.Uint64(p); have != n {
		return fmt.Errorf("have message %d, want %d", have, n)
	}
	for i := 8; i < len(p); i++ {
		if p[i] != byte(uint64(i)*7+n) {
			return fmt.Errorf("message %d is torn at byte %d of %d", n, i, len(p))
		}
	}
	return nil
}
