package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	regress "github.com/descartes/regress"
)

// MakeRoles makes the roles regress_writer and regress_reader in the database that a
// postgres:// URL names, and lets their members see only the projects that are theirs, as
// roles.sql says. It makes the tables where there are none. Making roles again changes nothing.
func MakeRoles(ctx context.Context, dsn string) error {
	opened, err := Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer opened.Close()
	s := opened.(*store)
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := takeTurn(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Conn().PgConn().Exec(ctx, regress.Roles).ReadAll()
		return err
	})
	if err != nil {
		return s.refine(ctx, "make roles in", err)
	}
	return nil
}

// renewRoles extends roles to the tables that a migration has made, where there are roles.
func renewRoles(ctx context.Context, tx pgx.Tx) error {
	var there bool
	if err := tx.QueryRow(ctx, "select to_regclass('project_access') is not null").Scan(&there); err != nil || !there {
		return err
	}
	_, err := tx.Conn().PgConn().Exec(ctx, regress.Roles).ReadAll()
	return err
}
