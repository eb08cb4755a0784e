package summary

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// section is the families of one group of the suite.
type section struct {
	name     string
	families []*family
}

// sections returns families by the group that they are in, the first by name where several have
// them; those that are in none come last. A group has a function when the first element of one of
// its alternatives matches it.
func (o Options) sections(all []*family) []section {
	groups := map[string][]*family{}
	for _, f := range all {
		name := ""
		for _, group := range slices.Sorted(maps.Keys(o.Groups)) {
			if name == "" && has(o.Groups[group].String(), "Benchmark"+f.function) {
				name = group
			}
		}
		groups[name] = append(groups[name], f)
	}
	var out []section
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if name != "" {
			out = append(out, section{name, groups[name]})
		}
	}
	if rest := groups[""]; len(rest) > 0 {
		out = append(out, section{"in no group", rest})
	}
	return out
}

// has reports whether a pattern of go test -bench asks for a function. An alternative whose first
// element is no expression by itself asks for none.
func has(bench, function string) bool {
	for alternative := range strings.SplitSeq(bench, "|") {
		first, _, _ := strings.Cut(alternative, "/")
		if re, err := regexp.Compile(first); err == nil && re.MatchString(function) {
			return true
		}
	}
	return false
}
