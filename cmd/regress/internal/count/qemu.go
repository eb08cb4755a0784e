package count

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// missingError is the want of something that can be installed.
type missingError struct{ why string }

func (e *missingError) Error() string { return e.why }

// emulators are QEMU's names of the processors that are counted, by Go's.
var emulators = map[string]string{"amd64": "qemu-x86_64", "arm64": "qemu-aarch64"}

// findQEMU returns a counter by the first QEMU on PATH that can load plugins.
func findQEMU(ctx context.Context, s shelf) (*Counter, error) {
	name := emulators[runtime.GOARCH]
	if runtime.GOOS != "linux" || name == "" {
		return nil, fmt.Errorf("user mode emulation is for linux/amd64 and linux/arm64, not for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	var why error
	for _, name := range []string{name, name + "-static"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		c, err := useQEMU(ctx, s, path)
		if err == nil {
			return c, nil
		}
		why = errors.Join(why, err)
	}
	if why != nil {
		return nil, why
	}
	return nil, &missingError{name + " is not installed"}
}

// useQEMU returns a counter by the emulator at path.
func useQEMU(ctx context.Context, s shelf, path string) (*Counter, error) {
	if err := loadsPlugins(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	bounded, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(bounded, path, "--version")
	cmd.Env = child.Environ()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", path, err)
	}
	version, err := parseVersion(string(out))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	api, err := version.api()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	plugin, err := compiled(ctx, s, version, api)
	if err != nil {
		return nil, err
	}
	stacks := sync.OnceValues(func() (string, error) { return compiled(ctx, s, version, api, "-DSTACKS") })
	return &Counter{name: "qemu-user " + version.String(), qemu: path, plugin: plugin, stacks: stacks, shelf: s}, nil
}

// loadsPlugins returns an error where the emulator offers plugins nothing. QEMU says so only once a
// plugin is named, in words that differ from version to version.
func loadsPlugins(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	offers := func(s elf.Symbol) bool {
		return s.Name == "qemu_plugin_register_vcpu_tb_exec_cb" && s.Section != elf.SHN_UNDEF
	}
	if err == nil && slices.ContainsFunc(symbols, offers) {
		return nil
	}
	if len(f.Progs) > 0 && !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return errors.New("it is linked statically, as Debian's is from version 13 on, and cannot load plugins")
	}
	return errors.New("it was built without plugins")
}

// version is a version of QEMU.
type version struct{ major, minor, micro int }

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.micro) }

var versionLine = regexp.MustCompile(`^qemu-\w+ version (\d+)\.(\d+)\.(\d+)`)

// parseVersion reads what qemu-… --version prints.
func parseVersion(text string) (v version, err error) {
	m := versionLine.FindStringSubmatch(text)
	if m == nil {
		return v, fmt.Errorf("it says %q, which is no version of QEMU", firstLine(text))
	}
	for i, to := range []*int{&v.major, &v.minor, &v.micro} {
		if *to, err = strconv.Atoi(m[i+1]); err != nil {
			return v, fmt.Errorf("version of QEMU: %w", err)
		}
	}
	return v, nil
}

// apis are the versions of the plugin API, by the first QEMU that has them, newest first. 0: what
// it changed is not known here, or not tried.
//
// Source: include/qemu/qemu-plugin.h and include/plugins/qemu-plugin.h of QEMU, whose comment on
// versions says that 2 removed the inline operations, 3 changed qemu_plugin_insn_data, 4 and 5
// added functions, 6 changed what registers return and 7 the arguments of all callbacks.
var apis = []struct{ major, minor, api int }{
	{11, 0, 0}, {10, 1, 5}, {9, 2, 4}, {9, 1, 3}, {9, 0, 2}, {6, 1, 1}, {0, 0, 0},
}

// api returns the version of the plugin API of that QEMU.
func (v version) api() (int, error) {
	i := slices.IndexFunc(apis, func(a struct{ major, minor, api int }) bool {
		return v.major > a.major || v.major == a.major && v.minor >= a.minor
	})
	if apis[i].api == 0 {
		return 0, fmt.Errorf("the plugins of QEMU %v are unknown here: versions 6.1 to 10 count", v)
	}
	return apis[i].api, nil
}
