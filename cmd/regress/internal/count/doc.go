// Package count counts what the benchmarks of a test binary do, instead of timing it: the
// instructions of the program between the starts and the stops of the benchmark's timer, and its
// system calls. A count does not depend on what else a machine does.
//
//	c, trials := count.Find(ctx) // nil: nothing counts here, and trials say why and what would
//	p, err := c.Probe("x.test")  // err: that binary cannot be counted
//	outcome := runner.Run(ctx, target, limit, line, p)
//	counted, err := p.Result()   // of all iterations of the last run
//
// # How
//
// The program runs under QEMU's user mode emulation (qemu-x86_64, qemu-aarch64), with a plugin that
// counts. Its source is in this program; it is compiled by the machine's C compiler for the QEMU
// that is there, once, and kept in the cache of the user. The test binary is as it was built: what
// the plugin has to know are the addresses of testing.(*B).runN, StartTimer, StopTimer and
// ResetTimer, which stand among the symbols of the binary. They are functions of their own in a
// program that was built as usual: the compiler calls them too large to be inlined, two times over,
// and runN defers. B.Loop is inlined, and calls ResetTimer and StopTimer in a function that is not.
// Note: a profile that shows a benchmark which starts and stops its timer all the time, given to
// the compiler for a package main, could have it inline them; that was not seen.
//
// A process is counted with GOMAXPROCS=1 and GODEBUG=asyncpreemptoff=1, so that it matters less
// when the clock interrupts it, and without runtime.sysmon, a thread that does the more the longer
// the program takes.
//
// # What a count covers
//
// All threads of the process, the collector and the runtime where they run while the timer does.
// Not: what instructions cost (caches, branches), waiting, the kernel's work, and programs that the
// benchmark starts. QEMU offers a program the processor "max", which lacks AVX-512: code that looks
// for it takes another way than it does natively, the same on both sides.
//
// # Which QEMU
//
// It must be able to load plugins, which the dynamic symbols of the emulator tell: Debian 12's and
// Ubuntu 24.04's package qemu-user can. From QEMU 9.1 on those distributions link it statically,
// and it cannot. The plugin API is decided by the version that QEMU says (qemu.go); an unknown one
// is refused. Tried: 7.2.22, which counts; 10.0.2, 10.0.13 and 11.1.3 as Debian links them, and
// 5.2.0, which are refused. Before a counter is believed it has to count a loop of known length to
// 1 %, twice the same.
package count
