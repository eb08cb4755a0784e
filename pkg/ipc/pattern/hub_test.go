package pattern_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// hub runs a role of this binary that has members of its own, with more environment and perhaps
// under another program, and is what it says.
func hub(t *testing.T, role string, environment string, under ...string) {
	t.Helper()
	cmd := command(role)
	cmd.Env = append(cmd.Env, environment)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if len(under) > 0 {
		path, err := exec.LookPath(under[0])
		if err != nil {
			t.Skipf("no %s(1): not tried", under[0])
		}
		cmd.Args = append(under, cmd.Path)
		cmd.Path = path
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(3*patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.Bytes())
	}
}

// A group and a pipeline in which nothing happens cost their own process no CPU, while Recv
// waits in both.
func TestIdleGroupUsesNoCPU(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) { hub(t, "idle "+string(cfg.Mechanism), "") })
}

// idle is the process of TestIdleGroupUsesNoCPU.
func idle(ctx context.Context, mechanism string) error {
	cfg := ipc.Config{Mechanism: ipc.Mechanism(mechanism)}
	g, end, err := gathering(cfg, repeat("echo", 3)...)
	if err != nil {
		return err
	}
	defer end()
	stages, cmds, err := started(cfg, "append x", "append y")
	defer func() {
		for _, cmd := range cmds {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	if err != nil {
		return err
	}
	p, err := pattern.NewPipeline(stages...)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	if err := errors.Join(g.SendAll(ctx, []byte("x")), p.Send(ctx, []byte("x"))); err != nil {
		return err
	}
	for range 3 {
		if _, _, err := g.Recv(ctx, nil); err != nil {
			return err
		}
	}
	if _, err := p.Recv(ctx, nil); err != nil {
		return err
	}
	go func() { _, _, _ = g.Recv(ctx, nil) }()
	go func() { _, _ = p.Recv(ctx, nil) }()
	const most = 0.01 // of a core
	share := 1.0
	for range 5 { // what else is on the machine may make one second dear
		time.Sleep(50 * time.Millisecond)
		begin, was := time.Now(), used()
		time.Sleep(time.Second)
		if share = min(share, float64(used()-was)/float64(time.Since(begin))); share < most {
			return nil
		}
	}
	return fmt.Errorf("an idle group and pipeline use %.2f %% of a core, want less than %.0f %%", 100*share, 100*most)
}

// used is the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Sixteen members and their group on one processor, by the scheduler's count and by affinity:
// rounds and a fan-in are done.
func TestOneProcessor(t *testing.T) {
	for _, mechanism := range all() { // one after the other: they would share it
		role := "crowd " + string(mechanism)
		t.Run(string(mechanism), func(t *testing.T) { hub(t, role, "GOMAXPROCS=1") })
		t.Run(string(mechanism)+" by affinity", func(t *testing.T) { hub(t, role, "", "taskset", "-c", "0") })
	}
}

// crowd is the process of TestOneProcessor.
func crowd(ctx context.Context, mechanism string) error {
	cfg := ipc.Config{Mechanism: ipc.Mechanism(mechanism)}
	g, end, err := gathering(cfg, repeat("echo", 16)...)
	if err != nil {
		return err
	}
	defer end()
	was := used()
	for round := range uint64(300) {
		if err := g.SendAll(ctx, numbered(round)); err != nil {
			return err
		}
		for range 16 {
			from, p, err := g.Recv(ctx, nil)
			if err != nil {
				return err
			}
			if n, err := number(p); err != nil || n != round {
				return fmt.Errorf("message %d of %s in round %d: %w", n, from, round, err)
			}
		}
	}
	// 35 to 80 ms, and .3 s under the race detector. A group that does not give the processor to
	// those it waits for takes 2 to 6 s.
	if d := used() - was; d > 1500*time.Millisecond {
		return fmt.Errorf("300 rounds took %v of CPU time", d)
	}
	in, endIn, err := gathering(cfg, repeat("source 300", 16)...)
	if err != nil {
		return err
	}
	defer endIn()
	next, ended := map[string]uint64{}, 0
	for ended < 16 {
		from, p, err := in.Recv(ctx, nil)
		var e *pattern.MemberError
		if errors.As(err, &e) && errors.Is(err, ipc.ErrPeerClosed) && next[e.Name] == 300 {
			ended++
			continue
		}
		if err != nil {
			return err
		}
		n, err := number(p)
		if err != nil || n != next[from] {
			return fmt.Errorf("message %d of %s, want %d: %w", n, from, next[from], err)
		}
		next[from]++
	}
	return nil
}

// gathering is a group of members in these roles, outside of a test.
func gathering(cfg ipc.Config, roles ...string) (g *pattern.Group, end func(), err error) {
	members, cmds, err := started(cfg, roles...)
	end = func() {
		for i, m := range members {
			_ = m.Conn.Close()
			_ = cmds[i].Process.Kill()
			_ = cmds[i].Wait()
		}
	}
	if err == nil {
		g, err = pattern.New(pattern.OptionsOf(cfg), members...)
	}
	if err != nil {
		end()
	}
	return g, end, err
}

// started are members in these roles.
func started(cfg ipc.Config, roles ...string) (members []pattern.Member, cmds []*exec.Cmd, err error) {
	for i, role := range roles {
		cmd := command(role)
		conn, err := transport.Spawn(cmd, cfg)
		if err != nil {
			return members, cmds, err
		}
		members = append(members, pattern.Member{Name: fmt.Sprint(i), Conn: conn})
		cmds = append(cmds, cmd)
	}
	return members, cmds, nil
}
