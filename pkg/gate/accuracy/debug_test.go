package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestDebug(t *testing.T) {
	all, _ := sources()
	for _, src := range all {
		hist = map[int]int{}
		runs := 0.
		kinds := map[string]int{}
		for i := range 30 {
			p := src.draw(rand.New(rand.NewPCG(1, uint64(1000*i+1))), 500)
			v := twoStage(p, .05, 1, false)
			runs += v.runs / 30
			for _, r := range v.red {
				s := p.streams[r]
				fmt.Println(s.key, s.base[:10], s.head[:10], p.noise[s.key])
				kinds[s.key.Unit]++
			}
		}
		fmt.Println(src.name, runs, kinds, hist)
		if false {
			runs = 0
			for i := range 30 {
				p := src.draw(rand.New(rand.NewPCG(1, uint64(1000*i+1))), 500)
				var only []stream
				for _, s := range p.streams {
					if s.key.Unit == "sec/op" {
						only = append(only, s)
					}
				}
				p.streams = only
				runs += twoStage(p, .05, 1, false).runs / 30
			}
			fmt.Println("sec/op alone", runs)
		}
	}
}
