package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline/postgres"
)

// rolesFlags are what baseline roles is asked.
type rolesFlags struct {
	fileFlags
	storeFlags
}

func baselineRolesCommand(w *world) *cli.Command {
	f := new(rolesFlags)
	return &cli.Command{
		Name:   "roles",
		Usage:  "let projects share a PostgreSQL: roles that write or read, each for projects of its own",
		Flags:  flags(f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

// rolesNext is what is left to do by hand: regress is given no passwords to make.
const rolesNext = `regress_writer and regress_reader are there. Give each of your roles its projects:
  create role ci_parser login password '…' in role regress_writer;
  insert into project_access (project_id, role) values ('github.com/x/parser', 'ci_parser');
`

func (f *rolesFlags) run(ctx context.Context, s *session, _ []string) error {
	if !isPostgres(s.cfg.Store) {
		return usagef("baseline roles: the store is a directory, where the file system says who may read and write: name a server with --store postgres://…")
	}
	if err := postgres.MakeRoles(ctx, s.cfg.Store); err != nil {
		return err
	}
	_, err := io.WriteString(s.stdout, rolesNext)
	return err
}
