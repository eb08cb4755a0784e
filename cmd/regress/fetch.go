package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/dir"
)

func baselineFetchCommand(w *world) *cli.Command {
	f := new(baselineFlags)
	return &cli.Command{
		Name:      "fetch",
		Usage:     "copy the runs that compare would ask the store for, the newest of this class of machine, into a directory: a job can then measure without the store's password",
		ArgsUsage: "DIR",
		Flags:     flags(f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.fetch, f.storeFlags.override),
	}
}

func (f *baselineFlags) fetch(ctx context.Context, s *session, names []string) error {
	if len(names) != 1 {
		return usagef("baseline fetch: name the directory to copy to")
	}
	from, err := s.store(ctx)
	if err != nil {
		return err
	}
	query := s.ofHere(ctx)
	query.Anchors, query.Limit = true, 2*query.Limit // who measures a baseline asks which was the last
	infos, err := from.List(ctx, query)
	if err != nil {
		return err
	}
	var runs []baseline.Run // with their texts, which are part of what they are
	for _, info := range infos {
		run, err := from.Get(ctx, info.ID)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	to, err := dir.Open(names[0])
	if err != nil {
		return err
	}
	defer to.Close()
	added, err := to.Put(ctx, runs...)
	if err != nil {
		return fmt.Errorf("baseline fetch: %w", err)
	}
	fmt.Fprintf(s.stdout, "%d copied to %s, %d there already\n", added, names[0], len(runs)-added)
	return nil
}
