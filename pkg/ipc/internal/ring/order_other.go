//go:build !amd64 && !arm64

package ring

import "sync/atomic"

// StoreRel stores v after everything before it.
func StoreRel(p *uint32, v uint32) { atomic.StoreUint32(p, v) }

// Pause does nothing here; it would tell the processor that this is a spin.
func Pause() {}
