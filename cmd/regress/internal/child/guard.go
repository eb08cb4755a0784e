package child

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Guard cleans up behind this program when it is killed. It is a shell that reads which process
// groups run and which directory is to go, from a pipe whose other end this program alone holds:
// the pipe ends when the program does. A nil *Guard guards nothing.
type Guard struct {
	mu   sync.Mutex
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// watch is what the shell runs. A line "+N" says that group N runs, "-N" that it has ended. At the
// end of the pipe what still runs is killed; after a last line "done" there is nothing left to do.
const watch = `trap '' HUP INT TERM QUIT
IFS= read -r dir || exit 0
groups=" "
while IFS= read -r line; do
	case $line in
	+*) groups="$groups${line#+} " ;;
	-*) groups="${groups%% ${line#-} *} ${groups#* ${line#-} }" ;;
	done) exit 0 ;;
	esac
done
for group in $groups; do kill -9 -"$group"; done 2>/dev/null
chmod -R u+rwx "$dir" 2>/dev/null
rm -rf -- "$dir"
`

// NewGuard starts a guard of the temporary directory dir, which must be absolute.
func NewGuard(dir string) (*Guard, error) {
	if !filepath.IsAbs(dir) || strings.ContainsRune(dir, '\n') {
		return nil, fmt.Errorf("guard %q: not an absolute path", dir)
	}
	cmd := exec.Command("sh", "-c", watch)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what kills our group must not kill it
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = start(cmd)
	}
	if err != nil {
		return nil, fmt.Errorf("start a guard: %w", err)
	}
	g := &Guard{cmd: cmd, pipe: pipe}
	g.say(dir)
	return g, nil
}

func (g *Guard) say(line string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, _ = io.WriteString(g.pipe, line+"\n") // a guard that has died guards nothing, and harms nothing
}

// Run starts a command that Group has prepared and waits for it, guarded.
func (g *Guard) Run(cmd *exec.Cmd) error {
	_, err := g.Watch(cmd)
	return err
}

// Watch is Run, and reports whether the program has waited for programs that it had started itself.
// Only Linux tells: elsewhere none has.
func (g *Guard) Watch(cmd *exec.Cmd) (parent bool, err error) {
	if Exposed {
		return false, fmt.Errorf("start %s: this command is known to start nothing that could read what it was given", cmd.Path)
	}
	return g.watch(cmd)
}

func (g *Guard) watch(cmd *exec.Cmd) (parent bool, err error) {
	if err := start(cmd); err != nil {
		return false, err
	}
	pid := cmd.Process.Pid
	defer ended(pid)
	if g != nil {
		g.say("+" + strconv.Itoa(pid))
		defer g.say("-" + strconv.Itoa(pid))
	}
	parent = hadChildren(pid)
	return parent, cmd.Wait()
}

// Run starts a command and waits for it, without a guard: one that ends soon.
func Run(cmd *exec.Cmd) error { return (*Guard)(nil).Run(cmd) }

// RunTrusted is Run for a program that runs none of the code that is measured, such as git. It may
// read what this one was given.
func RunTrusted(cmd *exec.Cmd) error {
	_, err := (*Guard)(nil).watch(cmd)
	return err
}

// Close ends the guard: what it guards is cleaned up by the caller.
func (g *Guard) Close() {
	if g == nil {
		return
	}
	g.say("done")
	_ = g.pipe.Close()
	_ = g.cmd.Wait()
	ended(g.cmd.Process.Pid)
}

// own are the children of this program that it started itself. The lock is held while one is
// started, so that Orphans does not take it for somebody else's.
var own = struct {
	sync.Mutex
	pids map[int]bool
}{pids: map[int]bool{}}

func start(cmd *exec.Cmd) error {
	own.Lock()
	defer own.Unlock()
	err := cmd.Start()
	if err == nil {
		own.pids[cmd.Process.Pid] = true
	}
	return err
}

func ended(pid int) {
	own.Lock()
	defer own.Unlock()
	delete(own.pids, pid)
}
