package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline/machine"
	"github.com/descartes/regress/pkg/gate/stat"
)

func doctorCommand(w *world) *cli.Command {
	var calibrating bool
	return &cli.Command{
		Name:  "doctor",
		Usage: "how fit this machine is for measuring: an A/A of a calibration loop, and the smallest change it could see",
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

// doctor runs the calibration loop as two sides that are the same program, in
// alternating processes, as compare would.
func (w *world) doctor(ctx context.Context) error {
	env, warnings := machine.Environment(ctx)
	fmt.Fprintf(w.stdout, "machine   %s, %d cores, %s/%s %s, fingerprint %s\n", env.CPU, env.Cores, env.OS, env.Arch, env.Virtual, env.Fingerprint())
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("doctor: find this program: %w", err)
	}
	watch := machine.Start()
	var own time.Duration
	sides := [2][]float64{}
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
		sides[side] = append(sides[side], math.Log(ns))
	}
	load := watch.Stop(own)
	all := append(append([]float64{}, sides[0]...), sides[1]...)
	noise := stat.Scale(all)
	fmt.Fprintf(w.stdout, "noise     %.2f %% between processes of the same program (robust SD of %d)\n", 100*noise, len(all))
	fmt.Fprintf(w.stdout, "A/A       the two sides differ by %+.2f %%, and nothing differs\n", 100*math.Expm1(stat.Median(sides[1])-stat.Median(sides[0])))
	for _, rounds := range []int{3, 10, 30} {
		fmt.Fprintf(w.stdout, "could see %.1f %% slower with %d rounds a side, among 50 benchmarks at 1 %% false alarms\n", 100*math.Expm1(stat.Detectable(noise, rounds, rounds, .01/50)), rounds)
	}
	fmt.Fprintf(w.stdout, "load      steal %.1f %%, other processes %.1f %% of all processors\n", 100*load.Steal, 100*load.Other)
	if why := machine.Disturbed(load); why != "" {
		warnings = append(warnings, "disturbed while calibrating: "+why)
	}
	for _, warning := range warnings {
		fmt.Fprintf(w.stdout, "warning   %s\n", warning)
	}
	return nil
}
