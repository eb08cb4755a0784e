package eventlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// MaxEvent is the largest event, in bytes.
const MaxEvent = 64 << 20

const (
	magic      = "evlog\x01\r\n"
	headerSize = 16 // of the file
	frameSize  = 16 // of an event, before its data
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileHeader returns the beginning of a file with this salt.
func fileHeader(salt uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(magic), salt)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseHeader returns the salt of a whole header, or what is wrong with it.
func parseHeader(b []byte) (salt uint32, reason string) {
	salt = binary.LittleEndian.Uint32(b[8:])
	switch want := fileHeader(salt); {
	case !bytes.HasPrefix(b, want[:8]):
		return 0, "it does not begin like an event log"
	case !bytes.Equal(b, want):
		return 0, "the checksum of the file header does not match"
	}
	return salt, ""
}

// appendEvent appends the event to b as it stands in the file.
func appendEvent(b []byte, salt uint32, seq uint64, data []byte) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = append(b, data...)
	binary.LittleEndian.PutUint32(b[start:], crc32.Update(salt, castagnoli, b[start+4:]))
	return b
}

// scanner walks the events of a file that is size bytes long.
type scanner struct {
	file io.ReaderAt
	in   io.Reader // buffered, at offset at
	size int64
	at   int64 // where the next event begins
	salt uint32
	last uint64 // sequence number of the event before
	buf  []byte
}

// damage is why an event could not be read.
type damage struct {
	reason  string
	certain bool // no crash leaves this: it is not a torn tail
}

// next returns the next event, which is valid until the call after, or damage,
// or an error of reading. At the end all are zero and more is false.
func (s *scanner) next() (event Event, more bool, bad *damage, err error) {
	left := s.size - s.at
	if left == 0 {
		return Event{}, false, nil, nil
	}
	if left < frameSize {
		return Event{}, true, &damage{reason: fmt.Sprintf("%d bytes, where an event takes at least %d", left, frameSize)}, nil
	}
	s.buf = grow(s.buf, frameSize)
	if _, err := io.ReadFull(s.in, s.buf); err != nil {
		return Event{}, true, nil, err
	}
	n := int64(binary.LittleEndian.Uint32(s.buf[4:]))
	if n > MaxEvent || n > left-frameSize {
		return Event{}, true, &damage{reason: fmt.Sprintf("an event of %d bytes is announced and %d bytes follow", n, left-frameSize)}, nil
	}
	s.buf = grow(s.buf, frameSize+int(n))
	if _, err := io.ReadFull(s.in, s.buf[frameSize:]); err != nil {
		return Event{}, true, nil, err
	}
	if binary.LittleEndian.Uint32(s.buf) != crc32.Update(s.salt, castagnoli, s.buf[4:]) {
		return Event{}, true, &damage{reason: "the checksum does not match"}, nil
	}
	seq := binary.LittleEndian.Uint64(s.buf[8:])
	if seq != s.last+1 {
		return Event{}, true, &damage{reason: fmt.Sprintf("event %d follows event %d", seq, s.last), certain: true}, nil
	}
	s.last = seq
	s.at += frameSize + n
	return Event{Seq: seq, Data: s.buf[frameSize:len(s.buf):len(s.buf)]}, true, nil, nil
}

// grow returns b with length n and its first bytes kept.
func grow(b []byte, n int) []byte {
	if cap(b) < n {
		b = append(make([]byte, 0, n), b...)
	}
	return b[:n]
}

// maxSearch bounds what intactAfter spends on checksums, in bytes. Only a file
// made to deceive has so many near misses.
const maxSearch = 4 * MaxEvent

// intactAfter looks for a whole event anywhere after the damage at s.at, which
// tells corruption from a torn tail. It returns the offset, or 0 for none. In
// doubt it says where the doubt is: what may be data is not cut off.
func (s *scanner) intactAfter() (int64, error) {
	window := make([]byte, 64<<10)
	spent := int64(0)
	for base := s.at + 1; s.size-base >= frameSize; base += int64(len(window)) - frameSize + 1 {
		n := int(min(int64(len(window)), s.size-base))
		if _, err := s.file.ReadAt(window[:n], base); err != nil {
			return 0, err
		}
		for i := 0; i+frameSize <= n; i++ {
			seq := binary.LittleEndian.Uint64(window[i+8:])
			if seq <= s.last || seq-s.last > uint64(s.size-s.at)/frameSize+1 {
				continue
			}
			at := base + int64(i)
			length := int64(binary.LittleEndian.Uint32(window[i+4:]))
			if length > MaxEvent || length > s.size-at-frameSize {
				continue
			}
			if spent += length; spent > maxSearch {
				return at, nil
			}
			ok, err := s.intact(at, length)
			if ok || err != nil {
				return at, err
			}
		}
	}
	return 0, nil
}

// intact reports whether the event at an offset has the right checksum.
func (s *scanner) intact(at, length int64) (bool, error) {
	s.buf = grow(s.buf, int(frameSize+length))
	if _, err := s.file.ReadAt(s.buf, at); err != nil {
		return false, err
	}
	return binary.LittleEndian.Uint32(s.buf) == crc32.Update(s.salt, castagnoli, s.buf[4:]), nil
}
