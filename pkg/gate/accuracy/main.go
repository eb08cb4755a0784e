package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
)

var workers = runtime.GOMAXPROCS(0)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(2)
	}
}

func run() error {
	pulls := flag.Int("pulls", 2000, "pull requests for the gate's own settings")
	others := flag.Int("peers", 400, "pull requests for the rules of other tools; 0 leaves them out")
	seed := flag.Uint64("seed", 1, "of all draws")
	only := flag.String("source", "", "one source: dedicated, cloud or harsh")
	named := flag.String("rule", "", "only the rules whose name this regular expression finds, such as \"Δ = 3 %..$\"")
	dir := flag.String("data", "", "directory with a dedicated.csv.gz, a cloud.csv.gz and a pairs.csv.gz to draw from in place of testdata's")
	file := flag.String("o", "", "write the table to this file instead of standard output")
	flag.Parse()
	debug.SetGCPercent(800) // many short-lived logs, little that stays
	rules := ours(*pulls)
	if *others > 0 {
		rules = append(peers(*others), rules...)
	}
	wanted, err := regexp.Compile(*named)
	if err != nil {
		return fmt.Errorf("read -rule: %w", err)
	}
	rules = slices.DeleteFunc(rules, func(r rule) bool { return !wanted.MatchString(r.name) })
	if len(rules) == 0 {
		return fmt.Errorf("-rule %q finds no rule: TABLE.md has their names", *named)
	}
	all, err := sources(*dir)
	if err != nil {
		return err
	}
	if *only != "" {
		all = slices.DeleteFunc(all, func(s source) bool { return s.name != *only })
		if len(all) == 0 {
			return fmt.Errorf("no source %q: TABLE.md has their names", *only)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# How often the gate is wrong\n\nWritten by `go run ./pkg/gate/accuracy -pulls %d -peers %d -seed %d%s`; doc.go there says how it is measured.\n", *pulls, *others, *seed, narrowed(*only, *named, *dir))
	fmt.Fprintf(&out, "α = 1 %% a pull request. Shares of %d pull requests, of %d for other tools, with their 95 %% interval (Wilson).\n", *pulls, *others)
	write(&out, all, rules, *seed)
	if *file == "" {
		_, err = os.Stdout.Write(out.Bytes())
		return err
	}
	return os.WriteFile(*file, out.Bytes(), 0o644)
}

// narrowed repeats the flags that leave something out of a table, or change what it draws from.
func narrowed(source, rule, data string) (out string) {
	for _, f := range [][2]string{{"source", source}, {"rule", rule}, {"data", data}} {
		if f[1] != "" {
			out += fmt.Sprintf(" -%s '%s'", f[0], f[1])
		}
	}
	return out
}
