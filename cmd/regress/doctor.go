package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/machine"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
)

func doctorCommand(w *world) *cli.Command {
	var calibrating bool
	return &cli.Command{
		Name:  "doctor",
		Usage: "how fit this machine is for measuring: an A/A of a calibration loop, the smallest change it could see, and what counts instructions",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "calibrate", Destination: &calibrating, Hidden: true}},
		Action: func(c *cli.Context) error {
			if calibrating {
				_, err := fmt.Fprintf(w.stdout, "%d\n", calibrate().Nanoseconds())
				return err
			}
			return w.doctor(c.Context)
		},
	}
}

// calibration is how many processes a side doctor starts, and how many pieces
// of work one of them times: about 50 ms of arithmetic and memory together.
const (
	calibrationRounds = 12
	calibrationPieces = 40
)

// calibrate times a fixed piece of work (integer arithmetic over 256 KiB, as
// much as an L2 cache holds) and returns the median piece.
func calibrate() time.Duration {
	memory := make([]uint64, 1<<15)
	times := make([]float64, calibrationPieces)
	seed := uint64(1)
	for i := range times {
		start := time.Now()
		for range 12 {
			for j := range memory {
				seed = seed*6364136223846793005 + memory[j] + 1442695040888963407
				memory[j] = seed
			}
		}
		times[i] = float64(time.Since(start))
	}
	return time.Duration(stat.Median(times))
}

// calibrated is what a run of the calibration loop gave.
type calibrated struct {
	sides [2][]float64 // logarithms of nanoseconds, in the order of measurement
	load  baseline.Load
}

// doctor runs the calibration loop as two sides that are the same program, in
// alternating processes, as compare would.
func (w *world) doctor(ctx context.Context) error {
	env, warnings := machine.Environment(ctx)
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("doctor: find this program: %w", err)
	}
	watch := machine.Start()
	var own time.Duration
	var c calibrated
	for i := range 2 * calibrationRounds {
		cmd := exec.CommandContext(ctx, self, "doctor", "--calibrate")
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("doctor: calibration process: %w", err)
		}
		ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil || ns <= 0 {
			return fmt.Errorf("doctor: calibration process printed %q, not nanoseconds", out)
		}
		own += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		// ABBA: a slow drift weighs on both sides alike.
		side := (i + i/2) % 2
		c.sides[side] = append(c.sides[side], math.Log(ns))
	}
	c.load = watch.Stop(own)
	c.print(w.stdout, env, warnings)
	counting(ctx, w.stdout)
	return nil
}

// counting prints what can count instructions on this machine and how well, else the command that
// would bring it.
func counting(ctx context.Context, w io.Writer) {
	counter, trials := count.Find(ctx)
	for _, trial := range trials {
		if trial.Why == "" {
			continue
		}
		fmt.Fprintf(w, "counts    nothing by %s: %s\n", trial.Name, trial.Why)
		if trial.Remedy != "" {
			fmt.Fprintf(w, "          %s\n", trial.Remedy)
		}
	}
	if counter == nil {
		return
	}
	defer counter.Close()
	check, err := counter.Check(ctx)
	if err != nil {
		fmt.Fprintf(w, "counts    nothing by %s: %v\n", counter.Name(), err)
		return
	}
	fmt.Fprintf(w, "counts    instructions, by %s: a known loop %+.2f %%, the same again %+.2f %%, in a larger program %+.2f %%\n",
		counter.Name(), 100*check.Truth, 100*check.Again, 100*check.Moved)
	fmt.Fprintf(w, "          a counted process of that loop takes %.2f s of a processor, natively %.2f s\n",
		check.Emulated.Seconds(), check.Native.Seconds())
}

// unfit returns why this machine, as it was just now, is not one to measure on; empty when it is.
func (c calibrated) unfit() string {
	if why := machine.Disturbed(c.load); why != "" {
		return why + ": let it rest, or measure on another"
	}
	effect := gate.DefaultPolicy().MinEffect
	if least := c.visible(mostRounds); least > effect {
		return fmt.Sprintf("the same program differs so much from process to process that %d rounds a side see nothing below %.0f %% slower: measure on another", mostRounds, 100*least)
	}
	return ""
}

// mostRounds is what a comparison has time for: half a minute a benchmark.
const mostRounds = 30

func (c calibrated) noise() float64 { return stat.Scale(slices.Concat(c.sides[0], c.sides[1])) }

// visible returns the smallest change that so many rounds a side see, among 50 benchmarks at 1 %
// false alarms.
func (c calibrated) visible(rounds int) float64 {
	return math.Expm1(stat.Detectable(c.noise(), rounds, rounds, .01/50))
}

// print says first whether the machine is fit. What an unfit one could see is nothing to plan with.
func (c calibrated) print(w io.Writer, env baseline.Environment, warnings []string) {
	unfit := c.unfit()
	if unfit != "" {
		fmt.Fprintf(w, "unfit     %s\n", unfit)
	} else {
		fmt.Fprintf(w, "fit       10 rounds a side see what is %.1f %% slower\n", 100*c.visible(10))
	}
	fmt.Fprintf(w, "machine   %s, %d cores, %s/%s %s, fingerprint %s\n", env.CPU, env.Cores, env.OS, env.Arch, env.Virtual, env.Fingerprint())
	fmt.Fprintf(w, "load      steal %.1f %%, other processes %.1f %% of all processors\n", 100*c.load.Steal, 100*c.load.Other)
	fmt.Fprintf(w, "noise     %.2f %% between processes of the same program (robust SD of %d)\n", 100*c.noise(), len(c.sides[0])+len(c.sides[1]))
	fmt.Fprintf(w, "A/A       two sides of the same program differ by %+.2f %%, which is noise\n", 100*math.Expm1(stat.Median(c.sides[1])-stat.Median(c.sides[0])))
	for _, rounds := range []int{3, 10, mostRounds} {
		if unfit == "" {
			fmt.Fprintf(w, "could see %.1f %% slower with %d rounds a side, among 50 benchmarks at 1 %% false alarms\n", 100*c.visible(rounds), rounds)
		}
	}
	for _, warning := range warnings {
		fmt.Fprintf(w, "warning   %s\n", warning)
	}
}
