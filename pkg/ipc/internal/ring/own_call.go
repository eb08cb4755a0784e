//go:build amd64

package ring

import "unsafe"

// own asks for that many cache lines from p on, which this side will write soon.
//
//go:noescape
func own(p unsafe.Pointer, lines int)
