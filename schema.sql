-- The schema of regress, version 3, for PostgreSQL 13 and later.
--
-- It is idempotent: applying it to a database that has it changes nothing.
-- regress applies it by itself, under an advisory lock, when a store is opened
-- by a role that may; `psql -1 -f schema.sql` does the same by hand for a database
-- without tables of regress. Those of versions 1 and 2 are brought here by regress alone.
--
-- Tables are made in the first schema of the search path, so that
-- postgres://…/db?search_path=team keeps them apart from other tables.
--
-- Past one machine the same tables distribute over Citus unchanged, because
-- every key contains project_id and foreign keys stand inside CREATE TABLE:
--
--	set citus.enable_local_reference_table_foreign_keys = off;
--	select create_reference_table('project');
--	select create_distributed_table('run', 'project_id');
--	select create_distributed_table('raw', 'project_id', colocate_with := 'run');
--	select create_distributed_table('series', 'project_id', colocate_with := 'run');
--	select create_distributed_table('sample', 'project_id', colocate_with := 'run');
--	select create_distributed_table('decision', 'project_id', colocate_with := 'run');
--	select create_distributed_table('verdict', 'project_id', colocate_with := 'run');

create table if not exists regress_schema (
	version int not null
);
comment on table regress_schema is 'One row: the version of these tables. A program that knows only older versions refuses to work with them.';
comment on column regress_schema.version is 'Raised by one with every change of this file that old programs could not live with.';

create table if not exists project (
	project_id text primary key,
	created timestamptz not null default now()
);
comment on table project is 'What is tracked: one row a repository or suite. Small, and joined to everything.';
comment on column project.project_id is 'Name of the project, such as github.com/x/y; may be empty.';
comment on column project.created is 'When the first run of the project was kept.';

create table if not exists run (
	project_id text not null references project,
	id text collate "C" not null,
	side text not null,
	commit_sha text collate "C" not null,
	branch text not null,
	dirty boolean not null,
	started timestamptz,
	fingerprint text not null,
	environment jsonb not null,
	series int not null,
	raw bytea constraint update_regress_this_store_has_schema_version_2 check (raw is null),
	session text collate "C" not null default '',
	committed timestamptz,
	place int not null default 0,
	author text not null default '',
	subject text not null default '',
	pull int not null default 0,
	primary key (project_id, id)
);
create index if not exists run_newest on run (project_id, branch, started desc);
create index if not exists run_by_id on run (id);
comment on table run is 'One side of one execution of a suite at one commit in one environment. Written once, never changed.';
comment on column run.project_id is 'Project, and the key of distribution.';
comment on column run.id is 'Of the content (project, side, commit, branch, fingerprint, raw text): 24 hexadecimal digits. The same run has the same ID in every store.';
comment on column run.side is 'base or head, the end of the comparison that it was measured for; anchor, an older commit that was measured beside a head of the branch; empty when it was measured alone.';
comment on column run.commit_sha is 'Full SHA; empty when the text does not say.';
comment on column run.branch is 'Branch; of an anchor that of the head beside it. Empty when the text does not say.';
comment on column run.dirty is 'The tree had uncommitted changes.';
comment on column run.started is 'Start of the measurement; null when the text does not say.';
comment on column run.fingerprint is 'Class of machine, 12 hexadecimal digits: runs are compared across sessions only where it is equal.';
comment on column run.environment is 'What is known of machine and toolchain, by the keys of the raw log; an absent key is unknown.';
comment on column run.series is 'Number of samples of this run.';
comment on column run.raw is 'Always null: the text stands in table raw. A program of version 1 that was connected when the tables were brought to version 2 writes it here, and its constraint tells that program what to do.';
comment on column run.session is 'Equal for runs that were measured side by side: value of a head over value of the anchor of its session is a ratio that does not depend on the machine. Empty: alone, or unknown.';
comment on column run.committed is 'When the commit was made; null when unknown.';
comment on column run.place is 'Place of the commit in first-parent order of its branch, from 1; 0 when unknown.';
comment on column run.author is 'Author of the commit; empty when unknown.';
comment on column run.subject is 'First line of the message of the commit; empty when unknown.';
comment on column run.pull is 'Number of the pull request that brought the commit; 0 when there is none, or it is unknown.';

create table if not exists raw (
	project_id text not null,
	run_id text collate "C" not null,
	raw bytea not null,
	points bytea,
	primary key (project_id, run_id),
	foreign key (project_id, run_id) references run on delete cascade
);
comment on table raw is 'The raw texts of runs and their packed points, apart from what is searched.';
comment on column raw.project_id is 'Project, and the key of distribution.';
comment on column raw.run_id is 'The run that was read from the text.';
comment on column raw.raw is 'The text, byte for byte.';
comment on column raw.points is 'What table sample says of the run, for readers of everything: series_id, center, spread and n of each series with values, as PostgreSQL sends them, in the order of package, name and unit. Null: not packed, because a program of version 2 wrote it.';

create table if not exists series (
	project_id text not null references project,
	series_id uuid not null,
	package text collate "C" not null,
	name text collate "C" not null,
	unit text collate "C" not null,
	primary key (project_id, series_id)
);
comment on table series is 'The names of series, each once a project. Rows are added and stay.';
comment on column series.project_id is 'Project, and the key of distribution.';
comment on column series.series_id is 'Of package, name and unit: the first 16 bytes of the SHA-256 of the three, each followed by a zero byte. Names are too long for a key.';
comment on column series.package is 'Import path as go test prints it; may be empty.';
comment on column series.name is 'Benchmark, without the prefix and with the suffix of GOMAXPROCS: PingPong/size=64B-2.';
comment on column series.unit is 'Tidied unit: sec/op, B/s, B/op, allocs/op, msg/s.';

-- The primary key alone serves one series over all runs; the other index, all
-- series of one run. There is no foreign key to series: checking it would lock the
-- same rows of series in every writer.
create table if not exists sample (
	project_id text not null,
	series_id uuid not null,
	run_id text collate "C" not null,
	center float8 not null,
	spread float8 not null,
	n int not null,
	"values" float8[] not null,
	rounds int[] not null,
	primary key (project_id, series_id, run_id) include (center, spread, n),
	foreign key (project_id, run_id) references run on delete cascade,
	check (cardinality("values") = cardinality(rounds))
);
create index if not exists sample_of_run on sample (project_id, run_id);
comment on table sample is 'Every value of one series in one run.';
comment on column sample.project_id is 'Project, and the key of distribution.';
comment on column sample.series_id is 'The series that the values belong to.';
comment on column sample.run_id is 'The run that the values belong to.';
comment on column sample.center is 'Median of the rounds, each the median of its values, or of 20 and more in one process the second fastest, in the unit; 0 when there are none. Of an anchor what makes the ratio of the head of its session to it that of their pairs of rounds.';
comment on column sample.spread is 'Robust standard deviation of the rounds: 1.4826 times their median absolute deviation from center, in the unit.';
comment on column sample.n is 'Number of rounds.';
comment on column sample."values" is 'Finite values in the unit, in the order of measurement.';
comment on column sample.rounds is 'The round (process start, from 1) that produced the value at the same place.';

create table if not exists decision (
	project_id text not null references project,
	id text collate "C" not null,
	commit_sha text collate "C" not null,
	base_sha text collate "C" not null,
	branch text not null,
	against text not null,
	pull int not null,
	started timestamptz not null,
	outcome text not null,
	version text not null,
	primary key (project_id, id)
);
create index if not exists decision_newest on decision (project_id, started desc);
comment on table decision is 'What one comparison came to. Written once, never changed.';
comment on column decision.project_id is 'Project, and the key of distribution.';
comment on column decision.id is 'Of the content: 24 hexadecimal digits. Deciding again on the same log gives the same.';
comment on column decision.commit_sha is 'The commit that was judged.';
comment on column decision.base_sha is 'The commit that it was compared with; empty when unknown.';
comment on column decision.branch is 'Branch of the commit that was judged; empty when unknown.';
comment on column decision.against is 'Branch that it was compared with; empty when unknown.';
comment on column decision.pull is 'Number of the pull request; 0 when there is none, or it is unknown.';
comment on column decision.started is 'Start of the measurement.';
comment on column decision.outcome is 'pass, fail or undecided.';
comment on column decision.version is 'Version of the regress that decided; empty when unknown.';

create table if not exists verdict (
	project_id text not null,
	decision_id text collate "C" not null,
	series_id uuid not null,
	fingerprint text not null,
	verdict text not null,
	change float8,
	lo float8,
	hi float8,
	waiver text not null,
	primary key (project_id, decision_id, series_id, fingerprint),
	foreign key (project_id, decision_id) references decision on delete cascade
);
comment on table verdict is 'The verdict of a decision on one series.';
comment on column verdict.project_id is 'Project, and the key of distribution.';
comment on column verdict.decision_id is 'The decision that it is a part of.';
comment on column verdict.series_id is 'The series that was judged.';
comment on column verdict.fingerprint is 'Class of machine; empty when the comparison had one.';
comment on column verdict.verdict is 'improved, unchanged, regressed, inconclusive, new, missing, removed, crept, waived, edited, same code or same work.';
comment on column verdict.change is 'Relative change: .12 is 12 % more than the base, or than the anchor where it crept; null when unknown.';
comment on column verdict.lo is 'Lower end of the interval of the change; null when there is none.';
comment on column verdict.hi is 'Upper end of the interval of the change; null when there is none.';
comment on column verdict.waiver is 'Reason of the waiver that accepted it; empty when there was none.';

-- What people and dashboards ask by SQL. From PostgreSQL 15 on it shows each role what that role
-- may see of the tables; before, what its owner may, so that it must not be granted to a role that
-- row security keeps to some projects: let such a role ask the tables, with this query.
create or replace view regress_points as
select sample.project_id as project, package, name as benchmark, unit, run.branch, run.side, run.session,
	run.fingerprint as machine, run.environment ->> 'cpu' as cpu,
	run.commit_sha as commit, run.committed, run.place, run.author, run.subject, run.pull,
	run.started as time, sample.center, sample.spread, sample.n, run.id as run
from sample
join run on run.project_id = sample.project_id and run.id = sample.run_id
join series on series.project_id = sample.project_id and series.series_id = sample.series_id
where sample.n > 0;
do $$
begin
	if current_setting('server_version_num')::int >= 150000 then
		alter view regress_points set (security_invoker = true);
	end if;
end $$;
comment on view regress_points is 'What each run says of each series: one row a point. To be read; its columns stay as they are.';
comment on column regress_points.project is 'As project.project_id.';
comment on column regress_points.package is 'As series.package.';
comment on column regress_points.benchmark is 'As series.name.';
comment on column regress_points.unit is 'As series.unit; lower is better but in what is per second.';
comment on column regress_points.branch is 'As run.branch.';
comment on column regress_points.side is 'As run.side: leave out anchor and base, but for ratios to them.';
comment on column regress_points.session is 'As run.session.';
comment on column regress_points.machine is 'As run.fingerprint: values of two machines are not compared.';
comment on column regress_points.cpu is 'The processor, in words; null when unknown.';
comment on column regress_points.commit is 'As run.commit_sha.';
comment on column regress_points.committed is 'As run.committed.';
comment on column regress_points.place is 'As run.place: the order of commits.';
comment on column regress_points.author is 'As run.author.';
comment on column regress_points.subject is 'As run.subject.';
comment on column regress_points.pull is 'As run.pull.';
comment on column regress_points.time is 'As run.started.';
comment on column regress_points.center is 'As sample.center.';
comment on column regress_points.spread is 'As sample.spread.';
comment on column regress_points.n is 'As sample.n, at least 1.';
comment on column regress_points.run is 'As run.id.';

insert into regress_schema (version) select 3 where not exists (select from regress_schema);
