package bench

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// A compressor makes bytes fewer and brings them back, into memory that is used again.
type compressor struct {
	name   string
	shrink func(dst, src []byte) ([]byte, error)
	expand func(dst, src []byte) ([]byte, error)
}

// compressors are all at their fastest level. The two gzips write one format; what lies between
// them is the assembly of klauspost/compress and what else it does better than the standard
// library.
func compressors(b *testing.B) []compressor {
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	standardWriter, err := stdgzip.NewWriterLevel(nil, stdgzip.BestSpeed)
	must(err)
	writer, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	must(err)
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	must(err)
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	must(err)
	b.Cleanup(decoder.Close)
	return []compressor{
		{"gzip-standard", shrinkTo(standardWriter), expandFrom(new(stdgzip.Reader))},
		{"gzip", shrinkTo(writer), expandFrom(new(gzip.Reader))},
		{
			"s2",
			func(dst, src []byte) ([]byte, error) { return s2.Encode(dst[:cap(dst)], src), nil },
			func(dst, src []byte) ([]byte, error) { return s2.Decode(dst[:cap(dst)], src) },
		},
		{
			"zstd",
			func(dst, src []byte) ([]byte, error) { return encoder.EncodeAll(src, dst[:0]), nil },
			func(dst, src []byte) ([]byte, error) { return decoder.DecodeAll(src, dst[:0]) },
		},
	}
}

// shrinkTo compresses through a gzip writer.
func shrinkTo(w interface {
	io.WriteCloser
	Reset(io.Writer)
},
) func(dst, src []byte) ([]byte, error) {
	to := new(appender)
	return func(dst, src []byte) ([]byte, error) {
		*to = dst[:0]
		w.Reset(to)
		_, err := w.Write(src)
		return *to, errors.Join(err, w.Close())
	}
}

// appender is a writer into memory that is used again.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// expandFrom expands through a gzip reader.
func expandFrom(r interface {
	io.Reader
	Reset(io.Reader) error
},
) func(dst, src []byte) ([]byte, error) {
	from := new(bytes.Reader)
	return func(dst, src []byte) ([]byte, error) {
		from.Reset(src)
		if err := r.Reset(from); err != nil {
			return dst, err
		}
		to := bytes.NewBuffer(dst[:0])
		_, err := to.ReadFrom(r)
		return to.Bytes(), err
	}
}

// jsonOrders is the text of n medium messages, which differ as those of a stream do.
func jsonOrders(n int) ([]byte, error) {
	var text []byte
	for i := range n {
		o := order(payloads[1].readings)
		o.ID += uint64(i)
		o.Sent += int64(i) * 1_234_567
		for j := range o.Readings {
			r := &o.Readings[j]
			r.Value += float64(i) / 97
			r.Low, r.High = r.Value*.9, r.Value*1.1
		}
		var err error
		if text, err = (codec.JSON{}).Append(text, o); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// eachCompressor runs a benchmark on JSON of one message and of 64, which is what a batch has.
func eachCompressor(b *testing.B, run func(b *testing.B, c compressor, text []byte)) {
	for _, c := range compressors(b) {
		for _, n := range []int{1, 64} {
			b.Run(fmt.Sprintf("format=%s/messages=%d", c.name, n), func(b *testing.B) {
				text, err := jsonOrders(n)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				run(b, c, text)
				reportBytes(b, b.N*len(text))
			})
		}
	}
}

// BenchmarkCompress compresses JSON; wire-bytes is what it becomes, B/s is of what goes in.
func BenchmarkCompress(b *testing.B) {
	eachCompressor(b, func(b *testing.B, c compressor, text []byte) {
		var wire []byte
		var err error
		for b.Loop() {
			if wire, err = c.shrink(wire, text); err != nil {
				b.Fatal(err)
			}
		}
		if back, err := c.expand(nil, wire); err != nil || !bytes.Equal(back, text) {
			b.Fatalf("%d bytes came back changed: %v", len(text), err)
		}
		b.ReportMetric(float64(len(wire)), "wire-bytes")
	})
}

// BenchmarkExpand is the way back; B/s is of what comes out.
func BenchmarkExpand(b *testing.B) {
	eachCompressor(b, func(b *testing.B, c compressor, text []byte) {
		wire, err := c.shrink(nil, text)
		if err != nil {
			b.Fatal(err)
		}
		var back []byte
		for b.Loop() {
			if back, err = c.expand(back, wire); err != nil {
				b.Fatal(err)
			}
		}
		if !bytes.Equal(back, text) {
			b.Fatalf("%d bytes came back changed", len(text))
		}
	})
}
