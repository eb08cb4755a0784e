package count

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

//go:embed plugin/insn.c
var pluginSource string

//go:embed plugin/stacks.h
var stacksSource string

// compiling is how long a compiler may take for what takes it a second.
const compiling = time.Minute

// compiled returns the path of the plugin for that QEMU, which is compiled where it is not yet, by
// a compiler that is given what is defined besides the version of the API.
func compiled(ctx context.Context, s shelf, v version, api int, defines ...string) (string, error) {
	cc, err := compiler()
	if err != nil {
		return "", err
	}
	key := digest(slices.Concat([]string{pluginSource, stacksSource, v.String(), strconv.Itoa(api), cc}, defines)...)
	return s.get("insn-"+key+".so", func(path string) error {
		bounded, cancel := context.WithTimeout(ctx, compiling)
		defer cancel()
		source := path + ".c"
		for name, text := range map[string]string{source: pluginSource, filepath.Join(filepath.Dir(path), "stacks.h"): stacksSource} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				return err
			}
		}
		args := []string{"-O2", "-fPIC", "-shared", "-DAPI=" + strconv.Itoa(api), "-o", path, source}
		cmd := exec.CommandContext(bounded, cc, append(args, defines...)...)
		out, err := output(cmd)
		if err != nil {
			// Mostly the headers of the C library are not there.
			return &missingError{fmt.Sprintf("%s cannot compile the plugin: %v: %s", cc, err, firstLine(out))}
		}
		return nil
	})
}

// compiler returns the path of a C compiler.
func compiler() (string, error) {
	for _, name := range []string{"cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &missingError{"there is no C compiler (cc, gcc or clang) for the plugin"}
}
