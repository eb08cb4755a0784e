package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/machine"
	"github.com/descartes/regress/pkg/gate"
)

// noiseFlags are what noise is asked.
type noiseFlags struct {
	fileFlags
	storeFlags
}

func noiseCommand(w *world) *cli.Command {
	f := new(noiseFlags)
	return &cli.Command{
		Name:   "noise",
		Usage:  "what the store knows of each benchmark's noise on this class of machine, noisiest first",
		Flags:  flags(f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

func (f *noiseFlags) run(ctx context.Context, s *session, _ []string) error {
	runs, err := s.here(ctx)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return errors.New("noise: the store has no run of this class of machine: regress baseline update adds one")
	}
	memory := gate.Learn(runs)
	keys := make([]baseline.Key, 0, len(memory))
	for key := range memory {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b baseline.Key) int {
		return cmp.Or(-cmp.Compare(memory[a].SD, memory[b].SD), a.Compare(b))
	})
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BENCHMARK\tUNIT\tWITHIN A SESSION\tBETWEEN SESSIONS\tRUN-WIDE\tSESSIONS")
	for _, key := range keys {
		n := memory[key]
		fmt.Fprintf(table, "%s\t%s\t%.2f %%\t%.2f %%\t%.2f %%\t%d\n", key.Name, key.Unit, 100*n.SD, 100*n.Between, 100*n.RunWide, n.Sessions)
	}
	return table.Flush()
}

// here returns what the store has from this class of machine, oldest first.
func (s *session) here(ctx context.Context) ([]baseline.Run, error) {
	env, _ := machine.Environment(ctx)
	return s.stored(ctx, baseline.Query{Project: s.project(baseline.Log{}), Fingerprint: env.Fingerprint(), Limit: memoryRuns})
}
