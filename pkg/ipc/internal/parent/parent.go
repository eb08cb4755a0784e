// Package parent passes a child the knowledge of how it is connected with the parent that
// spawned it, in an environment variable.
package parent

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/descartes/regress/pkg/ipc"
)

// variable holds "mechanism" or "mechanism:where".
const variable = "IPC_PARENT"

// Tell adds to cmd's environment that its parent is connected with it by m. Where says what else
// the child has to know, such as the number of a descriptor.
func Tell(cmd *exec.Cmd, m ipc.Mechanism, where string) {
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%s:%s", variable, m, where))
}

// Mechanism returns the one by which the parent is connected with this process, "" if there is
// none.
func Mechanism() ipc.Mechanism {
	m, _, _ := strings.Cut(os.Getenv(variable), ":")
	return ipc.Mechanism(m)
}

// Claim returns what Tell said to this process, once: children of this process have no such
// connection. The error is ipc.ErrNoParent where the parent is not connected by m.
func Claim(m ipc.Mechanism) (where string, err error) {
	_, where, _ = strings.Cut(os.Getenv(variable), ":")
	if err = ipc.ErrNoParent; Mechanism() == m {
		err = os.Unsetenv(variable)
	}
	if err != nil {
		return "", fmt.Errorf("open the parent's %s: %w", m, err)
	}
	return where, nil
}
