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

// secretName matches the names that secrets go by. It decides how far a process is closed, not
// what is hidden: that is everything.
var secretName = regexp.MustCompile(`(?i)TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY|^PGPASS|^REGRESS_STORE$`)

// secretive reports whether one of the variables seems to hold a secret.
func secretive(environ []string) bool {
	return slices.ContainsFunc(environ, func(pair string) bool {
		name, value, _ := strings.Cut(pair, "=")
		return value != "" && (secretName.MatchString(name) || password.MatchString(value))
	})
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
