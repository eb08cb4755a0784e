package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chromium returns the path of a browser: the one that REGRESS_CHROMIUM names, one that is
// installed, or Debian's, which root can bring. It is never skipped for want of one.
var chromium = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("REGRESS_CHROMIUM"); path != "" {
		return exec.LookPath(path)
	}
	if path := installed(); path != "" {
		return path, nil
	}
	lock, err := os.OpenFile("/tmp/regress-chromium.lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if path := installed(); path != "" { // another test has brought it meanwhile
		return path, nil
	}
	err = bring()
	if path := installed(); path != "" {
		return path, nil
	}
	return "", fmt.Errorf("no browser is installed and none could be brought (%w): run `sudo apt-get install -y chromium`, or name one in REGRESS_CHROMIUM", err)
})

func installed() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// bring installs the distribution's package, which takes root.
func bring() error {
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return errors.New("apt-get: not root")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"}} {
		fmt.Fprintf(os.Stderr, "site: no browser here, running apt-get %v\n", args)
		cmd := exec.CommandContext(ctx, apt, append([]string{"-o", "DPkg::Lock::Timeout=120"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %v: %w: %s", args, err, out[max(0, len(out)-2000):])
		}
	}
	return nil
}

// profile returns a folder for a browser, which is gone when the test ends: what the browser
// started goes on to write for a moment after it ended itself.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "regress-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if err = os.RemoveAll(dir); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Error(err)
	})
	return dir
}

// browse starts a browser for this test, which ends with it.
func browse(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("it walks the page in a browser")
	}
	path, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile(t)), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("no-first-run", true))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // the browser ends with the context of the first call
		t.Fatal(err)
	}
	return ctx
}
