// Package suite makes one commit runnable: it finds the packages of a tree that declare benchmarks,
// builds their test binaries, and runs processes of them.
//
// A [Suite] is one tree, a commit that was checked out or the working tree. [Suite.List] asks go
// list for its packages and parses their test files for the benchmark functions that they declare,
// [Suite.Build] compiles.
//
// # Same code
//
// Everything that could make equal sources give different bytes is switched off in a build
// (-trimpath, -buildvcs=false). Where the test binaries of a package are equal to the byte on two
// sides, and no file differs that a benchmark can be expected to read, nothing in the change can
// have made its benchmarks slower. [Same] says which files these are: documentation and Go files
// are not among them, unless the package's own source names them. It is no proof for files outside
// the package's folder, nor for other programs that a benchmark builds or starts.
//
// A benchmark whose own source in the test files differs, see [Edited], measures something else on
// each side.
//
// Going finer, by comparing the functions that a benchmark can reach inside two different
// binaries, is not done. Even where their bytes are equal, another package's change moves their
// addresses, and layout alone costs or gains a few per cent; calls through interfaces, reflection
// and linkname make "can reach" a guess. A wrong "same code" is worse than a missed one.
//
// # Processes
//
// [Runner.Run] starts one process, hands on what it prints line by line, and ends it with all that
// it has started when it takes too long. A [Probe] is called before the start and after the end of
// each process: that is where something can be counted.
package suite
