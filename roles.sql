-- Roles for a database of regress that several projects share, beside schema.sql.
--
-- Applied on request, by `regress baseline roles` or `psql -1 -f roles.sql`, as the owner
-- of the tables; applying it again changes nothing. Who made the tables, and every role
-- that has rights of its own on them, goes on as before.
--
--	regress_writer   puts and removes runs of the projects that are its own
--	regress_reader   reads them
--
-- Neither can log in. A role of yours is made a member of one of them, and what it may see
-- stands in project_access, where only the owner of the tables writes:
--
--	create role ci_parser login password '…' in role regress_writer;
--	insert into project_access (project_id, role) values ('github.com/x/parser', 'ci_parser');
--
-- What is not named there is, for members, not there: neither its runs nor its name. The
-- role of a row may be a group, whose members have what it has.
--
-- Making the two roles takes CREATEROLE. Where the owner of the tables lacks it, let an
-- administrator run `create role regress_writer; create role regress_reader` before.

do $$
declare
	r text;
begin
	foreach r in array array['regress_reader', 'regress_writer'] loop
		if not exists (select from pg_roles where rolname = r) then
			begin
				execute format('create role %I', r);
			exception when duplicate_object or unique_violation then null; -- another database of the server, just now
			end;
		end if;
	end loop;
end $$;

create table if not exists project_access (
	project_id text not null,
	role name not null,
	primary key (project_id, role)
);
comment on table project_access is 'Which members of regress_writer and regress_reader see which projects.';
comment on column project_access.project_id is 'The project; it need not have a run yet.';
comment on column project_access.role is 'A role, or a group of roles.';

-- A policy asks project_access once a statement and not once a row: what stands in
-- (select …) and array(select …) does not depend on the row.
do $$
declare
	t text;
	mine text := 'select rolname from pg_roles where pg_has_role(oid, ''usage'')'; -- pg_has_role fails on a name that is gone
	own text := format('project_id = any (array(select a.project_id from project_access a where a.role in (%s)))', mine);
	other text := '(select not pg_has_role(current_user, ''regress_reader'', ''member'') and not pg_has_role(current_user, ''regress_writer'', ''member''))';
begin
	foreach t in array array['project', 'run', 'raw', 'series', 'sample', 'decision', 'verdict'] loop
		execute format('alter table %I enable row level security', t);
		execute format('drop policy if exists regress_own on %I', t);
		execute format('drop policy if exists regress_other on %I', t);
		execute format('create policy regress_own on %I to regress_reader, regress_writer using (%s)', t, own);
		execute format('create policy regress_other on %I using (%s)', t, other);
		execute format('grant select on %I to regress_reader', t);
		execute format('grant select, insert on %I to regress_writer', t);
	end loop;
	alter table project_access enable row level security;
	drop policy if exists regress_own on project_access;
	execute format('create policy regress_own on project_access for select using (role in (%s))', mine);
	execute format('grant usage on schema %I to regress_reader, regress_writer', current_schema());
	if current_setting('server_version_num')::int >= 150000 then -- before, a view sees what its owner does
		grant select on regress_points to regress_reader, regress_writer;
	end if;
end $$;
grant select on regress_schema, project_access to regress_reader, regress_writer;
grant delete on run, decision to regress_writer;
