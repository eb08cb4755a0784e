// Hitrate measures how often the likely cause of a regression is right. It takes commits of public
// repositories that made a benchmark cheaper, takes them back one at a time, and asks where the
// cost comes from.
//
//	go run ./cmd/regress/internal/culprit/hitrate [-unseen] [-only PATTERN] [-dir DIRECTORY]
//
// An answer is right when the lines that it names are in a function that changed the cost, as was
// read from the commit before the finder was run on it. It counts work, so that the result does
// not depend on what else the machine does. It needs git, the repositories, the modules that they
// require, and what package count needs.
package main

import (
	"context"
	"encoding/gob"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/cmd/regress/internal/culprit"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/placement"
	"github.com/descartes/regress/pkg/baseline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir := flag.String("dir", "", "where repositories and counts are kept for the next time; empty: nothing is")
	clones := flag.String("clones", "https://{host}/{owner}/{name}", "where repositories are cloned from")
	unseen := flag.Bool("unseen", false, "the changes that were not looked at while the finder was built, instead of the others")
	only := flag.String("only", "", "a regular expression for PATH@COMMIT")
	flag.Parse()
	if err := run(ctx, *dir, *clones, *unseen, *only); err != nil {
		fmt.Fprintln(os.Stderr, "hitrate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, clones string, unseen bool, only string) (err error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hitrate-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	counter, trials := count.Find(ctx)
	if counter == nil {
		return fmt.Errorf("nothing counts instructions here: %+v", trials)
	}
	defer counter.Close()
	var all, named, right int
	fmt.Println("| commit, taken back | benchmark | work | the likely cause | |\n|---|---|---|---|---|")
	for _, c := range changes {
		if c.unseen != unseen || !match.MatchString(c.path+"@"+c.fast) || ctx.Err() != nil {
			continue
		}
		verdict, err := c.judge(ctx, counter, dir, clones)
		if err != nil {
			fmt.Printf("| %s@%s: %s | %s | | | %v |\n", c.path, c.fast, c.subject, c.bench, err)
			continue
		}
		all++
		if verdict.named {
			named++
		}
		if verdict.right {
			right++
		}
		fmt.Printf("| %s@%s: %s | %s | %+.1f %% | %s | %s |\n", c.path, c.fast, c.subject, c.bench, 100*verdict.grown, verdict.cause, verdict.word())
	}
	fmt.Printf("\n%d changes: %d named, of which %d right; %d silent.\n", all, named, right, all-named)
	return ctx.Err()
}

// verdict is what became of one change.
type verdict struct {
	grown        float64 // part by which the work grew
	cause        string
	named, right bool
}

func (v verdict) word() string {
	switch {
	case v.right:
		return "right"
	case v.named:
		return "**wrong**"
	}
	return "silent"
}

// judge has the cause of one change looked for.
func (c change) judge(ctx context.Context, counter *count.Counter, dir, clones string) (verdict, error) {
	tree := filepath.Join(dir, strings.NewReplacer("/", "-", ".", "-").Replace(c.path)+"-"+c.fast)
	if err := c.prepare(ctx, clones, tree); err != nil {
		return verdict{}, err
	}
	pair, err := c.counts(ctx, counter, tree)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{grown: sum(pair.HeadWork)/sum(pair.BaseWork) - 1}
	place, err := placement.Open(ctx, tree, "main")
	if err != nil {
		return v, err
	}
	cause, err := place.Find(pair)
	if err != nil {
		return v, err
	}
	if v.named = cause.File != ""; v.named {
		v.cause = fmt.Sprintf("%s:%d-%d %s (%.0f %%)", cause.File, cause.First, cause.Last, function(tree, cause), 100*cause.Share)
		for _, g := range c.guilty {
			v.right = v.right || g == function(tree, cause)
		}
	}
	for _, g := range cause.Grown {
		v.cause += fmt.Sprintf("; %s %+.0f", g.Function[strings.LastIndexByte(g.Function, '/')+1:], g.PerOp)
	}
	return v, nil
}

// counts returns the work of both sides.
func (c change) counts(ctx context.Context, counter *count.Counter, tree string) (pair placement.Pair, err error) {
	kept := tree + ".gob"
	if f, err := os.Open(kept); err == nil {
		defer f.Close()
		return pair, gob.NewDecoder(f).Decode(&pair)
	}
	session, err := measure.Open(ctx, measure.Options{
		Dir: tree, Base: "main", Packages: []string{"./" + c.sub}, Bench: exactly(c.bench), Benchtime: "20ms", Timeout: time.Minute,
	})
	if err != nil {
		return pair, err
	}
	defer session.Close()
	finder := culprit.Finder{Session: session, Counter: counter}
	pair, err = finder.Work(ctx, baseline.Base, baseline.Key{Package: strings.TrimSuffix(c.path+"/"+c.sub, "/"), Name: c.bench + suffix()})
	if err != nil {
		return pair, err
	}
	f, err := os.Create(kept)
	if err != nil {
		return pair, err
	}
	return pair, errors.Join(gob.NewEncoder(f).Encode(pair), f.Close())
}

// suffix returns what testing adds to the name of a benchmark.
func suffix() string {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return fmt.Sprintf("-%d", n)
	}
	return ""
}

func sum(p count.Profile) (all float64) {
	for _, s := range p.Stacks {
		all += float64(s.Instructions)
	}
	return all
}

// exactly returns the pattern of one benchmark.
func exactly(name string) string {
	parts := strings.Split("Benchmark"+name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// walk calls do for all files of a tree but git's.
func walk(tree string, do func(path string) error) error {
	return filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		return do(path)
	})
}
