// Package suite makes one commit runnable: it finds the packages of a tree that declare benchmarks,
// builds their test binaries, and runs processes of them.
//
// A [Suite] is one tree, a commit that was checked out or the working tree. [Suite.List] asks go
// list for its packages and parses their test files, [Suite.Build] compiles. Everything that could
// make equal sources give different bytes is switched off, so that equal binaries prove that
// nothing in a change can have made their benchmarks slower: see [Same]. [Edited] says which
// benchmarks are not the same program text on two sides.
//
// # Processes
//
// [Runner.Run] starts one process, hands on what it prints line by line, and ends it with all that
// it has started when it takes too long. A [Probe] is called before the start and after the end of
// each process: that is where something can be counted.
package suite
