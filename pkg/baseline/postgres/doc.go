// Package postgres is the store of a team: PostgreSQL 13 or later by
// [github.com/jackc/pgx/v5], with the schema of schema.sql. It is the only
// package that knows the driver.
//
//	postgres://user:password@host:5432/database?sslmode=verify-full
//
// The password is better left to PGPASSWORD or a password file (PGPASSFILE); it
// appears in no error either way. Where the URL is silent, three settings differ
// from the driver's own: default_query_exec_mode is cache_describe, because
// pgbouncer in transaction mode breaks the driver's prepared statements;
// connect_timeout is 10 seconds; application_name is regress. search_path in the
// URL keeps the tables in a schema of their own (behind pgbouncer, set it on the
// role instead: alter role … set search_path).
//
// Open applies the schema when it is not there, and brings tables of versions 1 and 2 to
// this one in a single transaction; either takes a role that may create tables. From version 2
// it takes milliseconds, however many rows there are.
// Older programs that are writing at that moment are waited for; afterwards they
// are refused when they open the store. Those of version 1 that had it open are refused by a
// constraint named after the remedy, and those of version 2 finish what they do.
// A store that Citus distributes is distributed again by hand after that.
// Once the tables are there, a role that may only read (usage on the
// schema, select on its tables) lists and gets, and one with insert puts.
//
// # What is promised
//
// Put is one transaction. When it returns an error, nothing was kept, with one
// exception that no client can rule out: the connection that breaks while the
// server confirms. Putting the same runs again is right in every case. Writers
// insert in the order of IDs, so that two of them never wait for one another, and
// a run that another writer is putting is waited for, then counted as there.
package postgres
