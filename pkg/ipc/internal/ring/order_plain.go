//go:build amd64 && !race

package ring

// StoreRel stores v after everything before it, and does not wait until either is visible.
//
// On amd64 every store is a release store, and the compiler keeps stores in their order (each
// takes the memory that the one before it made), so a plain one does, inlined. Note: the memory
// model of the language promises nothing between processes; TestRecordIsSeenAfterItsBytes looks
// for a torn record.
func StoreRel(p *uint32, v uint32) { *p = v }
