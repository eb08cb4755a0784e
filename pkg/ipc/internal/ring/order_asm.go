//go:build amd64 || arm64

package ring

// Pause tells the processor that this is a spin.
func Pause()
