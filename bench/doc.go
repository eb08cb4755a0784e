// Package bench is the suite that measures pkg/ipc, and regress's first user.
//
// Everything is measured between real processes: a benchmark starts its own test
// binary again as the peer, in the role that it names, on the transport under
// test. The peer checks what arrives and says so at the end; a benchmark whose
// messages were lost, torn or reordered fails.
//
//	go test -bench . ./bench
//
// The groups, as regress.toml names them: Throughput, PingPong (latency), and
// the rest by file. Names carry the format's own keys, so that benchstat can
// filter and project them: BenchmarkPingPong/transport=shm/size=64B-2.
//
// The package has no code outside its tests: this file says what it is. Folder agent
// has the process that the resources benchmarks watch.
package bench
