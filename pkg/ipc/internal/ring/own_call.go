//go:build amd64

package ring

import "unsafe"

// owned is how many bytes own asks for at least.
const owned = 448

// own asks for the eight cache lines at p, which this side will write soon.
//
//go:noescape
func own(p unsafe.Pointer)
