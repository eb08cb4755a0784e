package count

import (
	"debug/elf"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// window is where the functions lie that begin and end what is counted.
type window [6]extent

// extent is the addresses of a function, from the first of it to the first behind it.
type extent struct{ from, to uint64 }

// windowFunctions are what the plugin calls them, and their symbols.
var windowFunctions = [len(window{})]struct{ arg, symbol string }{
	{"run", "testing.(*B).runN"},
	{"start", "testing.(*B).StartTimer"},
	{"stop", "testing.(*B).StopTimer"},
	{"reset", "testing.(*B).ResetTimer"},
	{"sysmon", "runtime.sysmon"},
	{"gogo", "gogo"}, // what runtime.gogo ends in; for stacks alone
}

// args returns the window as arguments of the plugin.
func (w window) args() string {
	var args []string
	for i, f := range windowFunctions {
		args = append(args, fmt.Sprintf("%s=%x-%x", f.arg, w[i].from, w[i].to))
	}
	return strings.Join(args, ",")
}

// machines are the processors of Go's names that are counted.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// findWindow reads the window out of a test binary.
func findWindow(binary string) (w window, err error) {
	f, err := elf.Open(binary)
	if err != nil {
		return w, err
	}
	defer f.Close()
	if f.Machine != machines[runtime.GOARCH] {
		return w, fmt.Errorf("it is a program for %v", f.Machine)
	}
	if f.Type != elf.ET_EXEC {
		return w, errors.New("it is position-independent, so that its functions have no address of their own: build it without -buildmode=pie")
	}
	symbols, err := f.Symbols()
	if err != nil {
		return w, errors.New("it has no symbols: build it without -ldflags=-s")
	}
	for _, s := range symbols {
		for i, want := range windowFunctions {
			if s.Name == want.symbol && s.Size > 0 {
				w[i] = extent{s.Value, s.Value + s.Size}
			}
		}
	}
	for i, want := range windowFunctions {
		if w[i].to == 0 && want.arg != "gogo" {
			return w, fmt.Errorf("it has no function %s: it is not a test binary with benchmarks", want.symbol)
		}
	}
	return w, nil
}
