package regress

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReadme executes what README.md tells a reader to type: every line of
// its sh blocks that starts regress, in order, in a small repository of its own, and the
// main job here.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for a minute")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	command(t, ".", nil, "go", "build", "-o", filepath.Join(bin, "regress"), "./cmd/regress")
	env := []string{
		"PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
		// The commands stand in the README without these; the test has no three minutes for each.
		"REGRESS_BUDGET=15s", "REGRESS_BENCHTIME=5ms", "REGRESS_ROUNDS=2", "GITHUB_ACTIONS=",
	}
	toy := toyRepository(t)
	ran := 0
	for _, line := range shellLines(string(text)) {
		line, _, _ = strings.Cut(line, "  #")
		where := toy
		switch {
		case strings.HasPrefix(line, "go run ./cmd/regress"):
			where = "."
		case strings.HasPrefix(line, "regress "), strings.Contains(line, "| regress "):
		default:
			continue
		}
		ran++
		extra := env
		if where == "." {
			extra = append(extra[:len(extra):len(extra)], "REGRESS_BENCH=^BenchmarkClock$")
		}
		out, code := command(t, where, extra, "bash", "-o", "pipefail", "-c", line)
		if strings.HasPrefix(line, "regress bisect") && (code == 0 || code == 3 && strings.Contains(out, "v1.2.0")) {
			continue // nothing made it slower, and a busy machine may not say so in time
		}
		if !strings.Contains(line, "compare") {
			if code != 0 {
				t.Errorf("%s: exit %d\n%s", line, code, out)
			}
			continue
		}
		// What a busy machine lets it decide is not the README's promise; a report is.
		if code == 2 || !strings.Contains(out, "Measured\n") || strings.Contains(out, "panic") {
			t.Errorf("%s: exit %d\n%s", line, code, out)
		}
	}
	if ran < 8 {
		t.Errorf("only %d commands were found in README.md: the blocks have changed", ran)
	}
	for _, name := range tableCommands(string(text)) {
		if out, code := command(t, toy, env, "regress", name, "--help"); code != 0 || !strings.Contains(out, "USAGE") {
			t.Errorf("the table names %q, and regress does not know it (exit %d)", name, code)
		}
	}
}

var update = flag.Bool("update", false, "write the pictures in README.md anew")

// TestReadmePictures: what README.md shows of a report is what the program prints of
// testdata/readme.log.gz today, but for the parts that "…" stands for.
func TestReadmePictures(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() // not here, where regress.toml would decide
	command(t, ".", nil, "go", "build", "-o", filepath.Join(dir, "regress"), "./cmd/regress")
	packed, err := os.Open(filepath.Join("testdata", "readme.log.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	results, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "readme.log")
	if err := os.WriteFile(log, results, 0o644); err != nil {
		t.Fatal(err)
	}
	seen := 0
	show := func(block []byte) []byte {
		seen++
		line := string(picture.FindSubmatch(block)[1])
		cmd := exec.Command(filepath.Join(dir, "regress"), strings.Fields(strings.ReplaceAll(line, "readme.log", log))...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=")
		out, _ := cmd.Output() // red, as README.md wants it
		return []byte("<!-- picture: regress " + line + " -->\n```text\n" + shortened(string(out)) + "\n```\n")
	}
	want := picture.ReplaceAllFunc(text, show)
	if seen != 1 || !bytes.Contains(want, []byte("FAIL")) {
		t.Fatalf("%d pictures in README.md, or none of a report", seen)
	}
	if *update {
		if err := os.WriteFile("README.md", want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(text, want) {
		t.Errorf("README.md shows what the program does not print: go test -run TestReadmePictures -update .\n%s", want)
	}
}

// picture is a mark with the command, and the block that shows what it prints.
var picture = regexp.MustCompile("(?s)<!-- picture: regress ([^\n]*) -->\n```text\n.*?```\n")

// shortened returns a report with "…" in place of what says how it was measured and what is fine.
func shortened(report string) string {
	var kept []string
	for _, part := range strings.Split(strings.TrimSpace(report), "\n\n") {
		title, _, _ := strings.Cut(part, "\n")
		switch name, _, _ := strings.Cut(title, " ("); name {
		case "Not decided", "Nothing to look at", "Measured", "Warnings":
			if kept[len(kept)-1] != "…" {
				kept = append(kept, "…")
			}
		default:
			kept = append(kept, part)
		}
	}
	return strings.ReplaceAll(strings.Join(kept, "\n\n"), "\n\n…", "\n…")
}

// TestLinks: what the pages of this repository link to is there, headings in pages included, and
// every block of code ends.
func TestLinks(t *testing.T) {
	pages, err := markdownPages()
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	seen, headings := 0, 0
	for page, text := range pages {
		if strings.Count(text, "\n```")%2 != 0 {
			t.Errorf("%s: a block of code does not end", page)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#:\s]*)(#[^)]*)?\)`).FindAllStringSubmatch(withoutCode(text), -1) {
			seen++
			to := page
			if link[1] != "" {
				to = filepath.Join(filepath.Dir(page), link[1])
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s: %v", page, link[1], err)
			}
			if link[2] == "" || pages[to] == "" {
				continue
			}
			headings++
			if !hasHeading(pages[to], link[2][1:]) {
				t.Errorf("%s links to %s%s: there is no such heading", page, link[1], link[2])
			}
		}
	}
	if seen < 60 || headings < 1 {
		t.Errorf("%d links and %d headings were found: the pattern is broken", seen, headings)
	}
}

// markdownPages returns the text of each Markdown file but those of tests.
func markdownPages() (map[string]string, error) {
	pages := map[string]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return filepath.SkipDir
		case filepath.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(name)
		pages[name] = string(text)
		return err
	})
	return pages, err
}

// withoutCode returns the text of a page without its fenced blocks.
func withoutCode(text string) string {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(text, "")
}

// hasHeading reports whether a page has a heading that GitHub gives this anchor.
func hasHeading(text, anchor string) bool {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutCode(text), -1) {
		made := regexp.MustCompile(`[^\p{L}\p{N}\- _]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		if strings.ReplaceAll(made, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// shellLines are the lines of the sh blocks.
func shellLines(text string) []string {
	var out []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return out
}

// tableCommands are the commands that stand at the start of a row of the
// reference table.
func tableCommands(text string) []string {
	var out []string
	_, text, _ = strings.Cut(text, "\n## Reference\n")
	text, _, _ = strings.Cut(text, "\n## ")
	for _, row := range regexp.MustCompile("(?m)^\\| ((?:`[a-z]+[^|`]*`(?:, )?)+) \\| ").FindAllStringSubmatch(text, -1) {
		for _, cell := range regexp.MustCompile("`([a-z]+)").FindAllStringSubmatch(row[1], -1) {
			out = append(out, cell[1])
		}
	}
	return out
}

// toyRepository is somebody's Go project with a benchmark and a branch.
func toyRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/toy\n\ngo 1.24\n")
	write("toy.go", "package toy\n\nfunc Sum(n int) (s int) {\n\tfor i := range n {\n\t\ts += i ^ s\n\t}\n\treturn s\n}\n")
	write("toy_test.go", "package toy\n\nimport \"testing\"\n\nfunc BenchmarkParse(b *testing.B) {\n\tfor b.Loop() {\n\t\tSum(1000)\n\t}\n}\n")
	git := func(args ...string) {
		t.Helper()
		identity := []string{"-C", dir, "-c", "user.name=toy", "-c", "user.email=toy@example.com", "-c", "init.defaultBranch=main"}
		if out, code := command(t, dir, nil, "git", append(identity, args...)...); code != 0 {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "--message", "one")
	git("tag", "v1.2.0")
	git("checkout", "--quiet", "-b", "change")
	write("toy.go", "package toy\n\nfunc Sum(n int) (s int) {\n\tfor i := range n {\n\t\ts = s ^ i + s\n\t}\n\treturn s\n}\n")
	git("commit", "--quiet", "--all", "--message", "two")
	return dir
}

// command runs a program to its end, two minutes at the most.
func command(t *testing.T, dir string, env []string, name string, args ...string) (out string, code int) {
	t.Helper()
	if strings.HasPrefix(name, "regress") {
		name = filepath.Join(strings.TrimPrefix(strings.Split(env[0], string(filepath.ListSeparator))[0], "PATH="), name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}
