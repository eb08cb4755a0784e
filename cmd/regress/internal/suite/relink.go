package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Relink links the test binary of a package anew into dir, with its functions in an order drawn
// from a number above zero, and returns its path. What was compiled is not compiled again. The
// error wraps ErrBuild; linkers of before Go 1.22 have no such thing.
func (s *Suite) Relink(ctx context.Context, p *Package, dir string, order int64) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a directory for the binaries: %w", err)
	}
	binary := filepath.Join(dir, filepath.Base(p.Binary))
	if err := s.link(ctx, p, binary, "-ldflags=-randlayout="+strconv.FormatInt(order, 10)); err != nil {
		return "", err
	}
	return binary, nil
}

// Relinkable returns an empty string where Relink gives the program that was built but for the
// order of its functions, else why it would not: flags of the user's for the linker would be lost.
func (s *Suite) Relinkable(ctx context.Context) string {
	flags, err := s.command(ctx, s.Dir, "env", "GOFLAGS")
	if err == nil && strings.Contains(flags, "-ldflags") {
		return "GOFLAGS has -ldflags"
	}
	return ""
}
