package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

const (
	commits = 64
	module  = "github.com/BurntSushi/toml@v1.6.0"
	pattern = "^BenchmarkDecode$/^large-doc$"
)

// kind is how a history becomes slower.
type kind string

const (
	one    kind = "one"
	two    kind = "two"
	creep  kind = "creep"
	revert kind = "revert"
	broken kind = "broken"
	merge  kind = "merge"
	edited kind = "edited"
)

// history is what is constructed.
type history struct {
	name    string
	kind    kind
	percent float64 // of each step
	at      []int   // the commits of the steps, from 1
}

// histories returns all thirty; where their steps are was drawn once.
func histories() (out []history) {
	random := rand.New(rand.NewPCG(64, 30))
	add := func(k kind, percent float64, n int) {
		for i := range n {
			at := 1 + random.IntN(commits)
			steps := []int{at}
			switch k {
			case two:
				first := 3 + random.IntN(commits/2-6)
				steps = []int{first, first + 8 + random.IntN(commits/2-8)}
			case revert: // up, taken back, and up again for good
				up := 2 + random.IntN(20)
				down := up + 2 + random.IntN(12)
				steps = []int{up, down, down + 2 + random.IntN(commits-down-3)}
			case broken, merge, edited:
				steps = []int{8 + random.IntN(commits-16)}
			case creep:
				steps = nil
				for c := 1; c <= commits; c++ {
					steps = append(steps, c)
				}
			}
			out = append(out, history{fmt.Sprintf("%s %g%% %d", k, percent, i+1), k, percent, steps})
		}
	}
	add(one, 3, 5)
	add(one, 5, 5)
	add(one, 10, 5)
	add(one, 30, 3)
	add(two, 10, 2)
	add(creep, .4, 1)
	add(revert, 10, 3)
	add(broken, 10, 2)
	add(merge, 10, 2)
	add(edited, 10, 2)
	return out
}

// subject is what the message of a commit says.
func subject(at int) string { return fmt.Sprintf("commit %d", at) }

// brokenBefore is how many commits before the culprit do not build.
const brokenBefore = 3

// culprits returns the subjects that the answer must have.
func (h history) culprits() (out []string) {
	switch h.kind {
	case creep:
		return nil
	case revert:
		return []string{subject(h.at[2])}
	case broken:
		for c := h.at[0] - brokenBefore; c <= h.at[0]; c++ {
			out = append(out, subject(c))
		}
		return out
	case merge:
		return []string{"branch 3"}
	}
	for _, c := range h.at {
		out = append(out, subject(c))
	}
	return out
}

// right reports whether an answer is the right one.
func (h history) right(a answer) bool {
	if h.kind == creep {
		return a.Outcome == "several" // whatever parts it has, none of them is named as the one
	}
	return (a.Outcome == "several") == (h.kind == two) && slices.Equal(a.names(), h.culprits())
}

// steps returns by how many per cent the benchmark is slower at a commit.
func (h history) slower(at int) float64 {
	sum := 1.
	for i, c := range h.at {
		switch {
		case c > at:
		case h.kind == revert && i == 1:
			sum = 1
		default:
			sum *= 1 + h.percent/100
		}
	}
	return (sum - 1) * 100
}

// opSteps is how many steps of added work take as long as an operation of the benchmark: 545 µs
// and 1.94 ns, the least of some thousand short runs each on an AMD EPYC. Note: each run of this
// program timed them for itself, and beside load the least was none: "10 %" has been 7 and 22.
const opSteps = 280_000

// decode is where the added work stands.
const decode = "func Decode(data string, v any) (MetaData, error) {\n"

// added is the file of the added work.
func added(steps int) string {
	return fmt.Sprintf(`package toml

var regressSteps = %d

//go:noinline
func regressWork(steps int) (x uint64) {
	x = uint64(steps)
	for i := 0; i < steps; i++ {
		x = x*6364136223846793005 + 1442695040888963407
		x ^= x >> 29
	}
	return x
}
`, steps)
}

// padding is the file that every commit changes: code that runs once, of another length each time.
func padding(number int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package toml\n\nvar regressPadding []int\n\nfunc init() {\n")
	for i := range 1 + number*7%23 {
		fmt.Fprintf(&b, "\tregressPadding = append(regressPadding, len(regressPadding)*%d)\n", number+i)
	}
	return b.String() + "}\n"
}

// begin makes a repository of the module with the first commit.
func (l *lab) begin(ctx context.Context, dir string) error {
	if err := field.Module(ctx, module, dir); err != nil {
		return err
	}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Type()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chmod(path, 0o755) // the cache of modules is for reading
	})
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "decode.go")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), decode) {
		return fmt.Errorf("%s has no %q", name, decode)
	}
	text = []byte(strings.Replace(string(text), decode, decode+"\tregressWork(regressSteps)\n", 1))
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return err
	}
	err = errors.Join(l.write(dir, "regress_work.go", added(0)), l.write(dir, "regress_padding.go", padding(0)),
		l.write(dir, ".gitignore", ".regress*\n"), l.write(dir, "regress.toml", "[suite]\npackages = [\".\"]\n"))
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"config", "user.name", "culprit"},
		{"config", "user.email", "culprit@example.com"},
		{"config", "commit.gpgsign", "false"},
	} {
		if _, err := call(ctx, dir, "git", args...); err != nil {
			return err
		}
	}
	if err := l.commit(ctx, dir, "begin"); err != nil {
		return err
	}
	_, err = call(ctx, dir, "git", "tag", "good")
	return err
}

func (l *lab) write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

func (l *lab) commit(ctx context.Context, dir, message string) error {
	if _, err := call(ctx, dir, "git", "add", "-A"); err != nil {
		return err
	}
	_, err := call(ctx, dir, "git", "commit", "-q", "-m", message)
	return err
}

// slow writes the added work that makes the benchmark slower by per cent.
func (l *lab) slow(dir string, percent float64) error {
	return l.write(dir, "regress_work.go", added(int(math.Round(percent/100*opSteps))))
}

// build makes a history in a directory.
func (l *lab) build(ctx context.Context, dir string, h history) error {
	if err := l.begin(ctx, dir); err != nil {
		return err
	}
	for c := 1; c <= commits; c++ {
		if h.kind == merge && c == h.at[0] {
			if err := l.branch(ctx, dir, c, h); err != nil {
				return err
			}
			continue
		}
		text := padding(c)
		if h.kind == broken && c < h.at[0] && c >= h.at[0]-brokenBefore {
			text += "\nvar broken = undefined\n"
		}
		err := errors.Join(l.write(dir, "regress_padding.go", text), l.slow(dir, h.slower(c)))
		if err == nil && h.kind == edited && c == commits-h.at[0] {
			err = l.edit(dir)
		}
		message := subject(c)
		if h.kind == revert && c == h.at[1] {
			message += "\n\nThis reverts commit " + strings.Repeat("0", 40) + "."
		}
		if err == nil {
			err = l.commit(ctx, dir, message)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// branch merges a branch of five commits, of which the third is the culprit.
func (l *lab) branch(ctx context.Context, dir string, at int, h history) error {
	if _, err := call(ctx, dir, "git", "checkout", "-q", "-b", "side", "HEAD~2"); err != nil {
		return err
	}
	for c := 1; c <= 5; c++ {
		err := l.write(dir, "regress_side.go", strings.ReplaceAll(padding(at+c), "regressPadding", "regressSide"))
		if err == nil && c == 3 {
			err = l.slow(dir, h.percent)
		}
		if err == nil {
			err = l.commit(ctx, dir, fmt.Sprintf("branch %d", c))
		}
		if err != nil {
			return err
		}
	}
	if _, err := call(ctx, dir, "git", "checkout", "-q", "main"); err != nil {
		return err
	}
	_, err := call(ctx, dir, "git", "merge", "-q", "--no-ff", "-m", subject(at), "side")
	return err
}

// edit makes the benchmark itself do twice as much.
func (l *lab) edit(dir string) error {
	name := filepath.Join(dir, "bench_test.go")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	const call = "\t\t\ttoml.Decode(doc, &val)\n"
	if !strings.Contains(string(text), call) {
		return fmt.Errorf("%s has no %q", name, call)
	}
	return l.write(dir, "bench_test.go", strings.Replace(string(text), call, call+call, 1))
}
