package ipctest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// queued returns how long the threads of this process have waited for a processor so far, all
// together; see /proc/PID/schedstat in proc(5).
func queued() (sum time.Duration) {
	files, _ := filepath.Glob("/proc/self/task/*/schedstat")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		var ran, waited int64
		if _, err := fmt.Sscan(string(text), &ran, &waited); err == nil {
			sum += time.Duration(waited)
		}
	}
	return sum
}

// span is a part of this process's addresses.
type span struct{ from, to uint64 }

// windows returns where this process has mapped the memory of both directions, each with its
// control page first.
func windows() (all []span, err error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var w span
		var rights, offset string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s %s", &w.from, &w.to, &rights, &offset); err != nil {
			return nil, err
		}
		if strings.Contains(lines.Text(), "/memfd:ipc") && strings.Trim(offset, "0") == "" {
			all = append(all, w)
		}
	}
	if len(all) != 2 {
		return nil, fmt.Errorf("this process has mapped %d memories, want one of each direction", len(all))
	}
	return all, nil
}

// scribbleMemory writes over the memory of both directions, among messages, of which most are
// proper.
func scribbleMemory(ctx context.Context, c ipc.Conn, y *tally, rnd *rand.Rand) error {
	both, err := windows()
	if err != nil {
		return err
	}
	mem, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = mem.Close() }()
	for ctx.Err() == nil {
		for range rnd.IntN(6) {
			if err := c.Send(ctx, make([]byte, rnd.IntN(9000))); errors.Is(err, ipc.ErrClosed) || errors.Is(err, ipc.ErrPeerGone) {
				return nil
			}
		}
		if rnd.IntN(3) == 0 {
			_, _, _ = c.(ipc.Prober).TryPeek()
			c.Release()
		}
		w := both[rnd.IntN(2)]
		at, p := scribble(rnd, w.to-w.from)
		if _, err := mem.WriteAt(p, int64(w.from+at)); err != nil {
			return err
		}
		y.sent.Add(1)
		if rnd.IntN(3) == 0 {
			time.Sleep(time.Duration(rnd.IntN(3000)) * time.Microsecond)
		}
	}
	return nil
}

// scribble returns what to write, and where in a memory of size bytes: one of the control page's
// words, one word anywhere, or the same record all over the rings, so that it is met for certain.
func scribble(rnd *rand.Rand, size uint64) (at uint64, p []byte) {
	page := uint64(os.Getpagesize())
	switch rnd.IntN(4) {
	case 0:
		words := []uint64{128, 132, 256, 260, 384, 388, 512, 516} // Tail, Recv, Send, Whole and Among of ring.Control
		return words[rnd.IntN(len(words))], word(rnd)
	case 1:
		return rnd.Uint64N(size/4) * 4, word(rnd)
	case 2: // the first fragment of a message of any length, which is withdrawn
		p = binary.LittleEndian.AppendUint32(p, ring.More|13)
		p = binary.LittleEndian.AppendUint64(p, ipc.DefaultMaxMessage>>rnd.IntN(8))
		p = binary.LittleEndian.AppendUint32(p, 0)
		p = binary.LittleEndian.AppendUint32(p, ring.Ctrl|ring.Abort)
		p = append(p, word(rnd)...)
	default:
		p = append(word(rnd), word(rnd)...)
	}
	return page, bytes.Repeat(p, int(size-page)/len(p))
}

// word returns what may stand for a header, a position or a flag.
func word(rnd *rand.Rand) []byte {
	v := rnd.Uint32() >> rnd.IntN(32)
	switch rnd.IntN(6) {
	case 0:
		codes := []uint32{ring.Bye, ring.Abort, ring.Abort, ring.Switch, ring.Switch + 1, ring.Switch + 2}
		v = ring.Ctrl | codes[rnd.IntN(len(codes))]
	case 1:
		v = ring.More | uint32(rnd.IntN(2000))
	case 2:
		v = uint32(rnd.IntN(5))
	}
	return binary.LittleEndian.AppendUint32(nil, v)
}
