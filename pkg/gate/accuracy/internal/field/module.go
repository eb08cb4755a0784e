package field

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Module copies the files of a module, PATH@VERSION, into a directory, where none of them may be
// yet. The go command downloads what is not in its cache; the version may be a commit.
func Module(ctx context.Context, spec, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", spec)
	cmd.WaitDelay = 20 * time.Second
	cmd.Dir = os.TempDir() // in no module
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &got); jsonErr != nil || got.Dir == "" {
		return errors.Join(fmt.Errorf("download %s: %s; go needs a module proxy or its cache", spec, got.Error), err)
	}
	if err := os.CopyFS(dir, os.DirFS(got.Dir)); err != nil {
		return fmt.Errorf("copy the files of %s: %w", spec, err)
	}
	return nil
}

// Leaf returns the pattern of go test -bench that matches one benchmark alone. Its
// name is without "Benchmark".
func Leaf(name string) string {
	parts := strings.Split("Benchmark"+name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
