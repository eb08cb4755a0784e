package field

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// BusyArg is the only argument of a competing process. A program that calls Compete calls Busy and
// ends where it is started with it.
const BusyArg = "-busy-until-stdin-ends"

// Competitors are processes that keep processors busy.
type Competitors struct {
	processes []*exec.Cmd
	stdin     []io.Closer
}

// Compete starts n processes of this program that do nothing but compute, in process groups of
// their own. Each ends when its standard input does, so that none outlives this process, however
// that ends.
func Compete(n int) (*Competitors, error) {
	c := &Competitors{}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	for range n {
		cmd := exec.Command(self, BusyArg)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start a competing process: %w", err), c.End())
		}
		c.processes, c.stdin = append(c.processes, cmd), append(c.stdin, in)
	}
	return c, nil
}

// End ends the processes, and returns an error if one had ended before: then what was measured had
// less beside it than was asked for.
func (c *Competitors) End() error {
	var errs []error
	for i, cmd := range c.processes {
		_ = c.stdin[i].Close()
		if err := cmd.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("a competing process failed: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Busy computes until its standard input ends: a checksum of a block that does not fit into the
// cache of one processor.
func Busy(in io.Reader) {
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(done)
	}()
	block := make([]byte, 4<<20)
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
			block[i%len(block)] = byte(crc32.ChecksumIEEE(block))
		}
	}
}
