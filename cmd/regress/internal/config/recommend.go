package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate/choice"
)

// nameKey is what can be a key of a benchmark name: "key=value" between slashes.
var nameKey = regexp.MustCompile(`^[^/=\s]+$`)

// readRecommend reads one block; before are those above it.
func readRecommend(s *section, before []choice.Recommend) choice.Recommend {
	var r choice.Recommend
	s.require("name", "choose", "by")
	if s.text("name", &r.Name) && strings.TrimSpace(r.Name) == "" {
		s.wrong("name", "the name is empty: say what the choice is for, such as %q", "latency-critical")
	}
	if s.text("choose", &r.Choose) && !nameKey.MatchString(r.Choose) {
		s.wrong("choose", "%q is no key of a benchmark name: of Parse/format=json write %q", r.Choose, "format")
	}
	r.Unit = s.unit("by")
	r.Where = s.benchmark("where")
	twice := func(other choice.Recommend) bool { return other.Name == r.Name && other.Choose == r.Choose }
	if r.Choose != "" && slices.ContainsFunc(before, twice) {
		s.wrong("choose", "%q already chooses a %s above: one configuration has one value of each key", r.Name, r.Choose)
	}
	return r
}

// unit reads a unit as it is printed and returns it tidied.
func (s *section) unit(key string) string {
	var printed string
	if s.text(key, &printed) && strings.TrimSpace(printed) == "" {
		s.wrong(key, "the unit is empty: %s", wanted[key])
	}
	tidied, _ := ingest.Tidy(printed)
	return tidied
}

// readGain reads one block: of and over are "key=value" as in names.
func readGain(s *section) choice.Gain {
	var g choice.Gain
	var of, over string
	s.require("name", "of", "over", "by")
	if s.text("name", &g.Name) && strings.TrimSpace(g.Name) == "" {
		s.wrong("name", "the name is empty: say what gains, such as %q", "batching")
	}
	part := func(key string, to *string) (name, value string) {
		if !s.text(key, to) {
			return "", ""
		}
		name, value, ok := strings.Cut(*to, "=")
		if !ok || !nameKey.MatchString(name) || value == "" || strings.ContainsAny(value, "/ \t") {
			s.wrong(key, "%q is no part of a benchmark name: of Parse/format=json write %q", *to, "format=json")
		}
		return name, value
	}
	g.Key, g.Of = part("of", &of)
	other, value := part("over", &over)
	g.Over = value
	switch {
	case of == "" || over == "": // said already
	case other != g.Key:
		s.wrong("over", "%q and %q are not of one key: a gain compares two values of it", of, over)
	case g.Of == g.Over:
		s.wrong("over", "%q is compared with itself", of)
	}
	g.Unit = s.unit("by")
	g.Where = s.benchmark("where")
	s.seen["claim"] = true
	switch v := s.values["claim"].(type) {
	case nil:
	case float64:
		g.Claim = v
	case int64:
		g.Claim = float64(v)
	default:
		s.wrong("claim", "claim is %s: write how many times better, claim = 1.2 for a fifth", describe(v))
		return g
	}
	if s.has("claim") && !(g.Claim > 0 && g.Claim < 1e6) {
		s.wrong("claim", "%v is no ratio: write how many times better, claim = 1.2 for a fifth", g.Claim)
	}
	return g
}
