//go:build !amd64

package ring

import "unsafe"

// prefetchForWrite does nothing here.
func prefetchForWrite(unsafe.Pointer, int) {}
