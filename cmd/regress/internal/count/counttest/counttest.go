// Package counttest brings what it takes to count instructions to the machine of a test.
package counttest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Emulator returns the name of QEMU's user mode emulator for this machine's own processor.
func Emulator() string {
	if runtime.GOARCH == "arm64" {
		return "qemu-aarch64"
	}
	return "qemu-x86_64"
}

// install is the command that brings what is missing, which takes root.
var install = []string{"apt-get", "-o", "DPkg::Lock::Timeout=120", "install", "-q", "-y", "--no-install-recommends", "qemu-user", "gcc", "libc6-dev"}

// bringing is how long apt-get may take: seconds, and on a slow mirror minutes.
const bringing = 5 * time.Minute

var bring = sync.OnceValue(func() error {
	_, emulator := exec.LookPath(Emulator())
	_, compiler := exec.LookPath("cc")
	if emulator == nil && compiler == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Getuid() != 0 {
		return fmt.Errorf("there is no %s or no cc here, and apt-get is not there or not for this user: run `sudo apt-get install -y qemu-user gcc libc6-dev`, or what brings them on this system", Emulator())
	}
	ctx, cancel := context.WithTimeout(context.Background(), bringing)
	defer cancel()
	for _, argv := range [][]string{{"apt-get", "-q", "update"}, install} {
		fmt.Fprintf(os.Stderr, "counttest: no %s or no cc here, running %v\n", Emulator(), argv)
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", argv, err, out[max(0, len(out)-2000):])
		}
	}
	return nil
})

// Need fails the test where the emulator or a C compiler is not installed and cannot be. On systems
// that have none it skips, and says so.
func Need(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skipf("nothing counts instructions on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	if err := bring(); err != nil {
		t.Fatal(err)
	}
}
