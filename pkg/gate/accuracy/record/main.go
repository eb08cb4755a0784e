// Record measures how much the value of a process scatters, for each way to take it: in how many
// repetitions, how long each, on one processor or any, and which of the repetitions counts. The
// procedure of pairs was chosen by such a table; this makes another, on any machine.
//
//	go run ./pkg/gate/accuracy/record -for 20m sort regexp github.com/tidwall/gjson@v1.20.2
//	go run ./pkg/gate/accuracy/record -beside 4 sort github.com/klauspost/compress@v1.18.0/zstd
//	go run ./pkg/gate/accuracy/record -ways 10x3ms:one,10x3ms:any strconv ./bench
//	go run ./pkg/gate/accuracy/record -for 1h -o pairs.csv.gz -machine "my machine" sort regexp
//
// A package is an import path of the standard library or of this module, a directory that begins
// with . or /, or MODULE@VERSION, behind which a folder of the module may stand. Its test binary
// is built once, and is both sides of every pair: whatever difference is seen is noise.
//
// # Benchmarks
//
// Every benchmark runs once for one iteration, as far as 20 seconds go. The names of those that
// take less than 2 ms are sorted and cut into -each stretches. Of each stretch the first is taken
// that works and of which a repetition costs less than 30 ms beside its operations, if it is among
// the first five.
//
// # Ways
//
// A way is REPETITIONSxLENGTH:WHERE. One repetition is measured as go test does, by -benchtime;
// several have the same number of iterations, so many as fill LENGTH by what one measurement said
// beforehand. "one" pins both processes of a pair to one processor, drawn for the pair, with
// GOMAXPROCS=1; only Linux lets a program do so. "any" leaves both as they are. Whether a
// benchmark needs several processors is not looked at: name packages whose benchmarks do not, or
// compare them in ways of "any" alone.
//
// # Order
//
// In a sweep each benchmark has its turn, in random order, and in it each way, in random order: a
// pair of processes right after each other, either side first. Sweeps are made until the time of
// -for is up; choosing benchmarks comes before, with nothing beside. -beside starts so many
// processes that do nothing but compute. A process that fails, or takes longer than 20 seconds,
// costs its pair, and is told; after three such pairs a benchmark is left alone.
//
// # The table
//
// The spread of a benchmark is the robust standard deviation (1.4826 times the median absolute
// value, since the truth is 0) of the logarithm of the ratio of the two values of a pair. A cell
// has its median over the benchmarks, the 90th percentile, and how many benchmarks have more than
// 4 %. Quantiles are interpolated. A benchmark with fewer than four pairs does not count.
//
// # Recordings
//
// With -o the pairs of the way -keep are written to a file for pkg/gate/accuracy -data, and are
// added where the file is there already, so that one file may have several machines. The value of
// a process is the second lowest of twenty repetitions or more, else the lowest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == field.BusyArg {
		field.Busy(os.Stdin)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(2)
	}
}

// options are what record is asked.
type options struct {
	limit         time.Duration
	beside, each  int
	ways          []way
	file, machine string
	keep          way // whose pairs go into the file
	packages      []string
}

// parse reads the arguments. It ends the program at flags that are none, and at -help.
func parse(args []string) (o options, err error) {
	flag := flag.NewFlagSet("record", flag.ExitOnError)
	flag.DurationVar(&o.limit, "for", 5*time.Minute, "make sweeps for this long")
	flag.IntVar(&o.beside, "beside", 0, "how many processes compute beside everything")
	flag.IntVar(&o.each, "each", 3, "benchmarks of each package")
	ways := flag.String("ways", "1x30ms:any,10x3ms:any,10x3ms:one,20x1ms:one,30x1ms:one,40x500us:one", "ways to measure, REPETITIONSxLENGTH:WHERE, WHERE one or any")
	keep := flag.String("keep", "40x500us:one", "the way of -ways whose pairs -o writes")
	flag.StringVar(&o.file, "o", "", "add the pairs of one way to this pairs.csv.gz")
	flag.StringVar(&o.machine, "machine", "", "with -o: what the machine is called there")
	_ = flag.Parse(args)
	o.packages = flag.Args()
	if o.ways, err = parseWays(*ways); err != nil {
		return o, fmt.Errorf("-ways: %w", err)
	}
	switch {
	case len(o.packages) == 0:
		return o, errors.New("no package to measure is named: try record sort regexp")
	case slices.ContainsFunc(o.packages, func(name string) bool { return strings.HasPrefix(name, "-") }):
		return o, errors.New("flags stand before the packages")
	case len(slices.Compact(slices.Sorted(slices.Values(o.packages)))) < len(o.packages):
		return o, errors.New("a package is named twice")
	case o.limit <= 0 || o.each < 1 || o.beside < 0:
		return o, errors.New("-for and -each must be more than nothing, -beside not less")
	case o.file == "" && o.machine != "", o.file != "" && o.machine == "":
		return o, errors.New("-o and -machine need each other")
	case o.file == "":
		return o, nil
	}
	kept, err := parseWays(*keep)
	if err != nil {
		return o, fmt.Errorf("-keep: %w", err)
	}
	if len(kept) != 1 || !slices.Contains(o.ways, kept[0]) {
		return o, fmt.Errorf("-keep %s is not one of -ways", *keep)
	}
	o.keep = kept[0]
	return o, nil
}

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	var file *os.File
	if o.file != "" { // now, so that an hour is not measured for nothing
		if file, err = os.OpenFile(o.file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, leave(file)) }()
	}
	dir, err := os.MkdirTemp("", "regress-record-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &recorder{ways: o.ways, rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	if slices.ContainsFunc(o.ways, func(w way) bool { return w.pinned }) {
		if r.processors, err = processors(); err != nil {
			return fmt.Errorf("choose processors: %w; leave the ways with :one out of -ways", err)
		}
	}
	for i, name := range o.packages {
		b, err := build(ctx, dir, i, name)
		if err == nil {
			err = r.choose(ctx, b, o.each)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	others, err := field.Compete(o.beside)
	if err != nil {
		return err
	}
	watch := field.NewWatch()
	limited, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	r.sweeps(limited)
	err = errors.Join(r.write(os.Stdout, setting(args, o.beside, watch)), others.End())
	if file != nil {
		err = errors.Join(err, r.save(file, o.machine, o.keep))
	}
	return err
}

// leave closes a file, and removes it where nothing was written.
func leave(file *os.File) error {
	info, err := file.Stat()
	if err == nil && info.Size() == 0 {
		err = os.Remove(file.Name())
	}
	return errors.Join(err, file.Close())
}
