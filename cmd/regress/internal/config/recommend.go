package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/gate"
)

// nameKey is what can be a key of a benchmark name: "key=value" between slashes.
var nameKey = regexp.MustCompile(`^[^/=\s]+$`)

// readRecommend reads one block; before are those above it.
func readRecommend(s *section, before []gate.Recommend) gate.Recommend {
	var r gate.Recommend
	s.require("name", "choose", "by")
	if s.text("name", &r.Name) && strings.TrimSpace(r.Name) == "" {
		s.wrong("name", "the name is empty: say what the choice is for, such as %q", "latency-critical")
	}
	if s.text("choose", &r.Choose) && !nameKey.MatchString(r.Choose) {
		s.wrong("choose", "%q is no key of a benchmark name: of Parse/format=json write %q", r.Choose, "format")
	}
	if s.text("by", &r.By) && strings.TrimSpace(r.By) == "" {
		s.wrong("by", "the unit is empty: %s", wanted["by"])
	}
	r.Tidied, _ = tidy(r.By)
	r.Where = s.benchmark("where")
	twice := func(other gate.Recommend) bool { return other.Name == r.Name && other.Choose == r.Choose }
	if r.Choose != "" && slices.ContainsFunc(before, twice) {
		s.wrong("choose", "%q already chooses a %s above: one configuration has one value of each key", r.Name, r.Choose)
	}
	return r
}
