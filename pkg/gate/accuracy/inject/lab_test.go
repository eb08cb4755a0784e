package main

import "testing"

// TestBare: what a decision calls slower must compare equal to what was made slower.
func TestBare(t *testing.T) {
	for _, w := range work {
		for _, printed := range []string{w.bench, w.bench + "-2", w.bench + "-16"} {
			if have := bare(printed); have != w.bench {
				t.Errorf("%s is %q, want %q", printed, have, w.bench)
			}
		}
	}
}
