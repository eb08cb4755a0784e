package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

var updateDocs = flag.Bool("update", false, "write docs/commands.md from the commands")

// TestCommandsPage: docs/commands.md says of every command and flag what the program says;
// go test ./cmd/regress -run TestCommandsPage -update writes it.
func TestCommandsPage(t *testing.T) {
	const page = "../../docs/commands.md"
	have := commandsPage(newApp(&world{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}))
	if *updateDocs {
		if err := os.WriteFile(page, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if have != string(want) {
		t.Errorf("docs/commands.md is not what the commands are: go test ./cmd/regress -run TestCommandsPage -update")
	}
	for _, part := range []string{"## regress compare", "## regress baseline update", "`--budget`", "`REGRESS_BUDGET`"} {
		if !strings.Contains(have, part) {
			t.Errorf("the page has no %q", part)
		}
	}
}

// commandsPage returns the page of all commands.
func commandsPage(app *cli.App) string {
	var out strings.Builder
	out.WriteString("# Commands\n\nWhat `regress COMMAND --help` says, on one page; written by `go test ./cmd/regress -run TestCommandsPage -update`.\n" +
		"Every flag has a twin in the environment. `-` is standard input; exit codes are in the [README](../README.md).\n")
	var all func(prefix string, commands []*cli.Command)
	all = func(prefix string, commands []*cli.Command) {
		for _, c := range commands {
			if c.Hidden {
				continue
			}
			name := prefix + " " + c.Name
			if len(c.Subcommands) > 0 {
				all(name, c.Subcommands)
				continue
			}
			fmt.Fprintf(&out, "\n## %s\n\n%s.\n", strings.TrimSpace(name+" "+c.ArgsUsage), strings.ToUpper(c.Usage[:1])+c.Usage[1:])
			flagsTable(&out, c.Flags)
		}
	}
	all("regress", app.Commands)
	return out.String()
}

// flagsTable writes the flags of a command.
func flagsTable(out *strings.Builder, flags []cli.Flag) {
	var rows []string
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok || f.Names()[0] == "help" {
			continue
		}
		names := make([]string, 0, 2)
		for _, name := range f.Names() {
			dash := "--"
			if len(name) == 1 {
				dash = "-"
			}
			names = append(names, "`"+dash+name+"`")
		}
		env := ""
		if vars := doc.GetEnvVars(); len(vars) > 0 {
			env = "`" + vars[0] + "`"
		}
		usage := strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(doc.GetUsage())
		if value := doc.GetDefaultText(); value != "" && doc.TakesValue() && !strings.Contains(usage, "default") && value != "0" {
			usage += " (default " + value + ")"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", strings.Join(names, ", "), usage, env))
	}
	if len(rows) > 0 {
		out.WriteString("\n| flag | meaning | in the environment |\n|:--|:--|:--|\n" + strings.Join(rows, ""))
	}
}
