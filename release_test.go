package regress

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleaseScript: .ci/release holds a tag against CHANGELOG.md, says which version the source
// is, and sums up what the program is built from.
func TestReleaseScript(t *testing.T) {
	script, err := os.ReadFile(".ci/release")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(".ci/release", string(script))
	for _, name := range []string{"go.mod", "go.sum", "schema.go", "schema.sql", "pkg/x/x.go", "cmd/regress/page.html", "docs/x.md"} {
		put(name, name)
	}
	run := func(args ...string) (string, int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", append([]string{filepath.Join(dir, ".ci", "release")}, args...)...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	// check reads a changelog that goes on below, and compares the version and the answer to a tag.
	check := func(top, tag, version, want string, code int) {
		t.Helper()
		put("CHANGELOG.md", "# Changes\n\nWords.\n\n"+top+"\n## 0.9.0 - 2026-01-01\n\n- old\n")
		if have, exit := run("version"); exit != 0 || strings.TrimSuffix(have, "\n") != version {
			t.Errorf("%q: version %q, exit %d, want %q", top, have, exit, version)
		}
		if have, exit := run("notes", tag); exit != code || !strings.Contains(have, want) || strings.Contains(have, "old") {
			t.Errorf("%q, %s: exit %d, want %d, %q:\n%s", top, tag, exit, code, want, have)
		}
	}
	const text = "\n### Added\n\n- a thing\n"
	check("## 1.2.3 - 2026-12-01\n"+text, "v1.2.3", "1.2.3", "### Added\n\n- a thing\n", 0)
	check("## 1.2.3-rc.1 - 2026-12-01\n"+text, "v1.2.3-rc.1", "1.2.3-rc.1", "- a thing", 0)
	check("## Unreleased\n"+text, "v1.2.3", "", `CHANGELOG.md begins with "Unreleased", and the tag is v1.2.3: its first section must be "## 1.2.3 - `, 1)
	check("## 1.2.4 - 2026-12-01\n"+text, "v1.2.3", "1.2.4", `begins with "1.2.4 - 2026-12-01"`, 1)
	check("## 1.2.3\n"+text, "v1.2.3", "", `begins with "1.2.3"`, 1) // no date
	check("## 1x2x3 - 2026-12-01\n"+text, "v1.2.3", "", `begins with "1x2x3`, 1)
	check("## 1.2.3 - 2026-12-01\n\nWords.\n", "v1.2.3", "1.2.3", "CHANGELOG.md says nothing of v1.2.3", 1)
	for _, tag := range []string{"1.2.3", "v1", "v1.2", "v1.2.3.4", "v1.2.3\n", "v1.2.3;x", ""} {
		check("## 1.2.3 - 2026-12-01\n"+text, tag, "1.2.3", "is no version", 1)
	}
	if have, exit := run("publish"); exit == 0 || !strings.Contains(have, "usage: ") {
		t.Errorf("exit %d\n%s", exit, have)
	}

	put("small", "x")
	put("large", strings.Repeat("x", 26<<20))
	if have, exit := run("size", filepath.Join(dir, "small")); exit != 0 || !strings.HasPrefix(have, "1 bytes, of ") {
		t.Errorf("exit %d\n%s", exit, have)
	}
	if have, exit := run("size", filepath.Join(dir, "large")); exit != 1 || !strings.Contains(have, "large is too large") {
		t.Errorf("exit %d\n%s", exit, have)
	}

	before, exit := run("sources")
	if lines := strings.Count(before, "\n"); exit != 0 || lines != 6 {
		t.Errorf("exit %d, %d files\n%s", exit, lines, before)
	}
	put("docs/x.md", "other") // no part of the program
	if after, _ := run("sources"); after != before {
		t.Errorf("another page changes the sources:\n%s", after)
	}
	put("cmd/regress/page.html", "other") // what is embedded is one
	if after, _ := run("sources"); after == before {
		t.Error("what is embedded does not change the sources")
	}
}
