package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md from the template")

// TestConfigurationPageIsTheTemplate: docs/configuration.md says of every key
// what the template does; go test ./cmd/regress/internal/config -update writes it.
func TestConfigurationPageIsTheTemplate(t *testing.T) {
	const name = "../../../../docs/configuration.md"
	want := reference()
	if *update {
		if err := os.MkdirAll("../../../../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil || string(have) != want {
		t.Errorf("%s is not what the template says: go test ./cmd/regress/internal/config -update (%v)", name, err)
	}
	doc, err := parse("t", []byte(switchedOn()))
	if err != nil {
		t.Fatal(err)
	}
	readAll(doc)
	for _, s := range doc.sections {
		for key := range s.seen {
			if s.path != "groups" && !strings.Contains(want, "`"+key+"`") && !strings.Contains(want, "["+key+"]") {
				t.Errorf("the page has no %s of %q", key, s.path)
			}
		}
	}
}

const introduction = `# The configuration: regress.toml

<!-- Made from cmd/regress/internal/config/template.go: go test ./cmd/regress/internal/config -update -->

` + "`regress init`" + ` writes this file with every key commented out, but for ` + "`anchor`" + `. A project without one works: every key has
a default, and flags and ` + "`REGRESS_…`" + ` variables win over the file. It is looked for in the current directory and
above it, up to the top of the repository. A key that is misspelt, a pattern that does not compile and a value that
cannot be are refused with their line, all at once, and exit code 2.

How values are written:

- a duration: ` + "`\"90s\"`, `\"3m\"`" + `;
- a share: ` + "`\"5%\"` or `0.05`" + `;
- a limit: ` + "`\"100µs\"`, `\"5MB\"`, `\"1%\"`" + `, or a bare number in the unit of the target;
- a regular expression: in ` + "`'…'`" + `, where a backslash is a backslash, and matched anywhere in ` + "`package.Name`" + ` (without "Benchmark");
- a day: ` + "`2027-01-31`" + `.
`

// reference turns the template into a page: what is said above a table becomes a
// paragraph, and its keys a list.
func reference() string {
	var page strings.Builder
	page.WriteString(introduction)
	page.WriteString("\n## At the top of the file\n\n")
	var prose []string
	table, seen := "", map[string]bool{}
	for i, line := range strings.Split(Template, "\n") {
		if i < 2 { // what the file is
			continue
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, "#"), " ")
		switch match := assignment.FindStringSubmatch(line); {
		case line == "":
			prose = nil
		case strings.HasPrefix(line, "["):
			if table == line {
				continue
			}
			table = line
			fmt.Fprintf(&page, "\n## `%s`\n\n%s\n\n", line, strings.Join(prose, " "))
		case match == nil:
			prose = append(prose, line)
		case match[3] != "" && !seen[table+match[1]]:
			seen[table+match[1]] = true
			fmt.Fprintf(&page, "- `%s`, such as `%s`: %s\n", match[1], match[2], match[3])
		}
	}
	return page.String()
}
