package codec_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/descartes/regress/pkg/ipc/codec"
)

func codecs() []codec.Codec {
	return []codec.Codec{
		codec.JSON{},
		codec.Bincode1{},
		codec.Bincode2{},
		codec.S2(codec.JSON{}, 0), codec.Zstd(codec.JSON{}, 0), codec.S2(codec.Bincode1{}, 0), codec.Zstd(codec.Bincode2{}, 0),
	}
}

// BenchmarkEncode appends to a buffer that is used again.
func BenchmarkEncode(b *testing.B) {
	for _, c := range codecs() {
		for _, s := range sizes() {
			b.Run("format="+c.Name()+"/payload="+s.name, func(b *testing.B) {
				var buf []byte
				var err error
				b.ReportAllocs()
				for b.Loop() {
					if buf, err = c.Append(buf[:0], s.value); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(buf)), "encoded-bytes")
			})
		}
	}
}

// BenchmarkDecode reads each message into a fresh value, as a receiver must
// that hands its messages on.
func BenchmarkDecode(b *testing.B) {
	for _, c := range codecs() {
		for _, s := range sizes() {
			b.Run("format="+c.Name()+"/payload="+s.name, func(b *testing.B) {
				src, err := c.Append(nil, s.value)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := c.Decode(src, s.fresh()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(src)), "encoded-bytes")
			})
		}
	}
}

// BenchmarkGzip is the standard library's compression of the same JSON, beside
// which format=json+s2 and format=json+zstd are to be read.
func BenchmarkGzip(b *testing.B) {
	for _, s := range sizes() {
		b.Run("payload="+s.name, func(b *testing.B) {
			var buf bytes.Buffer
			w, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
			if err != nil {
				b.Fatal(err)
			}
			var plain []byte
			for b.Loop() {
				if plain, err = (codec.JSON{}).Append(plain[:0], s.value); err != nil {
					b.Fatal(err)
				}
				buf.Reset()
				w.Reset(&buf)
				if _, err := w.Write(plain); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(buf.Len()), "encoded-bytes")
		})
	}
}
