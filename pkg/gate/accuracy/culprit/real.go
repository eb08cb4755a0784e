package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// real is a range of a public repository with a commit that is known to have made a benchmark
// slower; known says how.
type real struct {
	repository   string // the clone is called as its last element
	good, bad    string // commits
	sub          string // directory of the benchmark in the module
	bench        string
	culprit      string
	short, known string
}

// reals are all real histories, by first parents of 38 to 43 commits.
var reals = []real{
	{
		repository: "github.com/miekg/dns", good: "ab6ac402ba8b", bad: "796380046929", bench: "^BenchmarkCompareDomainName$", culprit: "1cd342c79a1c",
		short: "labels", known: "it takes an optimization back, whose message has figures of this benchmark",
	},
	{
		repository: "github.com/miekg/dns", good: "9578caeab0b3", bad: "796380046929", bench: "^BenchmarkPackMsg$", culprit: "93f749db1267",
		short: "pack", known: "it takes an optimization of packing back, which had figures",
	},
	{
		repository: "github.com/miekg/dns", good: "ab6ac402ba8b", bad: "796380046929", bench: "^BenchmarkIdGeneration$", culprit: "8ebf2e419df7",
		short: "id", known: "identifiers come from a cryptographic source from there on, and the benchmark generates one",
	},
	{
		repository: "github.com/expr-lang/expr", good: "cf53913bd4fb", bad: "3aab032447d4", bench: "^Benchmark_expr_reuseVm$", culprit: "c54779938840",
		short: "context", known: "a later commit says that it mends a degradation, and takes a line of this one back",
	},
	{
		repository: "github.com/go-chi/chi", good: "1129e362d6cc", bad: "6ceb498b221e", bench: "^BenchmarkMux$/^route:$/^sup$/^123$/^and$/^this$", culprit: "fd0ff0e45e67",
		short: "values", known: "every request puts the parameters of its path into a map from there on, and the benchmark has two",
	},
}

func (r real) name() string { return path.Base(r.repository) + " " + r.short }

// right reports whether an answer names the culprit and no other commit.
func (r real) right(a answer) bool {
	return a.Outcome == "found" && strings.HasPrefix(a.Suspects[0].Commits[0].ID, r.culprit)
}

// research clones the repository of a real history, searches it and returns the answer, in which
// commits have short names for subjects.
func (l *lab) research(ctx context.Context, r real) (a answer, err error) {
	dir := filepath.Join(l.dir, strings.ReplaceAll(r.name(), " ", "-"))
	from := filepath.Join(l.clones, path.Base(r.repository))
	if _, err := os.Stat(from); err != nil {
		return a, fmt.Errorf("%w: put a clone of https://%s there", err, r.repository)
	}
	if _, err := call(ctx, "", "git", "clone", "-q", "-n", from, dir); err != nil {
		return a, err
	}
	if _, err := call(ctx, dir, "git", "checkout", "-q", r.bad); err != nil {
		return a, err
	}
	if err := l.write(dir, "regress.toml", fmt.Sprintf("[suite]\npackages = [%q]\n", "./"+r.sub)); err != nil {
		return a, err
	}
	if a, err = l.bisect(ctx, dir, r.good, r.bad, r.bench); err != nil {
		return a, err
	}
	for _, s := range a.Suspects {
		for i := range s.Commits {
			s.Commits[i].Subject = s.Commits[i].ID[:10]
		}
	}
	for _, p := range a.Parts {
		for i := range p.Commits {
			p.Commits[i].Subject = p.Commits[i].ID[:10]
		}
	}
	return a, nil
}
