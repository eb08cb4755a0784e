package suite

// Pin is a Probe that has a process run on one processor. It must be the first of the probes, and
// the goroutine that runs the process must be the one that made it ready.
type Pin struct {
	CPU    int   // one of Processors
	Err    error // why it did not, or could not be undone; nil: it did
	before affinity
}
