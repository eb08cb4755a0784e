//go:build amd64

package ring

import "unsafe"

// prefetchForWrite asks for that many cache lines from p on, which this side will write soon.
//
//go:noescape
func prefetchForWrite(p unsafe.Pointer, lines int)
