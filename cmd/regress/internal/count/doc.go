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
// The program runs under QEMU's user mode emulation (qemu-x86_64, qemu-aarch64), with a plugin
// that counts. Its source is in this program; it is compiled by the machine's C compiler for the
// QEMU that is there, once, and kept in the cache of the user. The test binary is as it was built:
// what the plugin has to know are the addresses of testing.(*B).runN, StartTimer, StopTimer and
// ResetTimer, which stand among the symbols of the binary. They are functions of their own in a
// program that was built as usual: the compiler calls them too large to be inlined, two times
// over, and runN defers. B.Loop is inlined, and calls ResetTimer and StopTimer in a function that
// is not. Note: a profile that shows a benchmark which starts and stops its timer all the time,
// given to the compiler for a package main, could have it inline them; that was not seen.
//
// A process is counted with GOMAXPROCS=1 and GODEBUG=asyncpreemptoff=1, so that it matters less
// when the clock interrupts it, and without runtime.sysmon, a thread that does the more the longer
// the program takes.
//
// # The collector
//
// It does not run: GOGC=off, up to GOMEMLIMIT=1GiB. A collection that happens to begin before the
// window or in it is counted or is not, whoever caused it. Eight starts of small benchmarks with a
// window of 4 ms, whose setup leaves 40 MB of garbage and a tree of 65,000 nodes (the standard
// deviation between starts, and the median):
//
//	                              GOGC=100            GOGC=400            GOGC=off
//	b.ResetTimer, then a tree     135 %   46,781      .5 %   38,352       1.0 %   38,550
//	b.Loop of a tree               51 %  101,283      .2 %   42,236       .3 %    38,554
//	b.ResetTimer, no allocation   2.1 %   74,336     2.3 %   73,385       .1 %    73,371
//
// Of 30 benchmarks of the standard library and ten public modules, two of each drawn at random,
// six starts of each: median .02 % and at most .9 % with GOGC=100 as with GOGC=off, but for two.
// One that allocates 1 MB an operation: 5.8 % and 1.9 %; one of btree: .1 %, and in six starts
// without the collector 2.3 %, in eight others .2 %. All of it was counted beside a load of 8 to
// 15.
//
// What it costs: the collector's work is not in the count, and nor is the clearing of memory that
// it has freed, for fresh memory is clear: that operation of 1 MB counts 14,685 instructions
// instead of 34,304. More garbage shows in B/op and allocs/op, and as the instructions that
// allocate.
//
// What is left is an amount and not a part: up to some 150,000 instructions a process, probably
// where the heap happens to grow, whose beginning is random. Six starts of a tree of 2,000 nodes
// were up to 9 % apart with a window of 2 million instructions, and 1 % with one of 19 million. So
// the median of several processes is to be taken, with a window of 20 million or more, 6 to 10 ms
// natively; a process costs .15 s of a processor before it begins. Note: giving two processes the
// same seed (-seed of QEMU, from which Go's runtime draws the order of maps and where the heap
// begins) was tried on 11 of them, and the two were no closer.
//
// # What a count covers
//
// All threads of the process, and the runtime where it runs while the timer does. Not: the
// collector, what instructions cost (caches, branches), waiting, the kernel's work, and programs
// that the benchmark starts. QEMU offers a program the processor "max", which lacks AVX-512: code
// that looks for it takes another way than it does natively, the same on both sides.
//
// Isolation is that of any benchmark: the emulator is a process of the same rights in the same
// place, with the environment that the benchmark gets and the settings above.
//
// # Hardware counters
//
// perf_event_open is not used. Its count is of a whole process, and inherited by its threads it
// cannot be read at the addresses of a window: what a benchmark does while its timer is stopped
// would count, and the difference of two processes, of N and 2N iterations, does not take that out
// where it stops in each. No machine with such counters was at hand to see more.
//
// # Which QEMU
//
// It must be able to load plugins, which the dynamic symbols of the emulator tell: that of Debian
// 12 can. Debian 13 links it statically, and it cannot. The plugin API is decided by the version
// that QEMU says (qemu.go); an unknown one is refused. Tried: 7.2.22, which counts; 10.0.2,
// 10.0.13 and 11.1.3 as Debian links them, and 5.2.0, which are refused. Of version 2 and up only
// the whole machine of 10.0.2 was at hand (qemu-system-x86_64): it loads and runs the plugin for
// 4, and refuses that for 1 and for 5.
//
// The callback of each block costs half as much again as emulating does: of .06 s natively, .45 s
// of a processor under QEMU alone and .7 s counted; .65 s with an addition in place of it.
//
// Before a counter is believed it has to count a loop of known length to 1 %, twice the same.
package count
