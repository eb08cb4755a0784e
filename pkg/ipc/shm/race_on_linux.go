//go:build race

package shm

// raceBuild makes every call take the half's mutex when another goroutine may work on it: the race
// detector does not know of the barrier that does without.
const raceBuild = true
