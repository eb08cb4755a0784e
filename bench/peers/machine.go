package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/bench/peers/internal/host"
)

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
		fmt.Sprintf("%s, %d processors, %s %s, %s", host.CPU(), runtime.NumCPU(), runtime.GOOS, kernel, runtime.Version()),
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
