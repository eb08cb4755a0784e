package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// cpuModel returns the processor's name, or the architecture where the system does not tell.
func cpuModel() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// load returns the machine's load average over the last minute: what else runs here.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

// peerModules are the libraries whose versions a report names.
var peerModules = []string{
	"github.com/cloudwego/shmipc-go", "google.golang.org/grpc", "go.nanomsg.org/mangos/v3",
	"github.com/go-zeromq/zmq4", "github.com/james-barrow/golang-ipc",
	"github.com/go-json-experiment/json", "github.com/goccy/go-json", "github.com/bytedance/sonic", "github.com/segmentio/encoding",
}

// machine describes in lines what the results depend on.
func machine(compiler string) []string {
	var u unix.Utsname
	kernel := "unknown"
	if err := unix.Uname(&u); err == nil {
		kernel = unix.ByteSliceToString(u.Release[:])
	}
	lines := []string{
		fmt.Sprintf("%s, %d processors, %s %s, %s", cpuModel(), runtime.NumCPU(), runtime.GOOS, kernel, runtime.Version()),
		"C floor: " + compiler,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		var versions []string
		for _, dep := range info.Deps {
			for _, path := range peerModules {
				if dep.Path == path {
					versions = append(versions, dep.Path+" "+dep.Version)
				}
			}
		}
		lines = append(lines, "peers: "+strings.Join(versions, ", "))
	}
	return lines
}
