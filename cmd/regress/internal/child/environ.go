package child

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// harmless are the variables that a benchmark gets: those that say where programs, libraries and
// files are, how to speak to people, and how Go and a C compiler work. Everything else stays here:
// a pull request's benchmark could read it, and which of the others hold a secret cannot be told
// from their names.
var harmless = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(` + strings.Join([]string{
		`PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TMP|TEMP|TZ|TERM|LANG|LANGUAGE|LC_\w+|NO_COLOR|CI`,
		`XDG_(CACHE|CONFIG|DATA|STATE|RUNTIME)_(HOME|DIR)`,
		`LD_LIBRARY_PATH|LD_PRELOAD|DYLD_LIBRARY_PATH|MALLOC_\w+|OMP_NUM_THREADS`,
		`GO(ROOT|PATH|BIN|CACHE|MODCACHE|TMPDIR|ENV|FLAGS|PROXY|PRIVATE|NOPROXY|NOSUMDB|SUMDB|INSECURE|VCS|WORK|TOOLCHAIN|EXPERIMENT)`,
		`GO(OS|ARCH|HOSTOS|HOSTARCH|EXE|386|AMD64|ARM|ARM64|MIPS|MIPS64|PPC64|RISCV64|WASM|FIPS140|CACHEPROG|TELEMETRYDIR)`,
		`GO(MAXPROCS|GC|MEMLIMIT|DEBUG|TRACEBACK|COVERDIR|GCCFLAGS|TOOLDIR|_EXTLINK_ENABLED)|GO111MODULE`,
		`CGO_\w+|CC|CXX|FC|AR|LD|CFLAGS|CPPFLAGS|CXXFLAGS|FFLAGS|LDFLAGS|PKG_CONFIG|PKG_CONFIG_\w+|SDKROOT|MACOSX_DEPLOYMENT_TARGET`,
		`SSL_CERT_(FILE|DIR)|(?i:https?|no|all|ftp)_(?i:proxy)`,
		`SOURCE_DATE_EPOCH|BENCH_\w+`,
	}, "|") + `)$`)
})

// fetching are the variables that only the go command gets, which runs none of the code: how to
// reach modules that are not public.
var fetching = regexp.MustCompile(`^(GOAUTH|NETRC|SSH_AUTH_SOCK|GIT_SSH|GIT_SSH_COMMAND|GIT_ASKPASS|GIT_TERMINAL_PROMPT|GIT_CONFIG_\w+)$`)

// secret matches names and values that are withheld whatever else they are.
var (
	secretName  = regexp.MustCompile(`(?i)TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|APIKEY|_KEY$|COOKIE`)
	secretValue = regexp.MustCompile(`//[^/\s@]*:[^/\s@]+@|-----BEGIN |\b(gh[opsu]_|github_pat_|glpat-|xox[abp]-|AKIA)\w`)
)

// Secret reports whether a variable, as NAME=value, seems to hold a secret.
func Secret(pair string) bool {
	name, value, _ := strings.Cut(pair, "=")
	return value != "" && (secretName.MatchString(name) || secretValue.MatchString(value))
}

// Environ returns the environment of a benchmark, the same on every side. more are the names of
// variables that it gets besides the harmless ones, unless they look like secrets.
//
// Note: PWD is left out because the directory differs between the sides, and the size of the
// environment moves the stack.
func Environ(more ...string) []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return Secret(pair) || !harmless().MatchString(name) && !slices.Contains(more, name)
	})
}

// BuildEnviron returns the environment of the go command: that of a benchmark, and what it takes
// to fetch modules, with the credentials that an address in GOPROXY may hold.
func BuildEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		if fetching.MatchString(name) || name == "GOPROXY" {
			return false
		}
		return Secret(pair) || !harmless().MatchString(name)
	})
}
