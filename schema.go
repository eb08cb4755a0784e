// Package regress holds the PostgreSQL schema of the performance-regression
// tracker whose command is [github.com/descartes/regress/cmd/regress]. It stands
// at the root because an embed pattern cannot climb.
package regress

import _ "embed"

// Schema is schema.sql: idempotent, several statements, meant to run in one
// transaction.
//
//go:embed schema.sql
var Schema string

// Roles is roles.sql: the roles of a database that several projects share, with row security by
// project. Idempotent, and meant for one transaction, in a database that has Schema.
//
//go:embed roles.sql
var Roles string

// SchemaVersion is the version that Schema writes into the table regress_schema.
const SchemaVersion = 3
