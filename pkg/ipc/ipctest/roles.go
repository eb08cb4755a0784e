package ipctest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// The environment of a child.
const (
	envRole   = "IPCTEST_ROLE"
	envArg    = "IPCTEST_ARG"
	envName   = "IPCTEST_TRANSPORT"
	envConfig = "IPCTEST_CONFIG" // of the child's side, as JSON; absent: the zero value
	envExec   = "IPCTEST_EXEC"   // what runs this binary, as -exec of go test: for another processor
)

// Self returns a command that starts this binary again, by what IPCTEST_EXEC names where that is
// set: an emulator, as -exec of go test names it.
func Self() *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	argv := append(strings.Fields(os.Getenv(envExec)), exe)
	return exec.Command(argv[0], argv[1:]...)
}

// command returns this binary in a role.
func command(tr Transport, role, arg string) *exec.Cmd {
	cmd := Self()
	cmd.Env = append(os.Environ(), envRole+"="+role, envArg+"="+arg, envName+"="+string(tr.Mechanism()))
	cmd.Env = append(cmd.Env, "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // else each child's end takes a second under -race
	cmd.Stderr = os.Stderr
	return cmd
}

// configure gives a command's side of the connection a Config.
func configure(cmd *exec.Cmd, cfg ipc.Config) {
	b, err := json.Marshal(cfg)
	if err != nil {
		panic(err) // it has nothing but numbers and text
	}
	cmd.Env = append(cmd.Env, envConfig+"="+string(b))
}

// configured returns the Config of this side.
func configured() (cfg ipc.Config, err error) {
	if b := os.Getenv(envConfig); b != "" {
		err = json.Unmarshal([]byte(b), &cfg)
	}
	return cfg, err
}

// play plays a child's role until it ends.
func play(tr Transport, role, arg string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	n, _ := strconv.Atoi(arg)
	switch role { // those that are nobody's peer yet
	case "pair":
		return pair(ctx, tr, n)
	case "open":
		return open(ctx, tr, arg)
	case "starved":
		return starved(tr)
	case "hostile":
		return hostilePeer(ctx, tr, arg)
	case "poor":
		return poor(ctx, tr, arg)
	}
	cfg, err := configured()
	if err != nil {
		return err
	}
	c, err := tr.FromParent(cfg)
	if err != nil {
		return err
	}
	switch role {
	case "echo":
		return echo(ctx, c)
	case "late": // takes nothing for a while, then all, and answers how many
		time.Sleep(time.Duration(n) * time.Millisecond)
		return count(ctx, c)
	case "burst":
		return burst(ctx, c, n)
	case "vanish": // dies without a word after one message
		if _, err := c.Recv(ctx, nil); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "deaf":
		<-ctx.Done()
		return nil
	}
	return tallied(ctx, c, role, arg)
}

// tallied runs one direction's side, which keeps the tally at path: "source" sends, "sink"
// takes, "forker" starts a process and does neither.
func tallied(ctx context.Context, c ipc.Conn, role, path string) error {
	y, err := openTally(path)
	if err != nil {
		return err
	}
	switch role {
	case "source":
		return y.produce(ctx, c)
	case "sink":
		return y.consume(ctx, c)
	case "forker":
		cmd := exec.Command("sleep", strconv.Itoa(int(2*patience/time.Second)))
		if err := cmd.Start(); err != nil {
			return err
		}
		y.pid.Store(uint64(cmd.Process.Pid))
		<-ctx.Done()
		return ctx.Err()
	}
	return fmt.Errorf("unknown role %q", role)
}

// open opens a connection, and takes one side of it, in a process that a test can kill:
// "source:path" is to send to a sink, all others have a source. Where this one is killed, what
// its child says on stderr and in the tally is the survivor's word.
func open(ctx context.Context, tr Transport, arg string) error {
	role, path, _ := strings.Cut(arg, ":")
	cfg, err := configured()
	if err != nil {
		return err
	}
	cfg.Timeout = 0
	far := "source"
	if role == "source" {
		far = "sink"
	}
	cmd := command(tr, far, path) // which inherits the Config
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		return err
	}
	return errors.Join(tallied(ctx, c, role, path), errors.New("the opener outlived its peer"), cmd.Wait())
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
