package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
)

// The flags of the commands, in groups that several of them share. The library
// reads a command's flags and their twins in the environment into these structs,
// once, and nothing asks it for a flag by name afterwards. A group that wins over
// regress.toml has a method override.

// fileFlags say where regress.toml is.
type fileFlags struct{ config string }

func (f *fileFlags) flags() []cli.Flag {
	return []cli.Flag{stringFlag(&f.config, "config", "the configuration (default: regress.toml, here or above); it does not move what is measured")}
}

// measureFlags say how to measure.
type measureFlags struct {
	bench     string
	packages  cli.StringSlice
	budget    duration
	benchtime string
	seed      uint64
	env       cli.StringSlice // names of variables that benchmarks get besides the harmless ones
	output    string          // where the raw log is kept; empty: under .regress/log
}

func (f *measureFlags) flags() []cli.Flag {
	return append(f.loud(), stringFlag(&f.output, "output", "write the raw log to this file (default: a new one in .regress/log)", "o"))
}

// loud returns the flags of a command that has a file of its own to write.
func (f *measureFlags) loud() []cli.Flag {
	return []cli.Flag{
		stringFlag(&f.bench, "bench", "measure only benchmarks that match this regular expression"),
		&cli.StringSliceFlag{Name: "packages", Destination: &f.packages, Usage: "measure the benchmarks of these packages, as go test names them: ./parse,./lex/...", EnvVars: []string{envName("packages")}},
		&cli.GenericFlag{Name: "budget", Value: &f.budget, Usage: "stop measuring after this long; building is not counted (default: as regress.toml says, else 2m; without one compare takes 40s)", EnvVars: []string{envName("budget")}},
		stringFlag(&f.benchtime, "benchtime", "time or iterations of one process, equal on both sides, as go test -benchtime"),
		&cli.StringSliceFlag{Name: "env", Destination: &f.env, Usage: "let benchmarks see these variables too, by name: A,B; what looks like a secret stays hidden", EnvVars: []string{envName("env")}},
		&cli.Uint64Flag{Name: "seed", Destination: &f.seed, Usage: "seed of the random order; 0 draws one", EnvVars: []string{envName("seed")}},
	}
}

func (f *measureFlags) override(c *config.Config) error {
	if f.budget.given {
		c.Budget = f.budget.time
	}
	if c.Budget <= 0 {
		return usagef("a budget of %s measures nothing: give a duration such as --budget 3m", c.Budget)
	}
	if f.benchtime != "" {
		if err := config.CheckBenchtime(f.benchtime); err != nil {
			return usagef("--benchtime: %w", err)
		}
		c.Suite.Benchtime = f.benchtime
	}
	if err := config.CheckBench(f.bench); err != nil {
		return usagef("--bench: %w", err)
	}
	if packages := f.packages.Value(); len(packages) > 0 {
		c.Suite.Packages = packages
	}
	return nil
}

// roundsFlag is for commands that measure a number of rounds fixed in advance.
func roundsFlag(rounds *int) cli.Flag {
	return &cli.IntFlag{Name: "rounds", Destination: rounds, Value: 6, Usage: "processes of each benchmark and side, when measuring", EnvVars: []string{envName("rounds")}}
}

// countFlag is for commands that measure, and count where something can.
func countFlag(count *bool) cli.Flag {
	return &cli.BoolFlag{Name: "count", Destination: count, Value: true, Usage: "count instructions, too, where this machine can (regress doctor says so)", EnvVars: []string{envName("count")}}
}

// storeFlags say where baselines are kept.
type storeFlags struct{ store, project string }

func (f *storeFlags) flags() []cli.Flag {
	return []cli.Flag{
		stringFlag(&f.store, "store", "directory or postgres://… (default .regress)"),
		stringFlag(&f.project, "project", "name under which the store keeps this project (default: the module path)"),
	}
}

func (f *storeFlags) override(c *config.Config) error {
	if f.store != "" {
		c.Store = f.store
	}
	if f.project != "" {
		c.Project = f.project
	}
	return checkStore(c.Store)
}

// formatFlags say how to print.
type formatFlags struct {
	format string
	all    bool
}

func (f *formatFlags) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Destination: &f.format, Value: "text", Usage: oneOf(formats), EnvVars: []string{envName("format")}},
		boolFlag(&f.all, "all", "show every row, and measure code that is proven the same"),
	}
}

// hubFlags say how to appear on a forge.
type hubFlags struct{ comment, key, undecided string }

func (f *hubFlags) flags() []cli.Flag {
	return []cli.Flag{
		stringFlag(&f.comment, "comment", "comment on the pull or merge request: auto (when there is something to say), always or never"),
		&cli.StringFlag{Name: "undecided", Destination: &f.undecided, Value: "fail", Usage: "what to make of a run that cannot be decided: fail (exit 3) or neutral (a warning, exit 0)", EnvVars: []string{envName("undecided")}},
		stringFlag(&f.key, "key", "tells several suites of one repository apart on its forge: letters, digits, '.', '_', '-'"),
	}
}

func stringFlag(to *string, name, usage string, aliases ...string) *cli.StringFlag {
	return &cli.StringFlag{Name: name, Destination: to, Aliases: aliases, Usage: usage, EnvVars: []string{envName(name)}}
}

func boolFlag(to *bool, name, usage string) *cli.BoolFlag {
	return &cli.BoolFlag{Name: name, Destination: to, Usage: usage, EnvVars: []string{envName(name)}}
}

// envName returns the environment twin of a flag: --base is REGRESS_BASE.
func envName(flag string) string {
	return "REGRESS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// ref is the value of a flag that names a branch, tag or commit.
type ref string

// Set reads what was typed; nothing between quotes is a variable that was not set.
func (r *ref) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty: name a branch, tag or commit")
	}
	*r = ref(text)
	return nil
}

// String returns the name; empty when none was given.
func (r *ref) String() string { return string(*r) }

// duration is the value of a flag such as 3m.
type duration struct {
	time  time.Duration
	given bool
}

// Set reads what was typed, and says what a bare number was meant to be.
func (d *duration) Set(text string) error {
	v, err := time.ParseDuration(text)
	if err != nil {
		if _, number := strconv.ParseFloat(text, 64); number == nil {
			return fmt.Errorf("it has no unit: write %sm or %[1]ss", text)
		}
		return errors.New("write a duration such as 90s or 3m")
	}
	*d = duration{v, true}
	return nil
}

// String returns what is in force; empty when nothing was given.
func (d *duration) String() string {
	if !d.given {
		return ""
	}
	return d.time.String()
}

func flags(groups ...[]cli.Flag) []cli.Flag {
	var all []cli.Flag
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}
