package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/cmd/regress/internal/suite"
)

// project is a real git repository with a real Go module.
type project struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T, files map[string]string) project {
	t.Helper()
	r := project{t, t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	r.write(map[string]string{"go.mod": "module example.com/t\n\ngo 1.24\n"})
	r.write(files)
	r.commit("first")
	return r
}

func (r project) git(args ...string) string {
	r.t.Helper()
	return strings.TrimSpace(execute(r.t, "git", append([]string{"-C", r.dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"}, args...)...))
}

// execute runs a program as one of this process's own: measurements that run beside it in this
// process kill every other child.
func execute(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := child.Run(cmd); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out.String())
	}
	return out.String()
}

func (r project) write(files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		path := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r project) commit(message string) string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "--quiet", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// options for a quick measurement of r.
func (r project) options() Options {
	return Options{Dir: r.dir, Base: "main", Benchtime: "1x", Rounds: 1, Seed: 7, Timeout: 20 * time.Second}
}

// run measures and returns the result with the log's text, which must be the
// same in the writer and in the result.
func run(t *testing.T, o Options) (Result, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // of a busy machine
	defer cancel()
	var log bytes.Buffer
	o.Log = &log
	res, err := Run(ctx, o)
	if err != nil {
		t.Fatalf("Run: %v\n%s", err, log.String())
	}
	if log.String() != string(res.Text) {
		t.Fatalf("the writer got %d bytes, Result.Text has %d", log.Len(), len(res.Text))
	}
	return res, log.String()
}

// Run measures in a session of its own.
func Run(ctx context.Context, o Options) (Result, error) {
	s, err := Open(ctx, o)
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	return s.Run(ctx)
}

// marked is how many marks of a kind a log has.
func marked(text, mark string) int { return strings.Count("\n"+text, "\n# "+mark+": ") }

// has checks that each line of want is a line of text; a want that ends in …
// is the beginning of one.
func has(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		prefix, open := strings.CutSuffix(w, "…")
		found := false
		for line := range strings.SplitSeq(text, "\n") {
			found = found || line == w || (open && strings.HasPrefix(line, prefix))
		}
		if !found {
			t.Errorf("the log has no line %q:\n%s", w, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("the log contains %q:\n%s", p, text)
		}
	}
}

// order is the sequence of "side name" of the rounds in a log.
func order(text string) []string {
	var out []string
	side := ""
	for line := range strings.SplitSeq(text, "\n") {
		if v, ok := strings.CutPrefix(line, "side: "); ok {
			side = v
		}
		if p, ok, _ := suite.ParseLine(line); ok {
			out = append(out, side+" "+p.Name)
		}
	}
	return out
}

// module is a test file with the given benchmark bodies by name.
func module(bodies ...string) string {
	var b strings.Builder
	b.WriteString("package t\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\nvar _, _, _ = fmt.Print, os.Exit, time.Now\n\n")
	for i := 0; i+1 < len(bodies); i += 2 {
		fmt.Fprintf(&b, "func Benchmark%s(b *testing.B) {\n\t%s\n}\n\n", bodies[i], bodies[i+1])
	}
	return b.String()
}

const loop = "for b.Loop() {\n\t}"
