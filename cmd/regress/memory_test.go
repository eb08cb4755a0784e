package main

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// slowStore says a little now and then.
type slowStore struct{ baseline.Store }

func (slowStore) Runs(ctx context.Context, _ baseline.Query) iter.Seq2[baseline.Run, error] {
	return func(yield func(baseline.Run, error) bool) {
		for yield(baseline.Run{}, nil) {
			select {
			case <-ctx.Done():
				yield(baseline.Run{}, context.Cause(ctx))
				return
			case <-time.After(time.Millisecond):
			}
		}
	}
}

// TestMemoryIsNotWaitedForForever: a store that is never silent and never done costs a warning.
func TestMemoryIsNotWaitedForForever(t *testing.T) {
	before := memoryLimit
	memoryLimit = 20 * time.Millisecond
	defer func() { memoryLimit = before }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var said bytes.Buffer
	a := archive{setup: &setup{world: &world{stderr: &said, getenv: func(string) string { return "" }}}, asked: true, opened: slowStore{}}
	if noise := a.memory(ctx); noise != nil || !strings.Contains(said.String(), "more rounds are needed: the store took longer than 20ms") {
		t.Errorf("%d series, said %q", len(noise), said.String())
	}
}
