package shm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/ipc"
)

// version is that of the greeting, the control page and the records.
const version = 2

// greeting is what each side writes first: this magic with the version, and the shape of its
// segment in two little-endian words. The segment's descriptor comes with the first byte.
const (
	magic        = "\x00rgishm" + string(rune(version))
	greetingSize = len(magic) + 8
)

// sendHello sends the greeting.
func sendHello(sock *net.UnixConn, s shape, fd int) error {
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint32(b, uint32(s.base))
	b = binary.LittleEndian.AppendUint32(b, uint32(s.levels))
	n, _, err := sock.WriteMsgUnix(b, unix.UnixRights(fd), nil)
	_ = unix.Close(fd)
	switch {
	case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ECONNRESET):
		return fmt.Errorf("sendHello on shm: %w", ipc.ErrPeerGone)
	case err != nil || n != len(b):
		return fmt.Errorf("sendHello on shm: %d bytes: %w", n, err)
	}
	return nil
}

// readHello reads the peer's greeting and maps its memory.
func readHello(sock *net.UnixConn) (*segment, error) {
	b := make([]byte, 0, greetingSize)
	oob := make([]byte, unix.CmsgSpace(4*8)) // room for more than one, to close what should not be there
	fds := []int(nil)
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	for len(b) < greetingSize {
		n, oobn, flags, _, err := sock.ReadMsgUnix(b[len(b):greetingSize], oob)
		fds = append(fds, rights(oob[:oobn])...)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("meet on shm: %w", ipc.ErrPeerGone)
		}
		b = b[:len(b)+n]
		if err := checkMagic(b); err != nil {
			return nil, err
		}
		if flags&unix.MSG_CTRUNC != 0 && len(fds) == 0 { // it was sent, and there was no number for it here
			return nil, fmt.Errorf("take the peer's memory: %w: raise this process's limit (ulimit -n) or let it close some", unix.EMFILE)
		}
	}
	if len(fds) != 1 {
		return nil, fmt.Errorf("%w: %d descriptors with the greeting, want 1", ipc.ErrCorrupt, len(fds))
	}
	s, err := parseShape(b[len(magic):])
	if err != nil {
		return nil, err
	}
	return openSegment(fds[0], s)
}

// parseShape reads the shape in a greeting and checks it.
func parseShape(b []byte) (shape, error) {
	s := shape{
		base:   int(binary.LittleEndian.Uint32(b)),
		levels: int(binary.LittleEndian.Uint32(b[4:])),
	}
	return s, s.check()
}

// checkMagic returns ErrVersion if b, which may be incomplete, does not begin a greeting of this
// version.
func checkMagic(b []byte) error {
	n := min(len(b), len(magic))
	if string(b[:n]) == magic[:n] {
		return nil
	}
	if n == len(magic) && string(b[:n-1]) == magic[:n-1] {
		return fmt.Errorf("%w (it has %d, this side %d)", ipc.ErrVersion, b[n-1], version)
	}
	return fmt.Errorf("%w (it began with %q)", ipc.ErrVersion, b[:n])
}

// rights returns the descriptors in a control message.
func rights(oob []byte) (fds []int) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for i := range msgs {
		if got, err := unix.ParseUnixRights(&msgs[i]); err == nil {
			fds = append(fds, got...)
		}
	}
	return fds
}
