// Package cli reads a command line with commands, flags and their twins in the environment, and
// prints help and the manual page. It is the part of a larger library that this program used, with
// the same names: the library's help is made by text/template, which may call any method of any
// type by its name, so that the linker had to keep every method of everything else in the program.
package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// App is a program with commands.
type App struct {
	Name, Usage, Version string
	Writer               io.Writer // of help and the version
	Commands             []*Command
	Action               ActionFunc // where no command is named, or one that there is not
	OnUsageError         OnUsageErrorFunc
}

// Command is one command, or a group of commands.
type Command struct {
	Name, Usage  string
	ArgsUsage    string // what stands behind the flags, as usage shows it
	Hidden       bool   // from help and documents
	Flags        []Flag
	Subcommands  []*Command
	Action       ActionFunc
	OnUsageError OnUsageErrorFunc

	// HelpName is the name with those of the program and the groups above: "regress baseline list".
	// It is known once the command is run.
	HelpName string
}

// ActionFunc is what a command does.
type ActionFunc func(*Context) error

// OnUsageErrorFunc returns what the program says of a command line that cannot be read.
type OnUsageErrorFunc func(*Context, error) error

// Flags returns the flags of the program itself, besides --help, which every command has.
func (a *App) Flags() []Flag {
	return []Flag{&BoolFlag{Name: "version", Aliases: []string{"v"}, Usage: "print the version"}}
}

// Context is what a command is run with.
type Context struct {
	context.Context
	App     *App
	Command *Command
	args    Args
}

// Args returns what stands behind the flags.
func (c *Context) Args() Args { return c.args }

// Args are the words behind the flags of a command.
type Args []string

// Present reports whether there are any.
func (a Args) Present() bool { return len(a) > 0 }

// First returns the first one; empty where there is none.
func (a Args) First() string {
	if len(a) == 0 {
		return ""
	}
	return a[0]
}

// Slice returns a copy of all of them.
func (a Args) Slice() []string { return slices.Clone(a) }

// HasName reports whether the command is called so.
func (c *Command) HasName(name string) bool { return c.Name == name }

// RunContext runs the command that args name, of which the first is the program, and returns its
// error, or what OnUsageError says. Flags of a command stand in front of its other words.
func (a *App) RunContext(ctx context.Context, args []string) error {
	version, show := a.Flags()[0], new(bool)
	version.(*BoolFlag).Destination = show
	root := &Command{
		Name: a.Name, HelpName: a.Name, Usage: a.Usage, Subcommands: a.Commands, OnUsageError: a.OnUsageError,
		Flags: []Flag{helpFlag(), version},
	}
	root.Action = func(c *Context) error {
		if *show {
			_, err := fmt.Fprintf(a.Writer, "%s version %s\n", a.Name, a.Version)
			return err
		}
		return a.Action(c)
	}
	return root.run(&Context{Context: ctx, App: a, Command: root, args: args[min(1, len(args)):]})
}

// run reads the flags of the command, and runs it or the command below that is named next.
func (c *Command) run(ctx *Context) error {
	if !slices.ContainsFunc(c.Flags, func(f Flag) bool { return slices.Contains(f.Names(), "help") }) {
		c.Flags = append(slices.Clone(c.Flags), helpFlag())
	}
	set := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, f := range c.Flags {
		f.define(set)
	}
	if err := set.Parse(ctx.args); err != nil {
		return c.OnUsageError(ctx, err)
	}
	ctx.args = set.Args()
	below := find(c.Subcommands, ctx.args.First())
	if set.Lookup("help").Value.String() == "true" {
		if below == nil {
			return help(ctx)
		}
		return below.under(c).run(&Context{Context: ctx.Context, App: ctx.App, Command: below, args: append(Args{"--help"}, ctx.args[1:]...)})
	}
	typed := map[string]bool{}
	set.Visit(func(f *flag.Flag) { typed[f.Name] = true })
	for _, f := range c.Flags {
		if slices.ContainsFunc(f.Names(), func(name string) bool { return typed[name] }) {
			continue
		}
		if err := fromEnvironment(set, f); err != nil {
			return c.OnUsageError(ctx, err)
		}
	}
	if below == nil {
		return c.Action(ctx)
	}
	return below.under(c).run(&Context{Context: ctx.Context, App: ctx.App, Command: below, args: ctx.args[1:]})
}

// under returns c, which now knows what stands above it.
func (c *Command) under(above *Command) *Command {
	c.HelpName = above.HelpName + " " + c.Name
	return c
}

func find(commands []*Command, name string) *Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// fromEnvironment gives a flag that was not typed the value of the first of its variables that is
// not empty.
func fromEnvironment(set *flag.FlagSet, f Flag) error {
	name := f.Names()[0]
	for _, variable := range f.GetEnvVars() {
		text := os.Getenv(variable)
		if text == "" {
			continue
		}
		if err := set.Set(name, text); err != nil {
			return fmt.Errorf("could not parse %q from environment variable %q as value for flag %s: %w", text, variable, name, err)
		}
		return nil
	}
	return nil
}

// StringSlice is the value of a flag that may be given several times, or with commas.
type StringSlice struct{ values []string }

// Set adds what was typed.
func (s *StringSlice) Set(text string) error {
	for _, value := range strings.Split(text, ",") {
		s.values = append(s.values, strings.TrimSpace(value))
	}
	return nil
}

// String returns all values, with commas.
func (s *StringSlice) String() string { return strings.Join(s.values, ",") }

// Value returns a copy of all values.
func (s *StringSlice) Value() []string { return slices.Clone(s.values) }
