package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ShowAppHelp prints the help of the program.
func ShowAppHelp(c *Context) error {
	a := c.App
	return printHelp(a.Writer, &Command{Name: a.Name, HelpName: a.Name, Usage: a.Usage, Subcommands: a.Commands, Flags: c.Command.Flags}, a.Version)
}

// help prints the help of the command that is run.
func help(c *Context) error {
	if c.Command.HelpName == c.App.Name {
		return ShowAppHelp(c)
	}
	return printHelp(c.App.Writer, c.Command, "")
}

// printHelp prints the help of a command, or of the program, which has a version.
func printHelp(w io.Writer, c *Command, version string) error {
	var out strings.Builder
	fmt.Fprintf(&out, "NAME:\n   %s - %s\n\nUSAGE:\n   %s", c.HelpName, c.Usage, c.HelpName)
	options := "OPTIONS"
	if version != "" {
		options = "GLOBAL OPTIONS"
		fmt.Fprintf(&out, " [global options] command [command options]\n\nVERSION:\n   %s\n", version)
	} else {
		out.WriteString(" " + strings.TrimSpace("[command options] "+c.ArgsUsage) + "\n")
	}
	var commands, flags [][2]string
	for _, below := range c.Subcommands {
		if !below.Hidden {
			commands = append(commands, [2]string{below.Name, below.Usage})
		}
	}
	for _, f := range c.Flags {
		if f.IsVisible() {
			flags = append(flags, [2]string{typed(f), meaning(f)})
		}
	}
	columns(&out, "COMMANDS", commands)
	columns(&out, options, flags)
	_, err := io.WriteString(w, out.String())
	return err
}

// columns writes a section of two columns; nothing where it has no rows.
func columns(out *strings.Builder, title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	widest := 0
	for _, row := range rows {
		widest = max(widest, utf8.RuneCountInString(row[0]))
	}
	fmt.Fprintf(out, "\n%s:\n", title)
	for _, row := range rows {
		fmt.Fprintf(out, "   %-*s  %s\n", widest, row[0], row[1])
	}
}

// typed returns how a flag is typed: "--output value, -o value".
func typed(f Flag) string {
	var names []string
	for _, name := range f.Names() {
		names = append(names, strings.TrimSpace(dashed(name)+" "+f.placeholder()))
	}
	all := strings.Join(names, ", ")
	if _, several := f.(*StringSliceFlag); several {
		all += " [ " + all + " ]"
	}
	return all
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// meaning returns what a flag means, its default and its twins.
func meaning(f Flag) string {
	text := strings.ReplaceAll(f.GetUsage(), "`", "")
	if value := f.GetDefaultText(); value != "" && len(f.GetEnvVars()) > 0 {
		text += " (default: " + value + ")"
	}
	if vars := f.GetEnvVars(); len(vars) > 0 {
		text += " [$" + strings.Join(vars, ", $") + "]"
	}
	return text
}

// ToMan returns the program's manual page in section 1, in the language of man(7).
func (a *App) ToMan() string {
	var out strings.Builder
	fmt.Fprintf(&out, ".TH %s 1\n.SH NAME\n%s \\- %s\n", strings.ToUpper(a.Name), roff(a.Name), roff(a.Usage))
	fmt.Fprintf(&out, ".SH SYNOPSIS\n.B %s\n.I COMMAND\n[\\fIoptions\\fR] [\\fIarguments\\fR]\n.SH COMMANDS\n", roff(a.Name))
	var all func(above string, commands []*Command)
	all = func(above string, commands []*Command) {
		for _, c := range commands {
			if c.Hidden {
				continue
			}
			fmt.Fprintf(&out, ".SS \"%s\"\n%s\n", roff(strings.TrimSpace(above+c.Name+" "+c.ArgsUsage)), roff(c.Usage))
			for _, f := range c.Flags {
				if f.IsVisible() {
					fmt.Fprintf(&out, ".TP\n.B %s\n%s\n", roff(typed(f)), roff(meaning(f)))
				}
			}
			all(above+c.Name+" ", c.Subcommands)
		}
	}
	all("", a.Commands)
	return out.String()
}

// roff returns text that man shows as it is: a dash is no hyphen, and no line is a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
