// Package ipctest is the conformance suite of the transports: what package ipc promises, across
// real processes.
//
// A test binary calls Main from its TestMain, because the other side of every test is the same
// binary started again in a role.
package ipctest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Transport is what is tested, and what the suite has to know of it beside its methods.
type Transport struct {
	ipc.Transport
	// Addresses is unset for a transport whose Listen and Dial must return ipc.ErrNoAddress.
	Addresses bool
	// Wire is the child's descriptor that carries the connection, for a child that is no peer.
	Wire int
	// Hello is what a peer writes first, with the version in its byte Version.
	Hello   string
	Version int
}

// patience bounds every wait of the suite: long enough for a loaded machine, short enough to
// fail in time.
const patience = 20 * time.Second

// Main runs the tests, or the role that a test of one of the transports started this process in.
// It does not return.
func Main(m *testing.M, transports ...Transport) {
	role := os.Getenv(envRole)
	if role == "" {
		os.Exit(m.Run())
	}
	for _, tr := range transports {
		if string(tr.Mechanism()) != os.Getenv(envName) {
			continue
		}
		if err := play(tr, role, os.Getenv(envArg)); err != nil {
			fmt.Fprintf(os.Stderr, "role %s on %s: %v\n", role, tr.Mechanism(), err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "ipctest: no transport", os.Getenv(envName))
	os.Exit(3)
}

// size returns a size, mostly small, sometimes larger than a ring.
func size(rnd *rand.Rand) int {
	switch rnd.IntN(200) {
	case 0:
		return 8 + rnd.IntN(300<<10)
	case 1, 2, 3:
		return 8 + rnd.IntN(20<<10)
	}
	return 8 + rnd.IntN(300)
}

// message returns n, and bytes that follow from n and their place.
func message(n uint64, size int) []byte {
	p := binary.LittleEndian.AppendUint64(make([]byte, 0, size), n)
	for i := 8; i < size; i++ {
		p = append(p, byte(uint64(i)*7+n))
	}
	return p
}

// check returns what is wrong with message number n.
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
