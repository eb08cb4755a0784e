package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

var workers = runtime.GOMAXPROCS(0)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(2)
	}
}

func run() error {
	pulls := flag.Int("pulls", 1000, "pull requests of every kind")
	seed := flag.Uint64("seed", 1, "of all draws")
	only := flag.String("source", "", "one source: dedicated, cloud or harsh")
	file := flag.String("o", "", "write the table to this file instead of standard output")
	ourOwn := flag.Bool("ours", false, "leave out the rules of other tools")
	flag.Parse()
	rules := ours()
	if !*ourOwn {
		rules = append(peers(), rules...)
	}
	all, err := sources()
	if err != nil {
		return err
	}
	if *only != "" {
		all = slices.DeleteFunc(all, func(s source) bool { return s.name != *only })
		if len(all) == 0 {
			return fmt.Errorf("no source %q: there are dedicated, cloud and harsh", *only)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# How often the gate is wrong\n\nWritten by `go run ./pkg/gate/accuracy -pulls %d -seed %d%s`; doc.go there says how it is measured.\n", *pulls, *seed,
		strings.TrimSuffix(" -source "+*only, " -source "))
	fmt.Fprintf(&out, "α = 1 %% a pull request. Shares of %d pull requests each: a share of .01 is known to ± %.3f.\n", *pulls, 2*stderr(.01, *pulls))
	write(&out, all, rules, *pulls, *seed)
	if *file == "" {
		_, err = os.Stdout.Write(out.Bytes())
		return err
	}
	return os.WriteFile(*file, out.Bytes(), 0o644)
}
