package measure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// resume takes over the text of an interrupted log, after checking that going
// on from it would not mix two different comparisons. binaries are its marks of
// what was built.
func (m *measurement) resume() (binaries []string, err error) {
	m.log.out = m.o.Log
	if len(m.o.Resume) == 0 {
		return nil, nil
	}
	text := strings.ToValidUTF8(string(m.o.Resume), "?")
	text = text[:strings.LastIndexByte(text, '\n')+1] // a line that was cut is no line
	old := facts(text)
	var kept strings.Builder
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(bare, "# binary: ") {
			binaries = append(binaries, bare)
		}
		if strings.HasPrefix(bare, "# stopped: ") || (strings.HasPrefix(bare, "# failed: ") && strings.Contains(bare, " "+neverRun)) {
			continue
		}
		kept.WriteString(line)
	}
	if old["regress-log"] == "" {
		return nil, fmt.Errorf("%w: the text to resume has no line `regress-log: 1`, so regress did not write it; start a new one", ErrResume)
	}
	for _, check := range [][3]string{
		{"commit", m.repo.head, "the head"}, {"base-commit", m.repo.base, "the base"}, {"anchor-commit", m.repo.anchor, "the anchor"},
	} {
		if old[check[0]] != check[1] {
			return nil, fmt.Errorf("%w: it was measured with %s at %s, and %[2]s is now %[4]s; start a new one",
				ErrResume, check[2], orNone(old[check[0]]), orNone(check[1]))
		}
	}
	if flags := "-benchtime=" + m.o.Benchtime; !slices.Contains(strings.Fields(old["suite-flags"]), flags) {
		return nil, fmt.Errorf("%w: it was measured with %s, not %s; give the same flags", ErrResume, orNone(old["suite-flags"]), flags)
	}
	if seed, err := strconv.ParseUint(old["seed"], 10, 64); err == nil {
		m.o.Seed, m.res.Seed = seed, seed
	}
	m.resumed = kept.String()
	return binaries, nil
}

// facts are the first values of the "key: value" lines of a log.
func facts(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": "); ok && out[key] == "" {
			out[key] = value
		}
	}
	return out
}

// sameMachine refuses to go on where the results would not compare. header is
// the one that a new log would get.
func (m *measurement) sameMachine(header string) error {
	old, now := facts(m.resumed), facts(header)
	for _, key := range []string{"goos", "goarch", "cpu", "cores", "quota", "gomaxprocs", "go-version"} {
		if old[key] != now[key] {
			return fmt.Errorf("%w: it was measured with %s %s, and this is %s; go on where it was begun, or start a new one",
				ErrResume, key, orNone(old[key]), orNone(now[key]))
		}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// recount gives every benchmark the rounds that the resumed text has of it.
func (m *measurement) recount() {
	var side baseline.Side
	path, round := "", 0
	for line := range strings.Lines(m.log.text.String()) {
		line = strings.TrimRight(line, "\r\n")
		if v, ok := strings.CutPrefix(line, "side: "); ok {
			side = baseline.Side(v)
		} else if v, ok := strings.CutPrefix(line, "pkg: "); ok {
			path = v
		} else if v, ok := strings.CutPrefix(line, "# round: "); ok {
			round, _ = strconv.Atoi(v)
			m.rounds++
		}
		p, ok, _ := parseLine(line)
		if !ok {
			continue
		}
		e := m.entries[baseline.Key{Package: path, Name: p.name}]
		if e == nil {
			e = m.entries[baseline.Key{}]
		}
		if e != nil {
			e.rounds[side] = max(e.rounds[side], round)
		}
	}
}
