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

// SchemaVersion is the version that Schema writes into the table regress_schema.
const SchemaVersion = 2
