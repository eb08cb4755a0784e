// Package frame puts messages on byte streams: pipes and Unix sockets.
//
// Each direction starts with the eight bytes of Hello. A message is its length in four bytes,
// little endian, and its bytes. The length Bye ends the direction in order.
package frame

import (
	"encoding/binary"
	"fmt"

	"github.com/descartes/regress/pkg/ipc"
)

// Version is the protocol's; the two sides must have the same.
const Version = 1

// Hello opens each direction: a name that no text starts with, and Version.
const Hello = "\x00rgipc\x00" + string(rune(Version))

// HeaderSize is the length of a message's header in bytes.
const HeaderSize = 4

// Bye is the length that no message has and that Close sends.
const Bye = 1<<32 - 1

// CheckHello returns what is wrong with the first bytes of a direction: nil while they are a
// prefix of Hello.
func CheckHello(b []byte) error {
	n := min(len(b), len(Hello))
	if string(b[:n]) == Hello[:n] {
		return nil
	}
	if n == len(Hello) && string(b[:n-1]) == Hello[:n-1] {
		return fmt.Errorf("%w (it has %d, this side %d)", ipc.ErrVersion, b[n-1], Version)
	}
	return fmt.Errorf("%w (it began with %q)", ipc.ErrVersion, b[:n])
}

// PutHeader writes the header of a message of n bytes into b, which holds HeaderSize bytes.
func PutHeader(b []byte, n uint32) { binary.LittleEndian.PutUint32(b, n) }

// Length reads a header and returns the message's length, or bye, or ipc.ErrCorrupt for a length
// above limit.
func Length(b []byte, limit int) (n int, bye bool, err error) {
	v := binary.LittleEndian.Uint32(b)
	if v == Bye {
		return 0, true, nil
	}
	if uint64(v) > uint64(limit) {
		return 0, false, fmt.Errorf("%w: a message of %d bytes, above MaxMessage of %d", ipc.ErrCorrupt, v, limit)
	}
	return int(v), false, nil
}
