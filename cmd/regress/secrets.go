package main

import (
	"regexp"
	"slices"
	"strings"
)

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
