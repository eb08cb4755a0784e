package count

import (
	"bufio"
	"os"
	"slices"
	"strings"
)

// installs are the commands that bring what is missing, by the distribution that /etc/os-release
// names. All of them bring the emulator and a compiler with the headers of the C library.
var installs = []struct{ distribution, command string }{
	{"debian", "apt-get install -y qemu-user gcc libc6-dev"},
	{"ubuntu", "apt-get install -y qemu-user gcc libc6-dev"},
	{"fedora", "dnf install -y qemu-user gcc glibc-devel"},
	{"arch", "pacman -S --noconfirm qemu-user gcc"},
	{"suse", "zypper install -y qemu-linux-user gcc glibc-devel"},
}

// remedy returns the command that brings what is missing on this machine.
func remedy() string {
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return unknownRemedy
	}
	defer f.Close()
	var ids []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		if name == "ID" || name == "ID_LIKE" {
			ids = append(ids, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	return remedyFor(ids, os.Geteuid() == 0)
}

const unknownRemedy = "install qemu-user, which must be able to load plugins, and a C compiler"

// remedyFor returns the command for a distribution of these names, the nearest first.
func remedyFor(ids []string, root bool) string {
	for _, id := range ids {
		i := slices.IndexFunc(installs, func(in struct{ distribution, command string }) bool { return in.distribution == id })
		if i >= 0 && root {
			return installs[i].command
		}
		if i >= 0 {
			return "sudo " + installs[i].command
		}
	}
	return unknownRemedy
}
