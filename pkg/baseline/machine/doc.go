// Package machine looks at the machine that it runs on: Environment says what it
// is, and a Watch says what else it was doing while something was measured.
//
//	env, warnings := machine.Environment(ctx)
//
//	watch := machine.Start()
//	err := child.Run()
//	load := watch.Stop(child.ProcessState.UserTime() + child.ProcessState.SystemTime())
//	if why := machine.Disturbed(load); why != "" { … }
//
// CPU model, memory, kernel, virtualization and CPU times come from gopsutil,
// and this is the only package that asks it about the machine. What gopsutil
// does not know is read here: the CPU quota of the cgroup (both versions), the
// set of allowed processors, the frequency governor, and the throttling counters.
//
// Linux is where everything is known. Elsewhere the facts that cannot be read
// stay zero, which means unknown, and a warning says so.
package machine
