package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const whole = `project = "example.com/m"
budget = "90s"
store = ".kept"
anchor = "v1.0.0"

[suite]
packages = ["./a", "./b/..."]
bench = "Parse"
benchtime = "100ms"
timeout = "2m"
command = ["./bench.sh", "{side}"]

[groups]
parse = "Parse"
lex = "Lex/size=1KiB"

[policy]
alpha = "2%"
min-effect = 0.03
strict = true

[[rule]]
benchmark = 'Parse'
unit = "ns/op|B/op"
min-effect = "10%"

[[rule]]
unit = 'allocs/op'
tolerance = "1%"

[[target]]
name = "a page"
benchmark = 'Parse/size=4KiB'
unit = "p95-latency-ns"
below = "100µs"

[[waiver]]
series = 'example\.com/m\.Parse(-\d+)? sec/op'
ceiling = "20%"
reason = "checks its input now"
expires = 2027-01-31
`

// A pattern of units is written as benchmarks print them, and meets what is kept of them.
func TestUnitsOfARule(t *testing.T) {
	for unit, kept := range map[string]string{
		"ns/op": "sec/op", "(p50|p99)-latency-ns|cpu-share": "p99-latency-sec", ".*-ns": "p95-wait-sec",
		"(p50|mean)-latency-sec": "mean-latency-sec", "(MB/s|msg/s)": "B/s", "[a-z]+/op": "sec/op",
	} {
		path := filepath.Join(t.TempDir(), Name)
		if err := os.WriteFile(path, []byte("[[rule]]\nunit = '"+unit+"'\nignore = true\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := Load(path); err != nil || !c.Policy.Rules[0].Unit.MatchString(kept) || c.Policy.Rules[0].Unit.MatchString("insn/op") && unit != "[a-z]+/op" {
			t.Errorf("%s does not meet %s: %v", unit, kept, err)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, have, want any) {
		t.Helper()
		if have != want {
			t.Errorf("%s: have %v, want %v", what, have, want)
		}
	}
	check("file", c.File, path)
	check("project", c.Project, "example.com/m")
	check("budget", c.Budget, 90*time.Second)
	check("store", c.Store, ".kept")
	check("anchor", c.Anchor, "v1.0.0")
	check("packages", strings.Join(c.Suite.Packages, " "), "./a ./b/...")
	check("bench", c.Suite.Bench, "Parse")
	check("benchtime", c.Suite.Benchtime, "100ms")
	check("timeout", c.Suite.Timeout, 2*time.Minute)
	check("command", strings.Join(c.Suite.Command, " "), "./bench.sh {side}")
	check("alpha", c.Policy.Alpha, .02)
	check("min effect", c.Policy.MinEffect, .03)
	check("strict", c.Policy.Strict, true)
	check("groups", len(c.Groups), 2)

	check("rules", len(c.Policy.Rules), 2)
	check("rule 0 matches the tidied unit", c.Policy.Rules[0].Unit.MatchString("sec/op"), true)
	check("rule 0 matches its alternative", c.Policy.Rules[0].Unit.MatchString("B/op"), true)
	check("rule 0 is anchored", c.Policy.Rules[0].Unit.MatchString("KB/op"), false)
	check("rule 0 effect", c.Policy.Rules[0].MinEffect, .1)
	check("rule 1 is for every benchmark", c.Policy.Rules[1].Benchmark == nil, true)
	check("rule 1 tolerance", c.Policy.Rules[1].Tolerance, .01)

	target := c.Targets[0]
	check("target unit", target.Unit, "p95-latency-sec")
	check("target limit", target.Limit, 1e-4) // 100 × 1e-6
	check("target below", target.Below, true)

	w := c.Waivers[0]
	check("waiver matches", w.Series.MatchString("example.com/m.Parse-8 sec/op"), true)
	check("waiver is anchored", w.Series.MatchString("example.com/m.ParseAll-8 sec/op"), false)
	check("waiver ceiling", w.Ceiling, .2)
	check("waiver expires", w.Expires, time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC))
	check("waiver place", w.Place, path+":37")
}

// An error is worth nothing without its line: each case says which.
func TestErrors(t *testing.T) {
	check := func(content string, want ...string) {
		t.Helper()
		_, err := Parse("regress.toml", []byte(content))
		if err == nil {
			t.Errorf("no error in\n%s\nwant %q", content, want)
			return
		}
		have := strings.Split(err.Error(), "\n")
		if len(have) != len(want) {
			t.Errorf("have %d errors, want %d:\n%v", len(have), len(want), err)
			return
		}
		for i := range want {
			if !strings.Contains(have[i], want[i]) {
				t.Errorf("have %q\nwant %q", have[i], want[i])
			}
		}
	}
	// Misspelt keys, at any depth.
	check("[suite]\nbenhc = 'x'", `regress.toml:2: unknown key "benhc": did you mean "bench"?`)
	check("[polcy]\nalpha = 0.01", `regress.toml:1: unknown key "polcy": did you mean "policy"?`)
	check("[policy]\nx = 1", `regress.toml:2: unknown key "x": known here are alpha, min-effect, strict`)
	check("[[rule]]\nignore = true\n\n[[rule]]\nignore = true\nbenchmrk = 'x'", `regress.toml:6: unknown key "benchmrk": did you mean "benchmark"?`)
	check("suite.bench = 'x'\nsuite.becnh = 'x'", `regress.toml:2: unknown key "becnh"`)

	// Not TOML at all.
	check("[suite\nbench = 1", "regress.toml:2: ")
	check("a = 1\na = 2", "regress.toml:2: ")

	check("[[waiver]]\nexpires =   # the first day", "regress.toml:2: expected value but found '#' instead: say until when it counts")

	// Kinds and ranges.
	check("budget = 3", `regress.toml:1: budget has no unit: write "3s" or "3m"`)
	check("budget = '-3m'", `regress.toml:1: "-3m" is no time to measure in`)
	check("suite = 3", "regress.toml:1: suite is the number 3: write [suite]")
	check("\n[target]\nname = 'x'", "regress.toml:2: target is a table: write [[target]], with double brackets")
	check("[suite]\npackages = []", "regress.toml:2: packages is empty")
	check("[suite]\npackages = ['a', 3]", "regress.toml:2: packages holds something that is no text")
	check("[suite]\ninputs = ['a', '!/b']", `regress.toml:2: "!/b" is no pattern of files: paths begin at the top of the repository`)
	check("[suite]\nbenchtime = 'long'", `regress.toml:2: "long" is no benchtime`)
	check("[policy]\nmin-effect = 5", `regress.toml:2: min-effect = 5 may mean 5 % or 5 times: write "5%"`)
	check("[policy]\nmin-effect = nan", `regress.toml:2: min-effect = NaN`)
	check("[policy]\nmin-effect = 'inf%'", `regress.toml:2: "inf%" is no share`)
	check("[policy]\nmin-effect = 0", "regress.toml:2: the minimum effect is the smallest change to act on")
	check("[policy]\nalpha = '50%'", "regress.toml:2: alpha is the chance of any false regression")
	check("[groups]\nlatency = '('", "regress.toml:2: latency is no regular expression: ")
	check("[groups]\nlatency = ''", "regress.toml:2: latency is empty")
	check("[[rule]]\nunit = 'B/op'", "regress.toml:1: this rule changes nothing")
	check("[[rule]]\nignore = true\nbenchmark = '^BenchmarkX'", `regress.toml:3: series are named without "Benchmark": write "^X"`)

	// Targets: every element has its own lines.
	good := "[[target]]\nname = 'a'\nbenchmark = 'A'\nunit = 'ns/op'\nbelow = '1ms'\n"
	check(good+"[[target]]\nname = 'b'\nbenchmark = '['\nunit = 'ns/op'\nbelow = '1ms'", "regress.toml:8: benchmark is no regular expression")
	check(good+"[[target]]\nname = 'b'\nbenchmark = 'B'\nunit = 'B/op'\nbelow = '1ms'", `regress.toml:10: "1ms" is no limit in B/op: write "5MB"`)
	check(good+"[[target]]\nname = 'b'\nbenchmark = 'B'\nunit = 'B/op'", "regress.toml:6: a target has one limit")
	check(good+"above = '1s'", "regress.toml:1: a target has one limit")
	check("[[target]]\nname = 'b'", "1: this target has no benchmark", "1: this target has no unit", "1: a target has one limit")

	// Waivers: nothing is waived without a reason, a ceiling and an end.
	check("# a comment\n\n[[waiver]]\nseries = 'X'\nceiling = '10%'",
		"regress.toml:3: this waiver has no reason: say why", "regress.toml:3: this waiver has no expires: say until when")
	check("[[waiver]]\nseries = 'X'\nceiling = '10%'\nreason = ' '\nexpires = 2027-01-31", "regress.toml:4: the reason is empty")
	check("[[waiver]]\nseries = 'a)|(b'\nceiling = '10%'\nreason = 'x'\nexpires = 2027-01-31", "regress.toml:2: series is no regular expression")
	check("[[waiver]]\nseries = 'X'\nceiling = '10%'\nreason = 'x'\nexpires = 'soon'", `regress.toml:5: "soon" is no date`)
	check("[[waiver]]\nseries = 'X'\nceiling = '10%'\nreason = 'x'\nexpires = 07:30:00", "regress.toml:5: expires is a time of day")

	// All of them at once, in order of line.
	check("budget = 3\n[suite]\nbenhc = 'x'\n[policy]\nalpha = true", "toml:1: ", "toml:3: ", "toml:5: ")

	// Lines survive comments, inline tables and arrays over several lines.
	check("# bench = 'x'\n[suite] # bench = 'y'\npackages = [\n  './a', # bench = 'z'\n]\nbench = '('", "regress.toml:6: bench is no regular expression")
	check("target = [\n  {name = 'a', benchmark = '(', unit = 'ns/op', below = '1ms'},\n]", "regress.toml:2: benchmark is no regular expression")
}

func TestSelect(t *testing.T) {
	c, err := Parse("regress.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	check := func(want string, groups ...string) {
		t.Helper()
		have, err := c.Select(groups...)
		if err != nil || have != want {
			t.Errorf("%q: have %q, %v, want %q", groups, have, err, want)
		}
	}
	check("Parse") // no group: the suite's own pattern
	check("Lex/size=1KiB", "lex")
	check("Parse|Lex/size=1KiB", "parse", "lex")
	_, err = c.Select("prase")
	want := `unknown group "prase": did you mean "parse"? the groups of regress.toml are lex, parse`
	if err == nil || err.Error() != want {
		t.Errorf("have %v\nwant %s", err, want)
	}
	if _, err := Default().Select("x"); err == nil || !strings.Contains(err.Error(), "no groups are defined") {
		t.Errorf("no groups: %v", err)
	}
}

// What the summary says may stand in a second file, and is refused there at its own lines.
func TestLoadReadsTheSummarysFile(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, Name), filepath.Join(dir, "s.toml")
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gain := func(name string) string {
		return "[[gain]]\nname = '" + name + "'\nof = 'a=b'\nover = 'a=c'\nby = 'ns/op'\n"
	}
	write(first, "\n[summary]\nfile = 's.toml'\ncolumns = ['x']\n"+gain("one"))
	if _, err := Load(first); err == nil || !strings.Contains(err.Error(), Name+":3: read configuration: ") || strings.Contains(err.Error(), "init") {
		t.Errorf("without the second file: %v", err)
	}
	write(second, gain("two")+"[summary]\norder = ['y']\n")
	c, err := Load(first)
	if err != nil || len(c.Summary.Gains) != 2 || c.Summary.Gains[1].Name != "two" || len(c.Summary.Columns) != 1 || len(c.Summary.Order) != 1 {
		t.Errorf("have %+v, %v", c.Summary, err)
	}
	write(second, gain("two")+"[suite]\nbench = 'x'")
	if _, err := Load(first); err == nil || !strings.Contains(err.Error(), `s.toml:6: unknown key "suite"`) {
		t.Errorf("another table in the second file: %v", err)
	}
	write(second, "[summary]\nfile = 's.toml'")
	if _, err := Load(first); err == nil || !strings.Contains(err.Error(), `s.toml:2: unknown key "file"`) {
		t.Errorf("a file that names a file: %v", err)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "repo", "a", "b")
	for _, dir := range []string{deep, filepath.Join(root, "repo", ".git")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Outside the repository there is one, which is not this project's.
	if err := os.WriteFile(filepath.Join(root, Name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if path, err := Find(deep); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found %q beyond the repository, %v", path, err)
	}
	want := filepath.Join(root, "repo", Name)
	if err := os.WriteFile(want, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if path, err := Find(deep); err != nil || path != want {
		t.Errorf("have %q, %v, want %q", path, err, want)
	}
	if _, err := Load(filepath.Join(deep, Name)); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "regress init") {
		t.Errorf("missing file: %v", err)
	}
}

// The file that regress init writes must be read, also with every commented
// key switched on, and must say the truth about what is in force without them.
func TestTemplate(t *testing.T) {
	if _, err := Parse("t", []byte(Template)); err != nil {
		t.Fatal(err)
	}
	c, err := Parse("t", []byte(switchedOn()))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	if c.Budget != want.Budget || c.Suite.Timeout != want.Suite.Timeout || c.Suite.Bench != want.Suite.Bench ||
		!slices.Equal(c.Suite.Packages, want.Suite.Packages) ||
		c.Policy.Alpha != want.Policy.Alpha || c.Policy.MinEffect != want.Policy.MinEffect || c.Policy.Strict != want.Policy.Strict {
		t.Errorf("the template claims other defaults than %+v: %+v", want, c)
	}
}

// switchedOn returns the template with every key that is commented out put in force.
func switchedOn() string {
	var on []string
	for _, line := range strings.Split(Template, "\n") {
		rest, _ := strings.CutPrefix(line, "# ")
		if strings.HasPrefix(rest, "[") || assignment.MatchString(rest) {
			line = rest
		}
		on = append(on, line)
	}
	return strings.Join(on, "\n")
}

// assignment is a line of the template that gives a key its value, what it is
// worth, and what it means.
var assignment = regexp.MustCompile(`^([a-z-]+) *= (".*?"|'.*?'|\[.*?\]|\S+)(?: +# (.*))?$`)

// Every key that Parse asks for stands in the template, and no other.
func TestTemplateHasEveryKey(t *testing.T) {
	doc, err := parse("t", []byte(switchedOn()))
	if err != nil {
		t.Fatal(err)
	}
	readAll(doc)
	asked, given := map[string]bool{}, map[string]bool{}
	for _, s := range doc.sections {
		table, _, _ := strings.Cut(s.path, "[")
		for key := range s.seen {
			asked[table+"."+key] = true
		}
		for key := range s.values {
			given[table+"."+key] = true
		}
	}
	for key := range asked {
		if !given[key] {
			t.Errorf("the template does not show %s", key)
		}
	}
	for key := range given {
		if !asked[key] {
			t.Errorf("the template shows %s, which nothing reads", key)
		}
	}
	if len(asked) < 40 {
		t.Errorf("only %d keys were asked for: the walk is broken", len(asked))
	}
}

// This project's own file: the limits of the specification, in base units.
func TestThisProjectsTargets(t *testing.T) {
	c, err := Load("../../../../regress.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"event log latency, nothing synced":                     10e-3,
		"event log latency, synced at intervals":                10e-3,
		"event log latency, every event synced":                 10e-3,
		"small-message throughput":                              10000,
		"round trip of 256 B, 95th percentile":                  100e-6,
		"idle CPU of an agent, and of a member of a busy group": .01,
		"idle memory of an agent after a burst, its own":        5e6,
		"idle memory of an agent after a burst, resident":       5e6,
	}
	var small *regexp.Regexp
	for _, target := range c.Targets {
		if target.Name == "small-message throughput" {
			small = target.Benchmark
		}
		limit, ok := want[target.Name]
		if !ok {
			continue // one of our own
		}
		if diff := target.Limit/limit - 1; diff > 1e-12 || diff < -1e-12 {
			t.Errorf("%s: limit %v, want %v", target.Name, target.Limit, limit)
		}
		delete(want, target.Name)
	}
	if len(want) > 0 {
		t.Fatalf("targets of the specification that are not in the file: %v", want)
	}
	for _, size := range []string{"64B", "256B", "512B", "1KiB"} {
		if !small.MatchString("github.com/descartes/regress/bench.Throughput/transport=shm/size=" + size + "/mode=plain-2") {
			t.Errorf("a small message of %s is not covered", size)
		}
	}
	if small.MatchString("github.com/descartes/regress/bench.Throughput/transport=shm/size=4KiB/mode=plain-2") {
		t.Error("4 KiB is no small message")
	}
	for _, group := range []string{"throughput", "latency", "serialization", "resources", "concurrent"} {
		if _, err := c.Select(group); err != nil {
			t.Error(err)
		}
	}
}

// TestWatchPage: a page is an address of the web.
func TestWatchPage(t *testing.T) {
	c, err := Parse("f", []byte("[watch]\npage = \"https://x.org/p\"\n"))
	if err != nil || c.Watch.Page != "https://x.org/p" {
		t.Errorf("have %q: %v", c.Watch.Page, err)
	}
	for _, page := range []string{"x.org/p", "javascript:alert(1)", "https://", "%"} {
		if _, err := Parse("f", []byte("[watch]\npage = \""+page+"\"\n")); err == nil || !strings.Contains(err.Error(), "f:2: page is no address") {
			t.Errorf("%s: %v", page, err)
		}
	}
}

// TestOwners: who is mentioned is a name and nothing that could be more than that.
func TestOwners(t *testing.T) {
	c, err := Parse("f", []byte("[[owner]]\nbenchmark = 'parse'\nhandles = [\"@jane\", \"@acme/team-a\", \"@a/b/c.d_e\"]\n[[owner]]\nhandles = [\"@all\"]\n"))
	if err != nil || len(c.Watch.Owners) != 2 || len(c.Watch.Owners[0].Handles) != 3 || c.Watch.Owners[1].Benchmark != nil {
		t.Errorf("have %+v: %v", c.Watch.Owners, err)
	}
	for _, name := range []string{"jane", "@", "@a b", "@-a", "@a/", "@a//b", "@a @b", "@a\\n/close", "@a)", "@" + strings.Repeat("a", 150)} {
		_, err := Parse("f", []byte("[[owner]]\nhandles = [\""+name+"\"]\n"))
		if err == nil || !strings.Contains(err.Error(), "f:2: ") || !strings.Contains(err.Error(), "is no person and no team") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Parse("f", []byte("[[owner]]\nbenchmark = 'a'\n")); err == nil || !strings.Contains(err.Error(), "this owner has no handles") {
		t.Errorf("without anybody: %v", err)
	}
	if _, err := Parse("f", []byte("[[owner]]\nbenchmark = 'BenchmarkA'\nhandles = [\"@a\"]\n")); err == nil || !strings.Contains(err.Error(), `without "Benchmark"`) {
		t.Errorf("a benchmark that nothing matches: %v", err)
	}
}

// TestNotify: what is posted goes where nobody reads it on the way, and no error has the address.
func TestNotify(t *testing.T) {
	c, err := Parse("f", []byte("[[notify]]\nurl = \"https://x.org/s3cr3t\"\n[[notify]]\nurl = \"http://[::1]:80/s3cr3t\"\n[[notify]]\nurl = \"http://127.0.0.9\"\n"))
	if err != nil || len(c.Watch.Notify) != 3 {
		t.Errorf("have %q: %v", c.Watch.Notify, err)
	}
	for _, address := range []string{"http://x.org/s3cr3t", "http://127.0.0.1.x.org/s3cr3t", "ftp://x.org/s3cr3t", "https:///s3cr3t", "//x.org/s3cr3t", "s3cr3t", "https://%s3cr3t"} {
		_, err := Parse("f", []byte("[[notify]]\nurl = \""+address+"\"\n"))
		if err == nil || !strings.Contains(err.Error(), "f:2: url (not shown") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := Parse("f", []byte("[[notify]]\n")); err == nil || !strings.Contains(err.Error(), "this notify has no url") {
		t.Errorf("without an address: %v", err)
	}
}
