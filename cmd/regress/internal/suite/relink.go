package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Relink links the test binary of a package anew into dir, with its functions in an order drawn
// from a number above zero and its data in places drawn from it, and returns its path. What was
// compiled is not compiled again, and nothing for debuggers is linked, which would be a quarter of
// the work (2.0 s of processor time instead of 1.5 for zap's tests). The error wraps ErrBuild;
// linkers of before Go 1.22 have no such thing.
func (s *Suite) Relink(ctx context.Context, p *Package, dir string, order int64) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a directory for the binaries: %w", err)
	}
	binary := filepath.Join(dir, filepath.Base(p.Binary))
	overlay, err := shifted(p, binary, order)
	if err != nil {
		return "", err
	}
	if err := s.link(ctx, p, binary, "-overlay="+overlay, "-ldflags=-w -randlayout="+strconv.FormatInt(order, 10)); err != nil {
		return "", err
	}
	return binary, nil
}

// Relinkable returns an empty string where Relink gives the program that was built but for the
// order of its functions, else why it would not: flags of the user's for the linker would be lost.
func (s *Suite) Relinkable(ctx context.Context) string {
	flags, err := s.command(ctx, s.Dir, "env", "GOFLAGS")
	for _, flag := range []string{"-ldflags", "-overlay"} {
		if err == nil && strings.Contains(flags, flag) {
			return "GOFLAGS has " + flag
		}
	}
	return ""
}

// shifts is by how many words data is moved at most, less one: a line of the cache has so many.
// xxhash takes 10.2 ns for 16 bytes, and 12.9 to 14.6 ns where its constants lie three or four
// words further, across the end of a line; variables more anywhere in the program do that.
const shifts = 8

// shifted writes beside a binary what makes the go command compile one file more into it, and
// returns the name of that: the file declares as many words of each kind of data as are drawn from
// order. They lie in front of what is larger than they are. It is a file of the external test
// package, which is small or not there, and there are few of them, so that little is compiled.
func shifted(p *Package, binary string, order int64) (overlay string, err error) {
	name, err := packageName(p)
	if err != nil {
		return "", err
	}
	random := rand.New(rand.NewPCG(uint64(order), 0)) // neighbouring orders are of two sides
	number := random.IntN(shifts)
	file := binary + ".layout.go"
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(p.Dir, "regress_layout_test.go"): file}})
	if err != nil {
		return "", err
	}
	overlay = binary + ".overlay.json"
	err = os.WriteFile(file, []byte(layoutText(name, number)), 0o600)
	return overlay, errors.Join(err, os.WriteFile(overlay, text, 0o600))
}

// packageName returns the name of a package.
func packageName(p *Package) (string, error) {
	names := p.Compiled
	if len(names) == 0 {
		return "", fmt.Errorf("%w: package %s has no files", ErrBuild, p.Path)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, names[0]), nil, parser.PackageClauseOnly)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBuild, err)
	}
	if slices.Contains(p.Tests, names[0]) {
		return strings.TrimSuffix(file.Name.Name, "_test"), nil
	}
	return file.Name.Name, nil
}

// layoutText returns the file of one number: of each kind of data between no word and shifts less
// one, which all are different from number to number.
func layoutText(name string, number int) string {
	var out, use strings.Builder
	fmt.Fprintf(&out, "package %s_test\n\nvar regressLayout uint64 = 1\n\n", name)
	for _, kind := range []struct {
		name, declared, used string
		factor               int // odd: all counts occur
	}{
		{"Data", "uint64 = 1", "regressLayout ^= %s", 1},
		{"Pointer", "= &regressLayout", "regressLayout ^= *%s", 3},
		{"Zero", "uint64", "regressLayout ^= %s", 5},
		{"Nil", "*uint64", "if %s != nil { regressLayout++ }", 7},
	} {
		for i := range number * kind.factor % shifts {
			v := fmt.Sprintf("regressLayout%s%d", kind.name, i)
			fmt.Fprintf(&out, "var %s %s\n", v, kind.declared)
			fmt.Fprintf(&use, "\t"+kind.used+"\n", v)
		}
	}
	fmt.Fprintf(&out, "\nfunc init() {\n%s}\n", use.String())
	return out.String()
}
