//go:build amd64 || arm64

package ring

//go:noescape
func storeRel(p *uint32, v uint32)

// Pause tells the processor that this is a spin.
func Pause()
