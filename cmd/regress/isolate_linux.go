package main

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A shell around this process has mostly the same secrets in its environment. What follows keeps
// the programs that are started here from reading it. It also ends sudo and mount for them, so it
// is for processes with something to lose.

// dropCapabilities gives up the rights with which root reads processes that others may not. It
// holds for the next program that this thread executes, and for all that come from it.
func dropCapabilities() error {
	if os.Geteuid() != 0 {
		return nil
	}
	var all error
	// Linux asks for the first or, since 6.16 and for reading, for one of the others.
	for _, right := range []uintptr{unix.CAP_SYS_PTRACE, unix.CAP_PERFMON, unix.CAP_SYS_ADMIN} {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, right, 0, 0, 0)
		// A container may have no right to give up rights, and an old kernel not know this one.
		if err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EINVAL) {
			all = errors.Join(all, fmt.Errorf("give up capability %d: %w", right, err))
		}
	}
	return all
}

// isolate forbids this thread, and all that comes from it, to look into processes that are there
// already. Landlock does so for every process that has a rule of it; the one here is that nobody
// makes block devices. A kernel without Landlock is no error, and nor is its first version, which
// cannot be told to leave links and renames between directories alone: there it is not used.
func isolate() error {
	version, _, number := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if number != 0 || version < 2 {
		return nil
	}
	rules := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_REFER}
	fd, _, number := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET,
		uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules.Handled_access_fs), 0)
	if number != 0 {
		return fmt.Errorf("landlock_create_ruleset: %w", number)
	}
	defer unix.Close(int(fd))
	root, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /: %w", err)
	}
	defer unix.Close(root)
	everywhere := unix.LandlockPathBeneathAttr{Allowed_access: unix.LANDLOCK_ACCESS_FS_REFER, Parent_fd: int32(root)}
	if _, _, number := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&everywhere)), 0, 0, 0); number != 0 {
		return fmt.Errorf("landlock_add_rule: %w", number)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if _, _, number := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); number != 0 {
		return fmt.Errorf("landlock_restrict_self: %w", number)
	}
	return nil
}
