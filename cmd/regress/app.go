package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// newApp is the command line: every command, every flag, no logic.
func newApp(w *world) *cli.App {
	app := &cli.App{
		Name:                 "regress",
		Usage:                "did this change make something slower, how sure is that, and what could not be seen",
		Version:              version(),
		Reader:               w.stdin,
		Writer:               w.stdout,
		ErrWriter:            w.stderr,
		EnableBashCompletion: true,
		HideHelpCommand:      true,
		ExitErrHandler:       func(*cli.Context, error) {}, // the default exits inside Run
		Commands: []*cli.Command{
			compareCommand(w),
			runCommand(w),
			baselineCommand(w),
			targetsCommand(w),
			summaryCommand(w),
			noiseCommand(w),
			waiveCommand(w),
			annotateCommand(w),
			doctorCommand(w),
			initCommand(w),
			completionCommand(w),
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("no command %q: one of compare, run, baseline, targets, summary, noise, waive, annotate, doctor, init, completion", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
	app.OnUsageError = onUsageError
	guard(app.Commands)
	return app
}

// guard makes every command refuse what urfave/cli would let pass: its own help
// on stdout for a wrong flag, and flags after a positional argument, which it
// leaves unparsed without a word, and arguments that nothing reads.
func guard(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		guard(c.Subcommands)
		action := c.Action
		if action == nil {
			continue
		}
		// Asked now: urfave/cli fills ArgsUsage in before it runs a command.
		takesNone := c.ArgsUsage == "" && len(c.Subcommands) == 0
		c.Action = func(ctx *cli.Context) error {
			for _, arg := range ctx.Args().Slice() {
				if strings.HasPrefix(arg, "-") && arg != "-" {
					return usagef("%s: %s stands after an argument: put flags first", ctx.Command.FullName(), arg)
				}
			}
			if ctx.Args().Present() && takesNone {
				return usagef("%s takes no arguments, and got %q: see regress %[1]s --help", ctx.Command.FullName(), ctx.Args().First())
			}
			return action(ctx)
		}
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error {
	return usagef("%w: see regress --help", err)
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			revision = " " + s.Value[:12]
		}
	}
	return fmt.Sprintf("%s%s, %s", info.Main.Version, revision, info.GoVersion)
}
