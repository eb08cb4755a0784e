package main

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// refs are names of commits that may stand in a proposed command; a log can come from a stranger.
var refs = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/+~^@{}-]*$`)

// proposer makes the commands that a report proposes.
type proposer struct {
	*setup
	typed []string // flags, with their values, that a proposed command repeats
}

// again returns the command that measures once more what a log has, within a budget if one is
// given, and with the flags that were typed; empty where regress did not measure both sides. A
// replay of the log proposes the same.
func (p *proposer) again(log baseline.Log, budget time.Duration) string {
	return p.narrowed(log, log.Bench, budget)
}

// narrowed returns the command of again for a part of the suite.
func (p *proposer) narrowed(log baseline.Log, bench string, budget time.Duration) string {
	if log.Procedure == "" {
		return ""
	}
	for _, run := range log.Runs {
		if run.Side == baseline.Base && refs.MatchString(run.Branch) {
			return p.compare(run.Branch, bench, budget)
		}
	}
	return ""
}

// compare returns the command that measures head beside base; empty where bench cannot be typed.
func (p *proposer) compare(base, bench string, budget time.Duration) string {
	words := []string{"regress", "compare", "--base", base}
	if bench != "" {
		if len(bench) > 300 || strings.ContainsFunc(bench, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return ""
		}
		words = append(words, "--bench", bench)
	}
	if budget > 0 {
		words = append(words, "--budget", strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(budget.String()))
	}
	for i, word := range words {
		words[i] = figure.Word(word)
	}
	return strings.Join(append(words, p.typed...), " ")
}

// reproduce returns the command that measures the function of one row alone.
func (p *proposer) reproduce(log baseline.Log, row gate.Row) string {
	name := row.Key().Function().Name
	if !regexp.MustCompile(`^[\pL\pN_]+$`).MatchString(name) {
		return p.again(log, 0)
	}
	return p.narrowed(log, "^"+name+"$", 0)
}

// repeat keeps a flag that was typed for the commands that are proposed. What stands in the
// environment stands there the next time too, and the address of a server may hold its password.
func (p *proposer) repeat(name, value string) {
	if value == "" || value == p.getenv(envName(name)) {
		return
	}
	value = figure.Word(value)
	if strings.Contains(value, "://") {
		value = `"$` + envName(name) + `"`
	}
	p.typed = append(p.typed, "--"+name, value)
}
