package main

import (
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// newApp is the command line: every command, every flag, no logic.
func newApp(w *world) *cli.App {
	app := &cli.App{
		Name:            "regress",
		Usage:           "did this change make something slower, how sure is that, and what could not be seen",
		Version:         version(),
		Reader:          w.stdin,
		Writer:          w.stdout,
		ErrWriter:       w.stderr,
		HideHelpCommand: true,
		Flags:           []cli.Flag{cli.HelpFlag},     // which the library leaves out beside a command of that name
		ExitErrHandler:  func(*cli.Context, error) {}, // the default exits inside Run
		Commands: []*cli.Command{
			compareCommand(w),
			runCommand(w),
			baselineCommand(w),
			importCommand(w),
			targetsCommand(w),
			summaryCommand(w),
			trendCommand(w),
			decisionsCommand(w),
			bisectCommand(w),
			watchCommand(w),
			siteCommand(w),
			serveCommand(w),
			noiseCommand(w),
			waiveCommand(w),
			annotateCommand(w),
			doctorCommand(w),
			initCommand(w),
			demoCommand(w),
			completionCommand(w),
			completeCommand(w),
			versionCommand(w),
			manCommand(w),
			{Name: "help", Usage: "say what a command does, and its flags", ArgsUsage: "[COMMAND]", Action: cli.ShowAppHelp}, // see arranged
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return unknownCommand("", c.Args().First(), c.App.Commands)
			}
			return cli.ShowAppHelp(c)
		},
	}
	app.OnUsageError = onUsageError
	w.guard(app.Commands)
	return app
}

func versionCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(*cli.Context) error {
			_, err := fmt.Fprintf(w.stdout, "regress version %s\n", version())
			return err
		},
	}
}

// manCommand prints the page that man(1) shows, for whoever packages this program.
func manCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:   "man",
		Usage:  "print the manual page",
		Hidden: true,
		Action: func(c *cli.Context) error {
			page, err := c.App.ToManWithSection(1)
			if err == nil {
				_, err = fmt.Fprint(w.stdout, page)
			}
			return err
		},
	}
}

// guard makes every command refuse what urfave/cli would let pass: its own help
// on stdout for a wrong flag, and arguments that nothing reads. It hides secrets before a command
// does anything, unless it only reads.
func (w *world) guard(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		c.HideHelpCommand = true // a FILE or a group may be called help
		w.guard(c.Subcommands)
		action := c.Action
		if action == nil {
			continue
		}
		// Asked now: urfave/cli fills ArgsUsage in before it runs a command.
		takesNone := c.ArgsUsage == "" && len(c.Subcommands) == 0
		c.Action = func(ctx *cli.Context) error {
			w.hide(ctx)
			if ctx.Args().Present() && takesNone {
				return usagef("%s takes no arguments, and got %q: see regress %[1]s --help", ctx.Command.FullName(), ctx.Args().First())
			}
			return action(ctx)
		}
	}
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
