package main

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// hide keeps tokens and passwords of this process from the programs that a command is going to
// start; see hideSecrets. One that only reads is left as it is where nothing looks like a secret:
// to hide something is to start again.
func (w *world) hide(c *cli.Context) {
	if !child.Exposed || reads(c) && !slices.ContainsFunc(os.Environ(), child.Secret) && slices.Equal(redactedArgs(os.Args), os.Args) {
		return
	}
	child.Exposed = false
	w.unhidden(hideSecrets(w.note))
}

// unhidden says that something could not be hidden, and why.
func (w *world) unhidden(err error) {
	if err != nil {
		w.note("warning: benchmarks can read the environment of this process: %v", err)
	}
}

// reads reports whether a command starts no program but git. It names the ones that are known to:
// should one of them start another program, package child refuses.
func reads(c *cli.Context) bool {
	switch c.Command.FullName() {
	case "compare":
		return c.Args().Present() // FILEs
	case "complete", "completion", "decisions", "man", "trend", "version":
		return true
	}
	return false
}

// startup names the variables that Go's runtime and the dynamic loader read before main runs.
// They stay where they are; there are no secrets in them.
var startup = []string{
	"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GOCOVERDIR",
	"LD_LIBRARY_PATH", "LD_PRELOAD",
}

// splitEnviron returns what stays in the environment that others can read, and what does not.
func splitEnviron(environ []string) (visible, hidden []string) {
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(startup, name) {
			visible = append(visible, pair)
		} else {
			hidden = append(hidden, pair)
		}
	}
	return visible, hidden
}

// password matches the password of an address and that of a list of settings, as PostgreSQL reads
// both.
var password = regexp.MustCompile(`(//[^/\s:]*:)[^/\s]*(@)|((?i:\bpassword)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|\S+)()`)

// redactedArgs returns the arguments as everybody on the machine may see them.
func redactedArgs(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		out[i] = password.ReplaceAllString(arg, "$1$3***$2")
	}
	return out
}
