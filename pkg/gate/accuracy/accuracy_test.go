package main

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

func BenchmarkDraw(b *testing.B) {
	all, err := sources()
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range all {
		b.Run(s.name, func(b *testing.B) {
			for i := range b.N {
				s.draw(rand.New(rand.NewPCG(1, uint64(i))), 500)
			}
		})
	}
}

func BenchmarkPlay(b *testing.B) {
	all, err := sources()
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range all {
		p := s.draw(rand.New(rand.NewPCG(1, 1)), 500)
		b.Run(s.name, func(b *testing.B) {
			for range b.N {
				twoStage(p, .05, 1, false)
			}
		})
	}
}

// TestShortcut: leaving passed benchmarks out of the questions changes no answer.
func TestShortcut(t *testing.T) {
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range all {
		for i := range 4 {
			p := src.draw(rand.New(rand.NewPCG(7, uint64(i))), 60)
			p.slow(0, 1.07)
			if short, whole := twoStage(p, .05, 3, false), twoStage(p, .05, 3, true); !reflect.DeepEqual(short, whole) {
				t.Errorf("%s: have %+v, want %+v", src.name, short, whole)
			}
		}
	}
}
