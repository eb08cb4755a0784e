package count

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

//go:embed plugin/insn.c
var pluginSource string

// compiling is how long a compiler may take for what takes it a second.
const compiling = time.Minute

// compiled returns the path of the plugin for that QEMU, which is compiled where it is not yet.
func compiled(ctx context.Context, s shelf, v version, api int) (string, error) {
	cc, err := compiler()
	if err != nil {
		return "", err
	}
	key := digest(pluginSource, v.String(), strconv.Itoa(api), cc)
	return s.get("insn-"+key+".so", func(path string) error {
		bounded, cancel := context.WithTimeout(ctx, compiling)
		defer cancel()
		source := path + ".c"
		if err := os.WriteFile(source, []byte(pluginSource), 0o600); err != nil {
			return err
		}
		cmd := exec.CommandContext(bounded, cc, "-O2", "-fPIC", "-shared", "-DAPI="+strconv.Itoa(api), "-o", path, source)
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
