// Package config reads regress.toml: what to measure, what to accept, what to
// demand. It is the door to the TOML library.
//
// A file that is not understood whole is refused: every misspelt key, bad
// pattern and impossible value is reported at its line, all of them at once.
//
//	config.go     what a file holds, its defaults, and finding it
//	document.go   the file as tables, and all that is wrong with it
//	section.go    one table: typed values, each error at its line
//	scan.go       the line of every key, and no more depth than the library bears
//	quantity.go   "10ms", "5MB", "1%" in the unit of a target
//	recommend.go  which values of a name key to recommend, and what one gains over another
//	waiver.go     writing a waiver so that the rest of the file stays as it is
//	template.go   what regress init writes
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/nearest"
	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/choice"
)

// Name is the file that Find looks for.
const Name = "regress.toml"

// maxSize bounds what is parsed. A configuration of a thousand waivers is
// 200 KB; more than this is another file by mistake.
const maxSize = 1 << 20

// Config is what regress.toml holds, with the defaults where it is silent.
type Config struct {
	File    string // as given to Load; empty: no file, defaults alone
	Project string // empty: the module path
	Suite   Suite
	Budget  time.Duration             // measuring time of one compare
	Groups  map[string]*regexp.Regexp // by name; in the syntax of go test -bench
	Policy  gate.Policy
	Targets []gate.Target
	Waivers []gate.Waiver
	Summary Summary
	Watch   Watch
	Anchor  string // second reference against slow drift, a git ref or "last release tag"; empty: none
	Store   string // directory or postgres:// URL; empty: the default of the command
}

// Summary says what regress summary puts on its page.
type Summary struct {
	File      string // beside regress.toml, with more of what is below; empty: none
	Recommend []choice.Recommend
	Gains     []choice.Gain
	Columns   []string // name keys that tables have as columns; the first that fits wins
	Order     []string // values of name keys that come in this order, before all others
}

// Watch says what regress watch tells, and whom.
type Watch struct {
	Page   string   // address of the page that shows how benchmarks went; empty: none
	Notify []string // addresses that get what an issue says; they may hold a token
	Owners []Owner  // of several that match a benchmark the first one counts
}

// Owner says who is told about some benchmarks.
type Owner struct {
	Benchmark *regexp.Regexp // of "package.Name", unanchored; nil: every benchmark
	Handles   []string       // such as "@jane" or "@acme/parsers"
}

// Suite says what is run.
type Suite struct {
	Packages  []string      // patterns of go list
	Inputs    suite.Inputs  // what benchmarks read besides their code; empty: as suite.Same expects
	Bench     string        // go test -bench
	Benchtime string        // go test -benchtime; empty: chosen by measuring
	Command   []string      // a program that prints the benchmark format, in place of go test; {side} and {bench} are replaced
	Timeout   time.Duration // of one process
}

// Default is the configuration of a project without a file.
func Default() Config {
	return Config{
		Suite:  Suite{Packages: []string{"./..."}, Bench: ".", Timeout: 10 * time.Minute}, // the time-out of go test
		Budget: 2 * time.Minute,
		Groups: map[string]*regexp.Regexp{},
		Policy: gate.DefaultPolicy(),
	}
}

// Error is one thing that is wrong with a file, and what to do about it.
type Error struct {
	File string
	Line int // from 1; 0 when it concerns the whole file
	Text string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Find returns the path of the nearest regress.toml in dir or above it, up to
// the root of the git repository. It returns fs.ErrNotExist, wrapped, when
// there is none: Default is then what is in force.
func Find(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find %s from %s: %w", Name, dir, err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, Name)
		info, err := os.Stat(path)
		switch {
		case err == nil && info.Mode().IsRegular():
			return path, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("find %s: %w", Name, err)
		}
		_, err = os.Stat(filepath.Join(dir, ".git"))
		if err == nil || dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find %s in %s or above it: %w; write one with: regress init", Name, start, fs.ErrNotExist)
		}
	}
}

// Load reads the file at path, and the file for the summary that it names. Errors
// in their content are of type *Error, joined.
func Load(path string) (Config, error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%w; write one with: regress init", err)
	}
	if err != nil {
		return Config{}, err
	}
	c, doc, err := parseAll(path, data)
	if err != nil || c.Summary.File == "" {
		return c, err
	}
	second := filepath.Join(filepath.Dir(path), c.Summary.File)
	if data, err = read(second); err != nil {
		return Config{}, &Error{File: path, Line: doc.lines["summary.file"], Text: err.Error()}
	}
	if doc, err = parse(second, data); err != nil {
		return Config{}, err
	}
	readSummary(doc.top(), &c.Summary)
	if err := doc.finish(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if kind := info.Mode().Type(); kind&^os.ModeDevice&^os.ModeCharDevice != 0 { // reading a pipe may never end
		return nil, &Error{File: path, Text: fmt.Sprintf("this is no file that can be read again (%s): write the configuration into a file", kind)}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if len(data) > maxSize {
		return nil, &Error{File: path, Text: fmt.Sprintf("more than %d bytes are no configuration", maxSize)}
	}
	return data, nil
}

// Parse reads the content of a file; file is its name in errors and waivers.
func Parse(file string, data []byte) (Config, error) {
	c, _, err := parseAll(file, data)
	return c, err
}

func parseAll(file string, data []byte) (Config, *document, error) {
	doc, err := parse(file, data)
	if err != nil {
		return Config{}, nil, err
	}
	c := readAll(doc)
	if err := doc.finish(); err != nil {
		return Config{}, nil, err
	}
	return c, doc, nil
}

// readAll reads every key of regress.toml.
func readAll(doc *document) Config {
	c := Default()
	c.File = doc.file
	top := doc.top()
	top.text("project", &c.Project)
	top.text("anchor", &c.Anchor)
	top.text("store", &c.Store)
	top.duration("budget", &c.Budget)
	readSuite(top.section("suite"), &c.Suite)
	readPolicy(top.section("policy"), &c.Policy)
	groups := top.section("groups")
	for _, name := range groups.keys() {
		if pattern := groups.pattern(name); pattern != nil {
			c.Groups[name] = pattern
		}
	}
	for _, s := range top.list("rule") {
		c.Policy.Rules = append(c.Policy.Rules, readRule(s))
	}
	for _, s := range top.list("target") {
		c.Targets = append(c.Targets, readTarget(s))
	}
	for _, s := range top.list("waiver") {
		c.Waivers = append(c.Waivers, readWaiver(s))
	}
	readWatch(top, &c.Watch)
	readSummary(top, &c.Summary).text("file", &c.Summary.File)
	return c
}

// readSummary adds what top says of the summary, and returns its table of that name.
func readSummary(top *section, to *Summary) *section {
	for _, s := range top.list("recommend") {
		to.Recommend = append(to.Recommend, readRecommend(s, to.Recommend))
	}
	for _, s := range top.list("gain") {
		to.Gains = append(to.Gains, readGain(s))
	}
	page := top.section("summary")
	page.texts("columns", &to.Columns)
	page.texts("order", &to.Order)
	return page
}

func readSuite(s *section, suite *Suite) {
	s.texts("packages", &suite.Packages)
	readInputs(s, suite)
	s.texts("command", &suite.Command)
	s.duration("timeout", &suite.Timeout)
	if pattern := s.pattern("bench"); pattern != nil {
		suite.Bench = pattern.String()
	}
	if s.text("benchtime", &suite.Benchtime) {
		if err := CheckBenchtime(suite.Benchtime); err != nil {
			s.wrong("benchtime", "%v", err)
		}
	}
}

func readInputs(s *section, to *Suite) {
	var patterns []string
	s.texts("inputs", &patterns)
	for _, pattern := range patterns {
		input, err := suite.ParseInput(pattern)
		if err != nil {
			s.wrong("inputs", "%v", err)
			continue
		}
		to.Inputs = append(to.Inputs, input)
	}
}

// CheckBenchtime returns an error for what go test -benchtime would refuse.
func CheckBenchtime(text string) error {
	if !benchtime.MatchString(text) {
		return fmt.Errorf(`%q is no benchtime: write a duration ("100ms") or a count ("1000x")`, clip(text))
	}
	return nil
}

// CheckBench returns an error for what go test -bench would refuse: each element between slashes
// is a regular expression of its own.
func CheckBench(pattern string) error {
	depth, start := map[byte]int{}, 0
	for i := 0; i <= len(pattern); i++ {
		if i < len(pattern) {
			switch c := pattern[i]; c {
			case '[', ']', '(', ')':
				depth[c]++ // as the package testing counts
			case '\\':
				i++
			}
			if pattern[min(i, len(pattern)-1)] != '/' || depth['['] > depth[']'] || depth['('] > depth[')'] {
				continue
			}
		}
		if _, err := regexp.Compile(pattern[start:min(i, len(pattern))]); err != nil {
			return fmt.Errorf("%q is no regular expression: %w", clip(pattern), err)
		}
		start = i + 1
	}
	return nil
}

var benchtime = regexp.MustCompile(`^[1-9][0-9]*x$|^[0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h)$`)

func readPolicy(s *section, p *gate.Policy) {
	s.flag("strict", &p.Strict)
	if s.share("alpha", &p.Alpha) && !(p.Alpha > 0 && p.Alpha <= .2) {
		s.wrong("alpha", `alpha is the chance of any false regression in one pull request: write one between 0 and "20%%", such as "1%%"`)
	}
	if s.share("min-effect", &p.MinEffect) && !(p.MinEffect > 0 && p.MinEffect < 1) {
		s.wrong("min-effect", `the minimum effect is the smallest change to act on: write one between 0 and "100%%", such as "5%%"`)
	}
}

func readRule(s *section) gate.Rule {
	var r gate.Rule
	r.Benchmark = s.benchmark("benchmark")
	r.Unit = s.unitPattern("unit")
	effect := s.share("min-effect", &r.MinEffect)
	tolerance := s.share("tolerance", &r.Tolerance)
	ignore := s.flag("ignore", &r.Ignore)
	switch {
	case !effect && !tolerance && !ignore:
		s.wrong("", "this rule changes nothing: give it min-effect, tolerance or ignore")
	case effect && !(r.MinEffect > 0 && r.MinEffect < 1):
		s.wrong("min-effect", `the minimum effect is the smallest change to act on: write one between 0 and "100%%", such as "5%%"`)
	case tolerance && !(r.Tolerance >= 0 && r.Tolerance < 1e6):
		s.wrong("tolerance", `the tolerance is the growth that is accepted: write "0%%" or more`)
	}
	return r
}

func readTarget(s *section) gate.Target {
	var t gate.Target
	s.require("name", "benchmark", "unit")
	s.text("name", &t.Name)
	t.Benchmark = s.benchmark("benchmark")
	var unit string
	s.text("unit", &unit)
	t.Unit, _ = ingest.Tidy(unit)
	below, above := s.has("below"), s.has("above")
	if below == above {
		s.wrong("", `a target has one limit: write either below = "10ms" or above = "10000"`)
	}
	key := "above"
	if below {
		key, t.Below = "below", true
	}
	s.seen["below"], s.seen["above"] = true, true
	if s.has(key) && unit != "" {
		limit, err := quantity(s.values[key], unit)
		if err != nil {
			s.wrong(key, "%v", err)
		}
		t.Limit = limit
	}
	return t
}

// anyAmount is the ceiling of a waiver for what has no percentage: from 0 to N.
const anyAmount = "any"

func readWaiver(s *section) gate.Waiver {
	var w gate.Waiver
	if s.doc.file != "" {
		w.Place = fmt.Sprintf("%s:%d", s.doc.file, s.line(""))
	}
	s.require("series", "ceiling", "reason", "expires")
	s.text("series", &w.Name)
	if w.Name != "" {
		w.Series = s.compile("series", w.Name, `^(?:`+w.Name+`)$`)
	}
	if s.values["ceiling"] == anyAmount {
		s.seen["ceiling"], w.Ceiling = true, math.Inf(1)
	} else if s.share("ceiling", &w.Ceiling) && !(w.Ceiling > 0 && w.Ceiling < 1e6) {
		s.wrong("ceiling", `the ceiling is the largest accepted worsening: write one above 0, such as "20%%"`)
	}
	if s.text("reason", &w.Reason) && strings.TrimSpace(w.Reason) == "" {
		s.wrong("reason", "the reason is empty: say why this is acceptable, for whoever reads it next year")
	}
	w.Expires = s.date("expires")
	return w
}

// Select returns the -bench pattern of the named groups, joined; without names
// it is the pattern of the suite. An unknown group is an error that lists the
// known ones.
func (c Config) Select(groups ...string) (string, error) {
	if len(groups) == 0 {
		return c.Suite.Bench, nil
	}
	patterns := make([]string, 0, len(groups))
	for _, name := range groups {
		pattern, ok := c.Groups[name]
		if !ok {
			return "", c.unknownGroup(name)
		}
		// Alternation binds loosest both in a regular expression and in the
		// slash-separated form of -bench; parentheses would hide the slashes.
		patterns = append(patterns, pattern.String())
	}
	return strings.Join(patterns, "|"), nil
}

func (c Config) unknownGroup(name string) error {
	known := make([]string, 0, len(c.Groups))
	for group := range c.Groups {
		known = append(known, group)
	}
	slices.Sort(known)
	if len(known) == 0 {
		return fmt.Errorf("unknown group %q: no groups are defined; name one under [groups] in %s", name, Name)
	}
	hint := ""
	if near := nearest.Word(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return fmt.Errorf("unknown group %q: %sthe groups of %s are %s", name, hint, c.File, strings.Join(known, ", "))
}
