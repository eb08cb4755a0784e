package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/nearest"
)

// arranged returns the words of a command line in the order that urfave/cli reads: it stops at
// the first word that is no flag, and people type flags behind it. What stands behind -- stays
// what it is. "help compare" becomes "compare --help".
func arranged(app *cli.App, args []string) []string {
	if len(args) > 1 && args[1] == "help" {
		asked := slices.DeleteFunc(slices.Clone(args[2:]), func(word string) bool { return strings.HasPrefix(word, "-") })
		args = append(append([]string{args[0]}, asked...), "--help")
	}
	commands, flags, at := app.Commands, app.Flags, 0
	for at = 1; at < len(args); at++ {
		c := find(commands, args[at])
		if c == nil {
			break
		}
		commands, flags = c.Subcommands, c.Flags
	}
	if len(commands) > 0 { // no command, or one that wants another behind it
		return args
	}
	front, back := args[:at:at], []string(nil)
	for ; at < len(args); at++ {
		word := args[at]
		switch {
		case word == "--":
			back = append(back, args[at+1:]...)
			at = len(args)
		case word == "-" || !strings.HasPrefix(word, "-"):
			back = append(back, word)
		case strings.Contains(word, "=") || !takesValue(flags, word):
			front = append(front, word)
		case at+1 == len(args):
			return append(front, word) // its value is missing, which the library says
		default:
			at++
			front = append(front, word, args[at])
		}
	}
	if len(back) > 0 {
		front = append(append(front, "--"), back...)
	}
	return front
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func takesValue(flags []cli.Flag, word string) bool {
	name := strings.TrimLeft(word, "-")
	for _, flag := range flags {
		for _, known := range flag.Names() {
			if doc, ok := flag.(cli.DocGenerationFlag); ok && known == name {
				return doc.TakesValue()
			}
		}
	}
	return false
}

// flagNames returns the long names of the flags that people are meant to use.
func flagNames(flags []cli.Flag) []string {
	var names []string
	for _, flag := range flags {
		if visible, is := flag.(cli.VisibleFlag); is && visible.IsVisible() {
			names = append(names, flag.Names()[0])
		}
	}
	return names
}

func commandNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// unknownCommand says which commands there are, and which may have been meant.
func unknownCommand(above, name string, commands []*cli.Command) error {
	known := commandNames(commands)
	if near := nearest.Word(name, known); near != "" {
		return usagef("%sno command %q: did you mean %s?", above, name, near)
	}
	return usagef("%sno command %q: one of %s", above, name, strings.Join(known, ", "))
}

// What the library says of a wrong flag, with the dash that it leaves out.
var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	oneDash     = regexp.MustCompile(`(flag |for |: )-([a-z][a-z-]+)`)
)

func onUsageError(c *cli.Context, err error, _ bool) error {
	text := oneDash.ReplaceAllString(err.Error(), "$1--$2")
	end := "; see "
	if match := unknownFlag.FindStringSubmatch(err.Error()); match != nil {
		text = "no flag " + strings.Repeat("-", min(2, len(match[1]))) + match[1]
		if near := nearest.Word(match[1], flagNames(c.Command.Flags)); near != "" {
			text, end = text+": did you mean --"+near+"?", " See "
		} else if below := withFlag(c.Command.Subcommands, match[1]); below != "" {
			text += ": flags stand behind the command, as in " + c.Command.HelpName + " " + below + " --" + match[1]
		}
	}
	return usagef("%s%s%s --help", text, end, c.Command.HelpName)
}

// withFlag returns the first command that has a flag of that name; empty when none has.
func withFlag(commands []*cli.Command, name string) string {
	for _, c := range commands {
		if !c.Hidden && slices.Contains(flagNames(c.Flags), name) {
			return c.Name
		}
	}
	return ""
}
