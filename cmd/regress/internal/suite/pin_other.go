//go:build !linux

package suite

import (
	"os"
	"os/exec"
)

// Before does nothing: only Linux lets a program choose its processors.
func (p *Pin) Before(*exec.Cmd) {}

// After does nothing.
func (p *Pin) After(*os.ProcessState) {}

type affinity = struct{}

// Processors returns none: they cannot be chosen here.
func Processors() []int { return nil }
