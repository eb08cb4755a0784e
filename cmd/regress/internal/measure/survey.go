package measure

import (
	"cmp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/suite"
)

// survey is what one process of the discovery saw.
type survey struct {
	begun   []string                // names that started, in order
	printed map[string]suite.Result // result lines by the name that printed them
	skipped map[string]string       // name → reason
	failed  map[string]string       // name → reason
	units   []string                // Unit lines
	logged  string                  // last line logged by the benchmark that runs
}

func newSurvey() *survey {
	return &survey{printed: map[string]suite.Result{}, skipped: map[string]string{}, failed: map[string]string{}}
}

// current is the benchmark that runs.
func (s *survey) current() string {
	if len(s.begun) == 0 {
		return ""
	}
	return s.begun[len(s.begun)-1]
}

// line follows the output of -test.v=test2json.
func (s *survey) line(text string) {
	if name, ok := strings.CutPrefix(text, "=== RUN   "); ok {
		s.begun, s.logged = append(s.begun, name), ""
		return
	}
	if suite.UnitLine(text) {
		s.units = append(s.units, text)
		return
	}
	trimmed := strings.TrimSpace(text)
	for prefix, to := range map[string]map[string]string{"--- SKIP: ": s.skipped, "--- FAIL: ": s.failed} {
		if name, ok := strings.CutPrefix(trimmed, prefix); ok {
			if !slices.Contains(s.begun, name) {
				name, _ = suite.SplitProcs(name)
			}
			to[name] = cmp.Or(s.logged, "no reason given")
			s.logged = ""
			return
		}
	}
	if suite.LogLine.MatchString(trimmed) {
		s.logged = trimmed
		return
	}
	name := s.current()
	if p, ok, _ := suite.ParseLine(suite.Salvage(text, name)); ok && name != "" {
		s.printed[name] = p
	}
}

// leaf reports whether name has no sub-benchmarks.
func (s *survey) leaf(name string) bool {
	return !slices.ContainsFunc(s.begun, func(other string) bool { return strings.HasPrefix(other, name+"/") })
}

// procs is the suffix of printed names, "-2" or nothing.
func (s *survey) procs() string {
	for name, line := range s.printed {
		return strings.TrimPrefix(line.Name, strings.TrimPrefix(name, "Benchmark"))
	}
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return "-" + strconv.Itoa(n)
	}
	return ""
}

func (s *survey) failedBelow(name string) bool {
	for other := range s.failed {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}
