// Package suite is what the injections are measured on: eight benchmarks of
// ordinary work, some steady, some not. One operation is a number of equal
// steps; the numbers are in steps.go, where 3 % more is 3 % more work.
package suite

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"hash/crc32"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var sink int

func steps(b *testing.B, n int, step func(i int) int) {
	b.ReportAllocs()
	for b.Loop() {
		for i := range n {
			sink += step(i)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	block := bytes.Repeat([]byte("0123456789abcdef"), 4)
	steps(b, hash, func(i int) int {
		block[0] = byte(i)
		sum := sha256.Sum256(block)
		return int(sum[0])
	})
}

func BenchmarkChecksum(b *testing.B) {
	block := bytes.Repeat([]byte("0123456789abcdef"), 16)
	steps(b, checksum, func(i int) int {
		block[0] = byte(i)
		return int(crc32.ChecksumIEEE(block) & 1)
	})
}

func BenchmarkSort(b *testing.B) {
	numbers := make([]int, 64)
	steps(b, sort, func(i int) int {
		x := uint32(i + 1)
		for k := range numbers {
			x = x*1664525 + 1013904223
			numbers[k] = int(x >> 8)
		}
		slices.Sort(numbers)
		return numbers[0] & 1
	})
}

func BenchmarkMap(b *testing.B) {
	counts := map[string]int{}
	words := strings.Fields(strings.Repeat("the quick brown fox jumps over the lazy dog ", 4))
	steps(b, lookup, func(int) int {
		for _, w := range words {
			counts[w]++
		}
		return counts["fox"] & 1
	})
}

type order struct {
	ID    int      `json:"id"`
	Buyer string   `json:"buyer"`
	Items []string `json:"items"`
}

func BenchmarkJSON(b *testing.B) {
	text := []byte(`{"id":7,"buyer":"somebody","items":["one","two","three"]}`)
	steps(b, parse, func(int) int {
		var o order
		if err := json.Unmarshal(text, &o); err != nil {
			b.Fatal(err)
		}
		return len(o.Items)
	})
}

func BenchmarkFormat(b *testing.B) {
	steps(b, format, func(i int) int {
		var out strings.Builder
		for k := range 16 {
			out.WriteString(strconv.Itoa(i * k))
			out.WriteByte(',')
		}
		return out.Len() & 1
	})
}

func BenchmarkMatch(b *testing.B) {
	pattern := regexp.MustCompile(`(\w+)@(\w+)\.com`)
	text := []byte("write to somebody@example.com or to nobody at all")
	steps(b, match, func(int) int { return len(pattern.FindIndex(text)) })
}

func BenchmarkTree(b *testing.B) {
	type node struct{ left, right *node }
	var grow func(depth int) *node
	grow = func(depth int) *node {
		if depth == 0 {
			return nil
		}
		return &node{grow(depth - 1), grow(depth - 1)}
	}
	steps(b, tree, func(int) int {
		if grow(5).left == nil {
			return 1
		}
		return 0
	})
}
