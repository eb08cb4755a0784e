package ipctest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

const (
	kills   = 334 // on each of three transports: a thousand moments
	killers = 4   // at once: most of a kill is waiting
)

// kill ends either side with SIGKILL at random moments: kills times, or IPCTEST_KILLS times.
func (tr Transport) kill(t *testing.T) {
	rounds, until := repeat("IPCTEST_KILLS", kills)
	dir := t.TempDir()
	errs := make(chan error, killers)
	for k := range killers {
		go func() {
			rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(k)))
			file := filepath.Join(dir, strconv.Itoa(k))
			for i := k; i < rounds; i += killers {
				if i >= 50 && time.Now().After(until) {
					t.Logf("slow machine: killer %d made %d of its %d kills in 40 s", k, i/killers, rounds/killers)
					break
				}
				after := time.Duration(rnd.IntN(8000)) * time.Microsecond
				cfg := ipc.Config{Sync: ipc.Sync(i / 2 / killers % 3), Timeout: patience}
				err := error(nil)
				if (i/killers)%2 == 0 {
					err = tr.killSource(t.Context(), cfg, file, after)
				} else {
					err = tr.killSink(t.Context(), cfg, after)
				}
				if err != nil {
					errs <- fmt.Errorf("round %d of killer %d, killed after %v: %w", i, k, after, err)
					return
				}
			}
			errs <- nil
		}()
	}
	for range killers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// killSource kills the sender some time after its first message: all that it had committed arrives, whole.
func (tr Transport) killSource(ctx context.Context, cfg ipc.Config, file string, after time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := os.WriteFile(file, make([]byte, 8), 0o600); err != nil {
		return err
	}
	cmd := command(tr, "source", file)
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	var buf []byte
	var wrong error
	n := uint64(0)
	for ; ; n++ {
		if buf, err = c.Recv(ctx, buf); err != nil {
			break
		}
		wrong = errors.Join(wrong, check(buf, n))
		if n == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !errors.Is(err, ipc.ErrPeerGone) || errors.Is(err, ipc.ErrPeerClosed) {
		wrong = errors.Join(wrong, fmt.Errorf("the receiver's end is %w, want ErrPeerGone", err))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if committed := binary.LittleEndian.Uint64(b); n < committed || n > committed+1 {
		wrong = errors.Join(wrong, fmt.Errorf("%d messages arrived, %d were committed", n, committed))
	}
	return wrong
}

// killSink kills the receiver: the sender learns of it.
func (tr Transport) killSink(ctx context.Context, cfg ipc.Config, after time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := command(tr, "sink", "")
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	kill := time.AfterFunc(after+5*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	rnd := rand.New(rand.NewPCG(1, uint64(after)))
	for n := uint64(0); err == nil; n++ {
		err = c.Send(ctx, message(n, size(rnd)))
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !errors.Is(err, ipc.ErrPeerGone) {
		return fmt.Errorf("the sender's end is %w, want ErrPeerGone", err)
	}
	return nil
}
