package cli_test

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/cli"
)

// upper is the value of a flag that only reads capitals.
type upper struct{ text string }

func (u *upper) String() string { return u.text }

func (u *upper) Set(text string) error {
	if text != strings.ToUpper(text) {
		return errors.New("write capitals")
	}
	u.text = text
	return nil
}

// program is an App that writes down what it is run with.
type program struct {
	out strings.Builder
	app cli.App
}

func newProgram() *program {
	var (
		name, kept string
		all        bool
		days       int
		seed       uint64
		packages   cli.StringSlice
		level      = upper{"LOW"}
	)
	p := &program{}
	refuse := func(c *cli.Context, err error) error { return fmt.Errorf("%s: %w", c.Command.HelpName, err) }
	measure := &cli.Command{
		Name: "measure", Usage: "measure it", ArgsUsage: "[FILE…]", OnUsageError: refuse,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", Aliases: []string{"n"}, Destination: &name, Value: "x", Usage: "what it is called", EnvVars: []string{"T_NAME", "T_OTHER"}},
			&cli.BoolFlag{Name: "all", Destination: &all, Usage: "all of it", EnvVars: []string{"T_ALL"}},
			&cli.IntFlag{Name: "days", Destination: &days, Value: 3, Usage: "the last `N` days", EnvVars: []string{"T_DAYS"}},
			&cli.Uint64Flag{Name: "seed", Destination: &seed, Usage: "the seed", EnvVars: []string{"T_SEED"}},
			&cli.StringSliceFlag{Name: "packages", Destination: &packages, Usage: "which", EnvVars: []string{"T_PACKAGES"}},
			&cli.GenericFlag{Name: "level", Value: &level, Usage: "how loud", EnvVars: []string{"T_LEVEL"}},
			&cli.StringFlag{Name: "kept", Destination: &kept, Hidden: true},
		},
		Action: func(c *cli.Context) error {
			fmt.Fprintf(&p.out, "%s %v %d %d %q %s %q", name, all, days, seed, packages.Value(), level.text, c.Args().Slice())
			return nil
		},
	}
	list := &cli.Command{Name: "list", Usage: "list 'them' - all\\none", OnUsageError: refuse, Action: func(c *cli.Context) error {
		fmt.Fprintf(&p.out, "%s %q", c.Command.HelpName, c.Args().Slice())
		return nil
	}}
	p.app = cli.App{
		Name: "prog", Usage: "does it", Version: "v1.2.3", Writer: &p.out, OnUsageError: refuse,
		Commands: []*cli.Command{
			measure,
			{Name: "store", Usage: "what is kept", Subcommands: []*cli.Command{list}, OnUsageError: refuse, Action: func(c *cli.Context) error {
				return fmt.Errorf("store: nothing called %q", c.Args().First())
			}},
			{Name: "secret", Usage: "not shown", Hidden: true, OnUsageError: refuse},
		},
		Action: cli.ShowAppHelp,
	}
	return p
}

// run returns what the program printed, or its error.
func (p *program) run(t *testing.T, line string) string {
	t.Helper()
	if err := p.app.RunContext(t.Context(), append([]string{"prog"}, strings.Fields(line)...)); err != nil {
		return "error: " + err.Error()
	}
	return p.out.String()
}

func TestCommandLines(t *testing.T) {
	check := func(line, want string) {
		t.Helper()
		if have := newProgram().run(t, line); have != want {
			t.Errorf("%s\nhave %s\nwant %s", line, have, want)
		}
	}
	check("measure", `x false 3 0 [] LOW []`)
	check("measure -n a --all -days=7 --seed 9 --packages a,b --packages c --level HIGH f g", `a true 7 9 ["a" "b" "c"] HIGH ["f" "g"]`)
	check("measure --all=false -- --all", `x false 3 0 [] LOW ["--all"]`)
	check("store list a", `prog store list ["a"]`)
	check("--version", "prog version v1.2.3\n")
	check("-v", "prog version v1.2.3\n")
	check("store nothing", `error: store: nothing called "nothing"`)
	check("measure --nosuch", "error: prog measure: flag provided but not defined: -nosuch")
	check("measure --days", "error: prog measure: flag needs an argument: -days")
	check("measure --days x", `error: prog measure: invalid value "x" for flag -days: parse error`)
	check("measure --level low", `error: prog measure: invalid value "low" for flag -level: write capitals`)
	check("store list --all", "error: prog store list: flag provided but not defined: -all")
	check("--all", "error: prog: flag provided but not defined: -all")
}

// What is typed wins over the environment, which wins over the default; an empty variable is none.
func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{"T_NAME": "", "T_OTHER": "o", "T_ALL": "true", "T_DAYS": "8", "T_SEED": "5", "T_PACKAGES": "d, e", "T_LEVEL": "MID"} {
		t.Setenv(name, value)
	}
	check := func(line, want string) {
		t.Helper()
		if have := newProgram().run(t, line); have != want {
			t.Errorf("%s\nhave %s\nwant %s", line, have, want)
		}
	}
	check("measure", `o true 8 5 ["d" "e"] MID []`)
	check("measure -n a --all=false --days 7 --seed 9 --packages c --level HIGH", `a false 7 9 ["c"] HIGH []`)
	t.Setenv("T_DAYS", "soon")
	check("measure", `error: prog measure: could not parse "soon" from environment variable "T_DAYS" as value for flag days: parse error`)
	check("measure --days 1", `o true 1 5 ["d" "e"] MID []`)
	if have := newProgram().run(t, "measure --help"); !strings.HasPrefix(have, "NAME:\n   prog measure - measure it\n") {
		t.Errorf("a wrong variable keeps from help:\n%s", have)
	}
}

func TestHelp(t *testing.T) {
	const measure = `NAME:
   prog measure - measure it

USAGE:
   prog measure [command options] [FILE…]

OPTIONS:
   --name value, -n value                 what it is called (default: "x") [$T_NAME, $T_OTHER]
   --all                                  all of it (default: false) [$T_ALL]
   --days N                               the last N days (default: 3) [$T_DAYS]
   --seed value                           the seed (default: 0) [$T_SEED]
   --packages value [ --packages value ]  which [$T_PACKAGES]
   --level value                          how loud (default: LOW) [$T_LEVEL]
   --help, -h                             show help
`
	const program = `NAME:
   prog - does it

USAGE:
   prog [global options] command [command options]

VERSION:
   v1.2.3

COMMANDS:
   measure  measure it
   store    what is kept

GLOBAL OPTIONS:
   --help, -h     show help
   --version, -v  print the version
`
	for line, want := range map[string]string{
		"measure --help": measure, "measure -h": measure, "--help measure": measure, "measure --all --help x": measure,
		"": program, "--help": program, "-h": program,
	} {
		if have := newProgram().run(t, line); have != want {
			t.Errorf("%s\nhave %s\nwant %s", line, have, want)
		}
	}
	const list = "NAME:\n   prog store list - "
	for _, line := range []string{"store list --help", "store --help list", "--help store list"} {
		if have := newProgram().run(t, line); !strings.HasPrefix(have, list) {
			t.Errorf("%s\nhave %s", line, have)
		}
	}
}

// The manual page has all that is not hidden, and no text of ours is a request to roff.
func TestManual(t *testing.T) {
	p := newProgram()
	p.app.Commands[0].Usage = ".so /etc/passwd"
	page := p.app.ToMan()
	for _, want := range []string{
		".TH PROG 1\n", "prog \\- does it\n", ".SS \"measure [FILE…]\"\n\\&.so /etc/passwd\n", ".SS \"store list\"\nlist 'them' \\- all\\enone\n",
		".TP\n.B \\-\\-days N\nthe last N days (default: 3) [$T_DAYS]\n", "(default: \\(dqx\\(dq)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "secret") || strings.Contains(page, `\-\-kept`) {
		t.Errorf("it shows what is hidden:\n%s", page)
	}
}

var _ flag.Value = (*cli.StringSlice)(nil)
