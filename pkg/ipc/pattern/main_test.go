package pattern_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// patience bounds every wait: long enough for a loaded machine under the race detector.
const patience = 40 * time.Second

// envRole starts this binary as a member: "role argument".
const envRole = "PATTERN_TEST_ROLE"

// The examples start this binary by an argument, as the program does that each of them is when
// it is copied.
func TestMain(m *testing.M) {
	programs := map[string]func(){"answer": ExampleGroup, "work": ExampleGroup_SendAny, "stage": ExamplePipeline, "join": ExampleJoin}
	if len(os.Args) > 1 && programs[os.Args[1]] != nil {
		programs[os.Args[1]]()
		return
	}
	role, arg, _ := strings.Cut(os.Getenv(envRole), " ")
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, arg); err != nil {
		fmt.Fprintf(os.Stderr, "member %s %s: %v\n", role, arg, err)
		os.Exit(3)
	}
	os.Exit(0)
}

func play(role, arg string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	switch role {
	case "mesh":
		return meshMember(ctx, arg)
	case "idle":
		return idle(ctx, arg)
	case "crowd":
		return crowd(ctx, arg)
	case "odd":
		return oddMember(ctx, arg)
	case "stage":
		return relayStage(ctx, arg)
	}
	cfg := ipc.Config{}
	if role == "hoard" || role == "chatter" {
		cfg.Batch = ipc.Batch{Count: 1000, Delay: -1}
	}
	conn, err := transport.FromParent(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	n, _ := strconv.Atoi(arg)
	switch role {
	case "echo": // answers everything
		return echo(ctx, conn)
	case "sink": // takes everything, in n milliseconds each
		for {
			if _, err := conn.Recv(ctx, nil); err != nil {
				return nil
			}
			time.Sleep(time.Duration(n) * time.Millisecond)
		}
	case "source", "drip": // sends n numbered messages, at once or one after the other, and closes
		for i := range uint64(n) {
			if err := conn.Send(ctx, numbered(i)); err != nil {
				return err
			}
			if role == "drip" {
				time.Sleep(50 * time.Microsecond)
			}
		}
		return nil
	case "flood": // sends numbered messages until it is killed
		for i := uint64(0); ; i++ {
			if err := conn.Send(ctx, numbered(i)); err != nil {
				return err
			}
		}
	case "chatter": // sends one byte and again one, in batches
		for {
			if err := conn.Send(ctx, []byte("x")); err != nil {
				return err
			}
		}
	case "tally": // counts, and says how many came
		return tally(ctx, conn)
	case "hoard": // sends n messages together
		if err := hoard(ctx, conn, n); err != nil {
			return err
		}
		<-ctx.Done()
	case "deaf": // says that it is there, and takes nothing
		if err := conn.Send(ctx, []byte("here")); err != nil {
			return err
		}
		<-ctx.Done()
	case "append": // a stage of a pipeline: adds its argument
		return pattern.Relay(ctx, conn, conn, func(p []byte) ([]byte, error) { return append(p[:len(p):len(p)], arg...), nil })
	}
	return ctx.Err()
}

func echo(ctx context.Context, conn ipc.Conn) error {
	var p []byte
	for {
		var err error
		if p, err = conn.Recv(ctx, p); errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err == nil {
			err = conn.Send(ctx, p)
		}
		if err != nil {
			return err
		}
	}
}

// numbered is a message of a length that follows from its number: 8 bytes to 3 KiB.
func numbered(n uint64) []byte {
	p := make([]byte, 8+n*37%300*n%3000)
	for i := range p {
		p[i] = byte(n)
	}
	binary.LittleEndian.PutUint64(p, n)
	return p
}

// number checks a numbered message.
func number(p []byte) (uint64, error) {
	if len(p) < 8 {
		return 0, fmt.Errorf("a message of %d bytes", len(p))
	}
	n := binary.LittleEndian.Uint64(p)
	if want := numbered(n); string(p) != string(want) {
		return n, fmt.Errorf("message %d of %d bytes is torn, want %d bytes", n, len(p), len(want))
	}
	return n, nil
}

// command is this binary in a role.
func command(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// within bounds a test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// start starts a member, which is killed at the end of the test if it still runs.
func start(t *testing.T, name, role string, cfg ipc.Config) (pattern.Member, *exec.Cmd) {
	t.Helper()
	cmd := command(role)
	conn, err := transport.Spawn(cmd, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return pattern.Member{Name: name, Conn: conn}, cmd
}

// group starts members named a, b, c …, one for each role.
func group(t *testing.T, cfg ipc.Config, roles ...string) (*pattern.Group, map[string]*exec.Cmd) {
	t.Helper()
	g, err := pattern.New(pattern.OptionsOf(cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	cmds := map[string]*exec.Cmd{}
	for i, role := range roles {
		m, cmd := start(t, string(rune('a'+i)), role, cfg)
		if err := g.Add(m); err != nil {
			t.Fatal(err)
		}
		cmds[m.Name] = cmd
	}
	return g, cmds
}

// each runs a test on every transport.
func each(t *testing.T, test func(t *testing.T, cfg ipc.Config)) {
	for _, mechanism := range transport.All() {
		t.Run(string(mechanism), func(t *testing.T) {
			t.Parallel()
			test(t, ipc.Config{Mechanism: mechanism})
		})
	}
}

// repeat is n times role.
func repeat(role string, n int) []string {
	return strings.Split(strings.Repeat(","+role, n)[1:], ",")
}

// lost is err as the report of the member called name.
func lost(t *testing.T, err error, name string) *pattern.MemberError {
	t.Helper()
	var e *pattern.MemberError
	if !errors.As(err, &e) || e.Name != name {
		t.Fatalf("have %v, want the report of member %s", err, name)
	}
	return e
}
