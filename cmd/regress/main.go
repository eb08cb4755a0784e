// Command regress compares benchmarks of two commits on this machine and says
// whether something became slower, how sure it is, and what it could not see.
//
//	regress compare --base main
//	regress baseline update
//	regress init
//
// Exit codes: 0 pass, 1 the gate failed, 2 wrong usage, 3 undecided.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

func main() { os.Exit(Main()) }

// Main runs the command line of this process and returns its exit code.
func Main() int {
	w := &world{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	w.unhidden(takeOver())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // the first signal asks, a second one kills
		<-ctx.Done()
		stop()
	}()
	for _, pair := range os.Environ() { // an empty variable is no value: urfave/cli takes it for one
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, "REGRESS_") {
			_ = os.Unsetenv(name)
		}
	}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		w.color = os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			w.width = width
		}
	}
	w.progress = term.IsTerminal(int(os.Stderr.Fd()))
	return w.main(ctx, os.Args)
}

// world is what a process is given besides its arguments.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	color          bool // stdout is a terminal that wants colour
	width          int  // columns of the terminal; 0: unknown
	progress       bool // stderr is a terminal
}

func (w *world) main(ctx context.Context, args []string) int {
	out := &checked{Writer: w.stdout}
	w.stdout = out
	app := newApp(w)
	err := app.RunContext(ctx, arranged(app, args))
	if err == nil && out.err != nil { // a table or a help text that nobody got
		err = fmt.Errorf("write the output: %w", out.err)
	}
	if err != nil && !silent(err) {
		w.note("%v", err)
	}
	return exitCode(err)
}

// checked remembers the first write that failed.
type checked struct {
	io.Writer
	err error
}

func (c *checked) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// note prints something for the person, away from the report. Names of files and
// what stands in them may be a stranger's: nothing of it reaches the terminal as
// a control character.
func (w *world) note(format string, args ...any) {
	fmt.Fprintf(w.stderr, "regress: %s\n", figure.PlainLines(fmt.Sprintf(format, args...)))
}
