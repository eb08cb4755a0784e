package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// The scripts ask the program itself what may stand at the cursor: "regress complete WORDS…", of
// which the last is what has been typed of a word so far. Where it prints nothing, the shell offers
// files. Nothing it prints is expanded by a shell.
var completions = map[string]string{
	"bash": `_regress() {
  local cur="${COMP_WORDS[COMP_CWORD]}" word
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:$COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _regress regress
`,
	"zsh": `#compdef regress
_regress() {
  local -a found
  found=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then
    compadd -- "${found[@]}"
  else
    _files
  fi
}
compdef _regress regress
`,
	"fish": `function __regress
  set -l before (commandline -opc)
  regress complete -- $before[2..-1] (commandline -ct) 2>/dev/null
end
complete -c regress -a '(__regress)'
`,
}

func shells() []string { return slices.Sorted(maps.Keys(completions)) }

func completionCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script: source <(regress completion bash)",
		ArgsUsage: strings.Join(shells(), "|"),
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usagef("completion: name the shell: bash, zsh or fish")
			}
			script, ok := completions[c.Args().First()]
			if !ok {
				return usagef("completion: no script for %q: %s", c.Args().First(), "bash, zsh or fish")
			}
			_, err := fmt.Fprint(w.stdout, script)
			return err
		},
	}
}

// completeCommand answers the scripts.
func completeCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:      "complete",
		Usage:     "print what may stand at the cursor, for the completion scripts",
		ArgsUsage: "WORDS…",
		Hidden:    true,
		Action: func(c *cli.Context) error {
			ctx, cancel := context.WithTimeout(c.Context, 2*time.Second) // somebody waits with a finger on Tab
			defer cancel()
			for _, word := range w.complete(ctx, c.App, c.Args().Slice()) {
				fmt.Fprintln(w.stdout, word)
			}
			return nil
		},
	}
}

// complete returns what may stand in place of the last of words; nothing where the shell knows
// better, such as files.
func (w *world) complete(ctx context.Context, app *cli.App, words []string) []string {
	if len(words) == 0 {
		return nil
	}
	last := len(words) - 1
	current, before := words[last], words[:last]
	if current == "=" { // bash splits --format=json in three
		current, before = "", words
	}
	before = slices.DeleteFunc(slices.Clone(before), func(word string) bool { return word == "=" })
	commands, flags, name := app.Commands, app.Flags, ""
	for _, word := range before {
		if c := find(commands, word); c != nil {
			commands, flags, name = c.Subcommands, c.Flags, c.Name
		}
		if word == "help" {
			commands, name = app.Commands, ""
		}
	}
	front, _, inline := strings.Cut(current, "=")
	switch {
	case inline && takesValue(flags, front):
		return startingWith(current, prefixed(front+"=", w.values(ctx, name, strings.TrimLeft(front, "-"))))
	case len(before) > 0 && takesValue(flags, before[len(before)-1]) && strings.HasPrefix(before[len(before)-1], "-"):
		return startingWith(current, w.values(ctx, name, strings.TrimLeft(before[len(before)-1], "-")))
	case strings.HasPrefix(current, "-"):
		return startingWith(current, prefixed("--", append(flagNames(flags), "help")))
	case len(commands) > 0:
		return startingWith(current, commandNames(commands))
	case name == "run":
		return startingWith(current, w.values(ctx, name, "group"))
	case name == "completion":
		return startingWith(current, shells())
	}
	return nil
}

// values returns what a flag of a command may be given.
func (w *world) values(ctx context.Context, command, flag string) []string {
	switch flag {
	case "format":
		switch command {
		case "summary":
			return []string{"markdown", "json"}
		case "compare", "targets":
			return slices.Clone(formats) // which the caller makes its own
		}
		return []string{"text", "markdown", "json"}
	case "comment":
		return []string{"auto", "always", "never"}
	case "base", "branch":
		from, err := os.Getwd()
		if err != nil {
			return nil
		}
		in, err := repo.Open(ctx, from)
		if err != nil {
			return nil
		}
		return slices.DeleteFunc(in.Names(ctx), func(name string) bool { return !refs.MatchString(name) })
	case "group":
		s, err := w.open("")
		if err != nil {
			return nil
		}
		return slices.Sorted(maps.Keys(s.cfg.Groups))
	}
	return nil
}

func startingWith(prefix string, words []string) []string {
	return slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(word, prefix) })
}

func prefixed(prefix string, words []string) []string {
	for i := range words {
		words[i] = prefix + words[i]
	}
	return words
}
