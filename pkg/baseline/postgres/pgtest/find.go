package pgtest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// binaries returns the directory of initdb and postgres.
func binaries() (string, error) {
	if bin := os.Getenv("REGRESS_PG_BIN"); bin != "" {
		if !complete(bin) {
			return "", fmt.Errorf("REGRESS_PG_BIN=%s has no initdb and postgres: name their directory or unset it", bin)
		}
		return bin, nil
	}
	if bin, ok := find(); ok {
		return bin, nil
	}
	return bring()
}

func complete(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(bin, name)); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// find looks where installed binaries are.
func find() (string, bool) {
	var places []string
	if path, err := exec.LookPath("postgres"); err == nil {
		places = append(places, filepath.Dir(path))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		places = append(places, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // Red Hat, from postgresql.org
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		brought() + "/*/native/bin",
	} {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
		places = append(places, found...)
	}
	i := slices.IndexFunc(places, complete)
	if i < 0 {
		return "", false
	}
	return places[i], true
}

// number returns the version in a path, so that 16 is newer than 9.6.
func number(path string) float64 {
	path = strings.TrimSuffix(path, "/bin")
	n, _ := strconv.ParseFloat(path[strings.LastIndexAny(path, "/@-")+1:], 64)
	return n
}

// credential returns the user that runs the server, in a session of its own so that a
// Ctrl-C reaches the test alone. PostgreSQL refuses to run as root: root lends it
// to postgres, else nobody.
func credential() (*syscall.SysProcAttr, error) {
	as := &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() != 0 {
		return as, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: false}
			return as, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no user postgres or nobody: run the tests as another user")
}
