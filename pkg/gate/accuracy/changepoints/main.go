package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
)

var workers = runtime.GOMAXPROCS(0)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "changepoints:", err)
		os.Exit(2)
	}
}

func run() error {
	count := flag.Int("series", 1000, "series of each kind of noise")
	seed := flag.Uint64("seed", 1, "of all draws")
	dir := flag.String("turing", "", "also score a checkout of the Turing change point data set, a directory with annotations.json and datasets/")
	flag.Parse()
	real, artificial, err := sources()
	if err != nil {
		return err
	}
	also := ""
	if *dir != "" {
		also = " -turing DIR"
	}
	fmt.Printf("# Change points\n\nWritten by `go run ./pkg/gate/accuracy/changepoints -series %d -seed %d%s`; doc.go there says how it is measured.\nShares of %d series.\n\n", *count, *seed, also, *count)
	write(os.Stdout, real, artificial, *count, *seed)
	writeWatched(os.Stdout, append(real, artificial...), *count, *seed)
	if *dir == "" {
		return nil
	}
	return writeTuring(os.Stdout, *dir)
}
