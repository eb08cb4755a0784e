package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// Claim is a cause as a raw log names it. The job of a fork wrote that log, with
// the stranger's code in it, so a claim is a Cause only where the pull request
// itself, as the API has it, changes the lines: see confirm.
type Claim struct {
	Package string   `json:"package"`
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	File    string   `json:"file,omitempty"`
	First   int      `json:"first,omitempty"`
	Last    int      `json:"last,omitempty"`
	Grown   []string `json:"grown,omitempty"`
}

// Caps on claims. Five benchmarks are profiled, each with some dozens of rows.
const (
	maxClaims = 200
	maxClaim  = 4 << 10 // bytes of one
	maxGrown  = 3
	maxSymbol = 200 // characters of a function's name and growth
)

// WriteClaims adds causes to a raw log, for annotate to find.
func WriteClaims(w io.Writer, causes map[baseline.Key]report.Cause) error {
	for _, key := range slices.SortedFunc(maps.Keys(causes), baseline.Key.Compare) {
		c := causes[key]
		if c.File == "" && len(c.Grown) == 0 {
			continue
		}
		grown := slices.Clone(c.Grown[:min(len(c.Grown), maxGrown)])
		for i := range grown {
			grown[i] = figure.Cut(figure.OneLine(grown[i]), maxSymbol)
		}
		line, err := ingest.Cause(Claim{key.Package, key.Name, key.Unit, c.File, c.First, c.Last, grown})
		if err == nil && len(line) <= maxClaim {
			_, err = io.WriteString(w, line)
		}
		if err != nil {
			return fmt.Errorf("add causes to the raw log: %w", err)
		}
	}
	return nil
}

// ReadClaims finds the claims in a raw log. A line that is not exactly one is
// left out: the annotation then stands on the benchmark.
func ReadClaims(log []byte) []Claim {
	var all []Claim
	for mark, text := range ingest.Marks(log) {
		if mark != ingest.MarkCause || len(text) > maxClaim || len(all) == maxClaims {
			continue
		}
		var c Claim
		strict := json.NewDecoder(strings.NewReader(text))
		strict.DisallowUnknownFields()
		if strict.Decode(&c) != nil || strict.InputOffset() != int64(len(text)) || len(c.Grown) > maxGrown {
			continue
		}
		for i := range c.Grown {
			c.Grown[i] = figure.Cut(figure.OneLine(c.Grown[i]), maxSymbol)
		}
		all = append(all, c)
	}
	return all
}

// Causes returns the claims of a log that this job, or a step of it before, has measured itself.
// Each is believed if it can be one: lines of a file of the repository.
func Causes(claims []Claim) map[baseline.Key]report.Cause {
	causes := map[baseline.Key]report.Cause{}
	for _, c := range claims {
		cause := report.Cause{File: c.File, First: c.First, Last: c.Last, Grown: c.Grown}
		if c.File != "" && (!filepath.IsLocal(c.File) || c.First < 1 || c.Last < c.First) {
			cause.File = ""
		}
		causes[baseline.Key{Package: c.Package, Name: c.Name, Unit: c.Unit}] = cause
	}
	return causes
}

// span is a range of lines, both ends in it.
type span struct{ first, last int }

// review looks at the pull request that a workflow_run belongs to: which it is,
// and which lines it changes. It is one request for each, and only the first
// hundred files are believed in.
func (j *Job) review(ctx context.Context, post *Post) error {
	number, err := j.findPull(ctx)
	if err != nil || number == 0 {
		return err
	}
	j.env.Pull = number
	files, _, err := j.api.PullRequests.ListFiles(ctx, j.api.owner, j.api.repo, number, &api.ListOptions{PerPage: 100})
	if err != nil {
		return err
	}
	changed := map[string][]span{}
	for _, f := range files {
		changed[f.GetFilename()] = append(changed[f.GetFilename()], hunks(f.GetPatch())...)
		if old := f.GetPreviousFilename(); old != "" && changed[old] == nil {
			changed[old] = []span{}
		}
	}
	post.Causes = confirm(post.Claims, changed)
	if post.Write != nil {
		post.Summary = j.env.Token.Redact(post.Write(post.Causes))
		post.Comment = post.Summary
	}
	if _, other := changed[post.Policy]; other && post.Policy != "" {
		post.aside = fmt.Sprintf("\nThis pull request changes %s. What stands here was decided with the one of the default branch; the changed one counts in the pull request's own job, and here once it is merged.\n", figure.Prose(post.Policy))
	}
	return nil
}

// confirm keeps the claims that lie inside one hunk of a changed file. What grew
// is told in any case: it is text, and moves nothing.
func confirm(claims []Claim, changed map[string][]span) map[baseline.Key]report.Cause {
	causes := map[baseline.Key]report.Cause{}
	for _, c := range claims {
		cause := report.Cause{Grown: c.Grown}
		if slices.ContainsFunc(changed[c.File], func(s span) bool { return s.first <= c.First && c.First <= c.Last && c.Last <= s.last }) {
			cause.File, cause.First, cause.Last = c.File, c.First, c.Last
		}
		causes[baseline.Key{Package: c.Package, Name: c.Name, Unit: c.Unit}] = cause
	}
	return causes
}

var hunkHead = regexp.MustCompile(`^@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})(?:,(\d{1,9}))? @@`)

// hunks are the lines of the head that a patch shows, changed ones with three
// around them. Lines of the files themselves begin with a sign, never with @@.
func hunks(patch string) []span {
	var all []span
	for line := range strings.Lines(patch) {
		m := hunkHead.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		first, _ := strconv.Atoi(m[1])
		count := 1
		if m[2] != "" {
			count, _ = strconv.Atoi(m[2])
		}
		if first > 0 && count > 0 {
			all = append(all, span{first, first + count - 1})
		}
	}
	return all
}
