//go:build arm64 || (amd64 && race)

package ring

// StoreRel stores v after everything before it, and does not wait until either is visible.
func StoreRel(p *uint32, v uint32) { storeRel(p, v) }

//go:noescape
func storeRel(p *uint32, v uint32)
