package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	regress "github.com/descartes/regress"
	"github.com/descartes/regress/pkg/baseline"
)

const (
	// migration is the key of the advisory lock that only one migration holds: any
	// constant that no other program uses ("regress" in ASCII). It is a lock of the
	// transaction, for a session's would stay behind in pgbouncer.
	migration = 0x72656772657373

	// turn bounds the wait for another process that migrates: a store of version 1
	// with two million samples takes it a minute.
	turn = 10 * time.Minute
)

// migrate brings the tables to the version of this program, in one transaction.
func (s *store) migrate(ctx context.Context) error {
	v, err := version(ctx, s.pool)
	if err != nil {
		return s.explain(ctx, "open", err)
	}
	if v < regress.SchemaVersion {
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := takeTurn(ctx, tx); err != nil {
				return err
			}
			// Another process may have come first while this one waited.
			if v, err = version(ctx, tx); err != nil || v >= regress.SchemaVersion {
				return err
			}
			if err := create(ctx, tx, v); err != nil {
				return err
			}
			v = regress.SchemaVersion
			return renewRoles(ctx, tx)
		})
		if err != nil {
			return s.refine(ctx, "create tables in", err)
		}
	}
	if v > regress.SchemaVersion {
		return fmt.Errorf("open store %s: %w: version %d, this program knows %d: update regress", s.where, baseline.ErrNewerSchema, v, regress.SchemaVersion)
	}
	return nil
}

// takeTurn waits for the lock of migrations by asking again, so that each call is
// answered at once and a server that has stopped answering is noticed.
func takeTurn(ctx context.Context, tx pgx.Tx) error {
	for end := time.Now().Add(turn); ; {
		var mine bool
		if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", int64(migration)).Scan(&mine); err != nil || mine {
			return err
		}
		if time.Now().After(end) {
			return plain{fmt.Errorf("another process has been making its tables for %v: see what it does, or end it (pg_stat_activity)", turn)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// create makes the tables of this version where there are none, or those of version have.
func create(ctx context.Context, tx pgx.Tx, have int) error {
	run := func(steps ...string) error {
		for _, step := range steps {
			if _, err := tx.Conn().PgConn().Exec(ctx, step).ReadAll(); err != nil {
				return err
			}
		}
		return nil
	}
	switch have {
	case 1:
		if err := run(setAside, regress.Schema, grantAs("run_1", "run", "raw", "series", "decision", "verdict"), grantAs("sample_1", "sample"), moveRuns); err != nil {
			return err
		}
		if err := moveSamples(ctx, tx); err != nil {
			return err
		}
		if err := packOlder(ctx, tx); err != nil {
			return err
		}
		return run(finish)
	case 2:
		if err := run(widen, regress.Schema, grantAs("run", "decision", "verdict")); err != nil {
			return err
		}
		if err := packOlder(ctx, tx); err != nil {
			return err
		}
		return run(raise)
	}
	return run(regress.Schema)
}

// The steps from version 2, which knew no sessions, no facts of commits and no decisions, and
// packed no points. The other columns have defaults and cost no more than a change of the
// catalogue. A program of version 2 that is writing is waited for, in the order in which it uses
// the tables; what it writes afterwards is a run of which those facts are unknown, and whose
// points are packed when they are asked for.
const (
	widen = `
		lock table project, series, run, raw in access exclusive mode;
		alter table run
			add column session text collate "C" not null default '',
			add column committed timestamptz,
			add column place int not null default 0,
			add column author text not null default '',
			add column subject text not null default '',
			add column pull int not null default 0;
		alter table raw add column points bytea;`
	raise = `update regress_schema set version = 3;`
)

// The steps from version 1, in which run held the raw text and sample the names
// of its series. The tables are made anew rather than altered: what comes out is what
// schema.sql makes, and rows are written once.
//
// A program of version 1 that is connected and writes is waited for: the tables
// are locked in the order in which it uses them, and before anything else. What it begins
// afterwards waits for the end of the migration and then fails whole, with the name
// of a constraint that says why.
const (
	setAside = `
		lock table project, run, sample in access exclusive mode;
		alter table run rename to run_1;
		alter table sample rename to sample_1;
		alter index run_pkey rename to run_1_pkey;
		alter index run_newest rename to run_1_newest;
		alter index run_by_id rename to run_1_by_id;
		alter index sample_pkey rename to sample_1_pkey;
		alter table run_1 rename constraint run_project_id_fkey to run_1_fkey;
		alter table sample_1 rename constraint sample_check to sample_1_check;
		alter table sample_1 rename constraint sample_project_id_run_id_fkey to sample_1_fkey;`
	moveRuns = `
		insert into run (project_id, id, side, commit_sha, branch, dirty, started, fingerprint, environment, series)
		select project_id, id, side, commit_sha, branch, dirty, started, fingerprint, environment, series from run_1;`
	finish = `
		drop table sample_1;
		drop table run_1;
		update regress_schema set version = 3;`
)

// grantAs returns the statement by which who owned the old table owns the new ones, and who might
// read or write it may read or write them.
func grantAs(old string, tables ...string) string {
	var pairs []string
	for _, table := range tables {
		pairs = append(pairs, fmt.Sprintf("('%s', '%s')", old, table))
	}
	return `
		do $$
		declare
			t record;
			g record;
		begin
			for t in select old::regclass as old, new, pg_get_userbyid(c.relowner) as owner, c.relowner, c.relacl
				from (values ` + strings.Join(pairs, ", ") + `) as pair (old, new)
				join pg_class c on c.oid = old::regclass
			loop
				for g in select privilege_type, is_grantable, grantee from aclexplode(t.relacl) where grantee <> t.relowner
				loop
					execute format('grant %s on %I to %s%s', g.privilege_type, t.new,
						case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
						case when g.is_grantable then ' with grant option' else '' end);
				end loop;
				if t.owner <> current_user then
					execute format('alter table %I owner to %I', t.new, t.owner);
				end if;
			end loop;
		end $$;`
}

// piece bounds how many samples are moved at a time.
const piece = 10_000

// moveSamples moves texts and samples, some runs at a time: each call is
// short, and the memory for it bounded.
func moveSamples(ctx context.Context, tx pgx.Tx) error {
	type run struct {
		project, id string
		series      int
	}
	rows, err := tx.Query(ctx, "select project_id, id, series from run_1 order by project_id, id")
	if err != nil {
		return err
	}
	runs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r run, err error) {
		err = row.Scan(&r.project, &r.id, &r.series)
		return r, err
	})
	if err != nil {
		return err
	}
	for len(runs) > 0 {
		var projects, ids []string
		for n := 0; len(runs) > 0 && (n == 0 || n+runs[0].series <= piece); runs = runs[1:] {
			projects, ids = append(projects, runs[0].project), append(ids, runs[0].id)
			n += runs[0].series + 1 // a run without samples has a text
		}
		if err := moveSome(ctx, tx, projects, ids); err != nil {
			return err
		}
	}
	return nil
}

// moveSome moves the texts and samples of some runs.
func moveSome(ctx context.Context, tx pgx.Tx, projects, ids []string) error {
	_, err := tx.Exec(ctx, `
		insert into raw (project_id, run_id, raw) select project_id, id, raw
		from run_1 join unnest($1::text[], $2::text[]) as these (p, i) on project_id = p and id = i`, projects, ids)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		select project_id, run_id, package, name, unit, "values", rounds
		from sample_1 join unnest($1::text[], $2::text[]) as these (p, i) on project_id = p and run_id = i`, projects, ids)
	if err != nil {
		return err
	}
	moved, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r sampleRow, err error) {
		err = row.Scan(&r.project, &r.run, &r.Package, &r.Name, &r.Unit, &r.Values, &r.Rounds)
		return r, err
	})
	if err != nil {
		return err
	}
	series := make([]seriesRow, len(moved))
	for i, r := range moved {
		moved[i] = newRow(r.project, r.run, seriesID(r.Key), r.Sample)
		series[i] = seriesRow{r.project, moved[i].id, r.Key}
	}
	if err := insertSeries(ctx, tx, tidy(series)); err != nil {
		return err
	}
	return copySamples(ctx, tx, moved)
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// version returns that of the tables, 0 when there are none.
func version(ctx context.Context, db querier) (v int, err error) {
	var there bool
	if err = db.QueryRow(ctx, "select to_regclass('regress_schema') is not null").Scan(&there); err != nil || !there {
		return 0, err
	}
	err = db.QueryRow(ctx, "select coalesce(max(version), 0) from regress_schema").Scan(&v)
	return v, err
}
