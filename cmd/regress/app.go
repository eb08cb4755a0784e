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

func stringFlag(name, usage string, aliases ...string) *cli.StringFlag {
	return &cli.StringFlag{Name: name, Aliases: aliases, Usage: usage, EnvVars: []string{envName(name)}}
}

func boolFlag(name, usage string) *cli.BoolFlag {
	return &cli.BoolFlag{Name: name, Usage: usage, EnvVars: []string{envName(name)}}
}

func durationFlag(name, usage string) *cli.DurationFlag {
	return &cli.DurationFlag{Name: name, Usage: usage, EnvVars: []string{envName(name)}}
}

// envName is the environment twin of a flag: --base is REGRESS_BASE.
func envName(flag string) string {
	return "REGRESS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// measureFlags say how to measure.
func measureFlags() []cli.Flag {
	return []cli.Flag{
		stringFlag("bench", "measure only benchmarks that match this regular expression"),
		durationFlag("budget", "stop measuring after this long; building is not counted (default 3m, or as regress.toml says)"),
		stringFlag("benchtime", "time or iterations of one process, equal on both sides, as go test -benchtime"),
		&cli.Uint64Flag{Name: "seed", Usage: "seed of the random order; 0 draws one", EnvVars: []string{envName("seed")}},
		stringFlag("output", "write the raw log to this file (default: a new one in .regress/log)", "o"),
	}
}

// roundsFlag is for commands that measure a number of rounds fixed in advance.
func roundsFlag() cli.Flag {
	return &cli.IntFlag{Name: "rounds", Value: 6, Usage: "processes of each benchmark and side, when measuring", EnvVars: []string{envName("rounds")}}
}

// hubFlags say how to appear on GitHub.
func hubFlags() []cli.Flag {
	return []cli.Flag{
		stringFlag("comment", "comment on the pull request: auto (when there is something to say), always or never"),
		stringFlag("key", "tells several suites of one repository apart on GitHub: letters, digits, '.', '_', '-'"),
	}
}

// storeFlags say where baselines are kept.
func storeFlags() []cli.Flag {
	return []cli.Flag{
		stringFlag("store", "directory or postgres://… (default .regress)"),
		stringFlag("project", "name under which the store keeps this project (default: the module path)"),
	}
}

func configFlag() cli.Flag {
	return stringFlag("config", "the configuration (default regress.toml at the top of the repository)")
}

// formatFlags say how to print.
func formatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "text", Usage: "text, markdown or json", EnvVars: []string{envName("format")}},
		boolFlag("all", "show every row, and measure code that is proven the same"),
	}
}

func flags(groups ...[]cli.Flag) []cli.Flag {
	var all []cli.Flag
	for _, g := range groups {
		all = append(all, g...)
	}
	return append(all, configFlag())
}
