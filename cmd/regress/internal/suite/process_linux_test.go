package suite

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"
)

// start runs a shell script and returns what it printed.
func start(t *testing.T, script string, env []string, probes ...Probe) ([]string, Outcome) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Fatal(err)
	}
	var said []string
	limit := Limit{Of: func() time.Duration { return time.Minute }}
	out := Runner{}.Run(context.Background(), Target{Argv: []string{"sh", "-c", script}, Dir: t.TempDir(), Env: env}, limit,
		func(line string) { said = append(said, line) }, probes...)
	if out.Failure != "" {
		t.Fatal(out.Failure)
	}
	return said, out
}

func TestPinnedProcessHasOneProcessor(t *testing.T) {
	all := Processors()
	if len(all) == 0 {
		t.Fatal("no processor")
	}
	// read is a builtin of every shell: another program could be looked at by mistake.
	script := `while read -r key value; do case $key in Cpus_allowed_list:) echo "$value";; esac; done </proc/self/status`
	for _, cpu := range all {
		pin := &Pin{CPU: cpu}
		if said, _ := start(t, script, nil, pin); pin.Err != nil || !slices.Equal(said, []string{strconv.Itoa(cpu)}) {
			t.Errorf("on processor %d it may use %q, %v", cpu, said, pin.Err)
		}
		if now := Processors(); !slices.Equal(now, all) {
			t.Errorf("afterwards this thread may use %v, not %v", now, all)
		}
	}
	pin := &Pin{CPU: 1000}
	if start(t, script, nil, pin); pin.Err == nil {
		t.Error("no error of a processor that is not there")
	}
}

func TestUsedKnowsChildren(t *testing.T) {
	if _, out := start(t, "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done", nil); out.Used.Children || out.Used.User <= 0 || out.Used.CPU() < out.Used.User {
		t.Errorf("a loop used %+v", out.Used)
	}
	if _, out := start(t, "env >/dev/null; :", nil); !out.Used.Children {
		t.Errorf("a program that starts another used %+v", out.Used)
	}
}

func TestTargetHasVariablesOfItsOwn(t *testing.T) {
	t.Setenv("GOMAXPROCS", "7")
	if said, _ := start(t, `echo "$GOMAXPROCS $HOME"`, []string{"GOMAXPROCS=1"}); !slices.Equal(said, []string{"1 " + os.Getenv("HOME")}) {
		t.Errorf("it sees %q", said)
	}
}
