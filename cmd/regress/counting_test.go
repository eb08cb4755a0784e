package main

import (
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/count/counttest"
)

// TestCountingScripts runs the scripts that count instructions.
func TestCountingScripts(t *testing.T) {
	counttest.Need(t)
	runScripts(t, "testdata/script/counting/*.txtar", nil, nil)
}
