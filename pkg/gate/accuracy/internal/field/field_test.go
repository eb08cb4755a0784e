package field

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain lets this binary be a competing process.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == BusyArg {
		Busy(os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// TestCompete: competing processes are there, and end with what started them.
func TestCompete(t *testing.T) {
	c, err := Compete(2)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.processes) != 2 || c.processes[0].Process.Pid == c.processes[1].Process.Pid {
		t.Errorf("%v: want two processes", c.processes)
	}
	if err := c.End(); err != nil {
		t.Error(err)
	}
	dead, err := Compete(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.processes[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := dead.End(); err == nil {
		t.Error("a competing process that was killed was not missed")
	}
}

// TestCompeteEnds: a competing process whose parent is killed ends too.
func TestCompeteEnds(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], BusyArg)
	cmd.Stdin = in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = in.Close(), out.Close() // as the kernel does with those of a dead parent
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Fatal("it goes on for a minute after its standard input has ended")
	}
}

func TestTicks(t *testing.T) {
	load, steal := NewWatch().State()
	if load == "" || steal == "" {
		t.Errorf("load %q, steal %q: want a figure or ?", load, steal)
	}
	if stolen, all := parseTicks("cpu  10 0 5 100 0 0 1 4 7 0\ncpu0 1 1\n"); stolen != 4 || all != 120 { // the guest's 7 are in the user's 10
		t.Errorf("%v of %v were stolen, want 4 of 120", stolen, all)
	}
}
