package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
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
	out := table.Table{Columns: []table.Column{
		{Title: "BENCHMARK"}, {Title: "UNIT"}, {Title: "WITHIN A SESSION", Right: true}, {Title: "BETWEEN SESSIONS", Right: true}, {Title: "RUN-WIDE", Right: true}, {Title: "SESSIONS", Right: true},
	}}
	packages := map[string]map[string]bool{} // of each name
	for _, key := range keys {
		if packages[key.Name] == nil {
			packages[key.Name] = map[string]bool{}
		}
		packages[key.Name][key.Package] = true
	}
	still := 0
	for _, key := range keys {
		n := memory[key]
		if n.SD == 0 && figure.KindOf(key.Unit) != figure.Time { // a count; a clock has been lucky
			still++
			continue
		}
		name := key.Name
		if len(packages[name]) > 1 {
			name = key.Path()
		}
		between, runWide := "–", "–" // of one session nothing is known
		if n.Sessions > 1 {
			between, runWide = figure.Percent(n.Between), figure.Percent(n.RunWide)
		}
		out.Add([]table.Cell{table.Named(name), table.Say(key.Unit), table.Figure(figure.Percent(n.SD)), table.Figure(between), table.Figure(runWide), table.Figure(fmt.Sprint(n.Sessions))})
	}
	var text strings.Builder
	table.Text{Width: s.width}.Write(&text, out)
	if still > 0 {
		fmt.Fprintf(&text, "%s without noise: counts that are the same in nearly every round\n", strconv.Itoa(still)+" series")
	}
	_, err = io.WriteString(s.stdout, text.String())
	return err
}

// here returns what the store has from this class of machine, oldest first.
func (a *archive) here(ctx context.Context) ([]baseline.Run, error) {
	return a.stored(ctx, a.ofHere(ctx))
}

// ofHere selects the newest runs of this class of machine.
func (a *archive) ofHere(ctx context.Context) baseline.Query {
	env, _ := machine.Environment(ctx)
	return baseline.Query{Project: a.project(baseline.Log{}), Fingerprint: env.Fingerprint(), Limit: memoryRuns}
}
