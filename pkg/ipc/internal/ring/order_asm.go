//go:build amd64 || arm64

package ring

// StoreRel stores v after everything before it, and does not wait until either is visible.
//
//go:noescape
func StoreRel(p *uint32, v uint32)

// Pause tells the processor that this is a spin.
func Pause()
