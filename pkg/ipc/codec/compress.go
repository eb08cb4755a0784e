package codec

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// DefaultLimit bounds the decompressed size of one message, in bytes, where the
// caller names no other bound. Compression multiplies: a few hundred bytes may
// stand for gigabytes, so a receiver that trusts nobody needs a bound.
const DefaultLimit = 64 << 20

// keepScratch is the largest intermediate buffer kept for the next message, in
// bytes. Without it one large message would hold its memory for good.
const keepScratch = 1 << 20

// squeezed is a codec whose bytes are compressed as one block.
type squeezed struct {
	inner   Codec
	name    string
	limit   int
	shrink  func(dst, src []byte) ([]byte, error)
	expand  func(dst, src []byte, limit int) ([]byte, error) // must refuse to exceed limit
	scratch sync.Pool                                        // *[]byte
}

// S2 compresses what inner encodes with S2, a faster Snappy: less than a
// microsecond for a small message, and little gain below a few hundred bytes.
// A message is one S2 block. A nil inner means [JSON]; a limit of 0 means
// [DefaultLimit]. Decode refuses a message that expands to more than limit bytes.
func S2(inner Codec, limit int) Codec {
	return newSqueezed(inner, "s2", limit,
		func(dst, src []byte) ([]byte, error) {
			need := s2.MaxEncodedLen(len(src))
			if need < 0 { // over 4 GiB
				return dst, fmt.Errorf("%w: %d bytes do not fit one S2 block: send them in parts", ErrLimit, len(src))
			}
			n := len(dst)
			dst = slices.Grow(dst, need)
			// s2.Encode writes to the start of its argument: hand it the free end of dst.
			return dst[:n+len(s2.Encode(dst[n:cap(dst)], src))], nil
		},
		func(dst, src []byte, limit int) ([]byte, error) {
			n, err := s2.DecodedLen(src)
			if errors.Is(err, s2.ErrTooLarge) { // for an int of 32 bits
				return nil, fmt.Errorf("%w: the limit is %d", ErrLimit, limit)
			}
			if err != nil {
				return nil, err
			}
			if n > limit {
				return nil, fmt.Errorf("%w: expands to %d bytes, the limit is %d", ErrLimit, n, limit)
			}
			return s2.Decode(dst[:cap(dst)], src)
		})
}

// Zstd compresses what inner encodes with Zstandard at its fastest level:
// smaller than [S2] and several times slower. A message is one standard frame,
// which `zstd -d` reads. inner and limit are as for [S2].
func Zstd(inner Codec, limit int) Codec {
	if limit <= 0 {
		limit = DefaultLimit
	}
	// Both ends take memory when they are first used, not before.
	encoder := sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true),
			zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
	})
	decoder := sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(uint64(limit)), zstd.WithDecoderConcurrency(0))
	})
	return newSqueezed(inner, "zstd", limit,
		func(dst, src []byte) ([]byte, error) {
			e, err := encoder()
			if err != nil {
				return dst, err
			}
			return e.EncodeAll(src, dst), nil
		},
		func(dst, src []byte, limit int) ([]byte, error) {
			d, err := decoder()
			if err != nil {
				return nil, err
			}
			out, err := d.DecodeAll(src, dst[:0])
			if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
				return nil, fmt.Errorf("%w: expands to more than the limit of %d bytes", ErrLimit, limit)
			}
			return out, err
		})
}

func newSqueezed(inner Codec, suffix string, limit int, shrink func(dst, src []byte) ([]byte, error),
	expand func(dst, src []byte, limit int) ([]byte, error),
) Codec {
	if inner == nil {
		inner = JSON{}
	}
	if limit <= 0 {
		limit = DefaultLimit
	}
	c := &squeezed{inner: inner, name: inner.Name() + "+" + suffix, limit: limit, shrink: shrink, expand: expand}
	c.scratch.New = func() any { return new([]byte) }
	return c
}

// Name implements Codec.
func (c *squeezed) Name() string { return c.name }

// Append implements Codec.
func (c *squeezed) Append(dst []byte, v any) ([]byte, error) {
	buf := c.scratch.Get().(*[]byte)
	defer c.release(buf)
	plain, err := c.inner.Append((*buf)[:0], v)
	if err != nil {
		return dst, err
	}
	*buf = plain
	if len(plain) > c.limit { // what the other side would refuse is not sent
		return dst, c.fail("encode", v, fmt.Errorf("%w: %d bytes before compression, the limit is %d", ErrLimit, len(plain), c.limit))
	}
	out, err := c.shrink(dst, plain)
	if err != nil {
		return dst, c.fail("encode", v, err)
	}
	return out, nil
}

// Decode implements Codec.
func (c *squeezed) Decode(src []byte, v any) error {
	buf := c.scratch.Get().(*[]byte)
	defer c.release(buf)
	plain, err := c.expand(*buf, src, c.limit)
	if err != nil {
		return c.fail("decode", v, err)
	}
	*buf = plain
	return c.inner.Decode(plain, v)
}

// fail returns the error of operation op.
func (c *squeezed) fail(op string, v any, reason error) error {
	e := &Error{Codec: c.name, Op: op, Type: typeName(v), Offset: -1, Kind: ErrInput, Reason: reason}
	if errors.Is(reason, ErrLimit) {
		e.Kind = ErrLimit
	} else if op == "encode" {
		e.Kind = ErrValue
	}
	return e
}

// release keeps a buffer for the next call, unless it is large.
func (c *squeezed) release(buf *[]byte) {
	if cap(*buf) <= keepScratch {
		c.scratch.Put(buf)
	}
}
