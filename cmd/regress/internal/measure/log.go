package measure

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// logbook is the raw log while it is being written: each block goes out in one
// write, so that what an interrupt leaves behind ends with a whole process.
type logbook struct {
	out  io.Writer // may be nil
	text bytes.Buffer
}

func (l *logbook) write(block string) error {
	l.text.WriteString(block)
	if l.out == nil || block == "" {
		return nil
	}
	if _, err := io.WriteString(l.out, block); err != nil {
		return fmt.Errorf("write the raw log: %w; make room or name another file", err)
	}
	return nil
}

// markLine is one comment line.
func markLine(key, format string, args ...any) string {
	return "# " + key + ": " + oneLine(fmt.Sprintf(format, args...)) + "\n"
}

// failedLine is the mark of a process, or a benchmark, without a result.
func failedLine(side baseline.Side, key baseline.Key, why string) string {
	name, where := key.Name, string(side)
	if side == baseline.None {
		where = "-"
	}
	return fmt.Sprintf("# failed: %s %s %s %s\n", where, orDash(key.Package), orDash(name), oneLine(why))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// header is the constant part of the log and the marks that come before the
// first round.
func (m *measurement) header(env baseline.Environment) string {
	var b strings.Builder
	line := func(key, value string) {
		if value = oneLine(value); value != "" && value != "0" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line("regress-log", "1")
	if m.o.Next != nil {
		line("procedure", "two-stage")
	}
	line("project", m.project())
	line("commit", m.repo.head)
	line("branch", m.res.Branch)
	if m.repo.dirty {
		line("dirty", "true")
	}
	if m.o.Base != "" {
		line("base-commit", m.repo.base)
		line("base-branch", m.o.Base)
		line("anchor-commit", m.repo.anchor)
		line("anchor-ref", m.repo.anchorRef)
	}
	if m.o.Bench != "." {
		line("bench", m.o.Bench)
	}
	line("seed", fmt.Sprint(m.o.Seed))
	line("started", time.Now().UTC().Format(time.RFC3339))
	line("goos", env.OS)
	line("goarch", env.Arch)
	line("cpu", env.CPU)
	line("cores", fmt.Sprint(env.Cores))
	line("quota", fmt.Sprint(env.Quota))
	line("gomaxprocs", fmt.Sprint(env.Procs))
	line("memory-mib", fmt.Sprint(env.MemoryMiB))
	line("kernel", env.Kernel)
	line("virtual", env.Virtual)
	line("governor", env.Governor)
	line("go-version", env.GoVersion)
	line("suite-flags", env.SuiteFlags)
	m.suiteMarks(&b)
	m.noiseMarks(&b)
	return b.String()
}

// functionsPerLine keeps a mark below the 64 KiB at which benchstat gives up, as
// long as names are shorter than 600 bytes.
const functionsPerLine = 100

// suiteMarks say what the source declares, and with which binaries it was run.
func (m *measurement) suiteMarks(b *strings.Builder) {
	for _, s := range m.suites {
		for _, p := range s.packages {
			for names := range slices.Chunk(p.functions, functionsPerLine) {
				fmt.Fprintf(b, "# functions: %s %s %s\n", s.label(), p.path, strings.Join(names, " "))
			}
		}
	}
	for _, line := range m.binaries() {
		b.WriteString(line + "\n")
	}
}

// binaries are the marks by which --resume knows that the code has not changed.
func (m *measurement) binaries() []string {
	var out []string
	for _, s := range m.suites {
		for _, p := range s.packages {
			out = append(out, fmt.Sprintf("# binary: %s %s %s", s.label(), p.path, p.hash))
		}
	}
	return out
}

func (m *measurement) noiseMarks(b *strings.Builder) {
	keys := make([]baseline.Key, 0, len(m.o.Noise))
	for key := range m.o.Noise {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, baseline.Key.Compare)
	for _, k := range keys {
		n := m.o.Noise[k]
		fmt.Fprintf(b, "# noise: %s %s %s sd=%g between=%g runwide=%g sessions=%d\n",
			orDash(k.Package), k.Name, k.Unit, n.SD, n.Between, n.RunWide, n.Sessions)
	}
}
