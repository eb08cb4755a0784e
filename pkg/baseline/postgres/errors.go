package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// explain translates what the driver says: the operation, the database, the
// reason, the remedy. The driver's error is not wrapped, because its text may
// hold more than the reason; the context's error is.
func (s *store) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	doing = fmt.Sprintf("%s store %s", doing, s.where)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
		return fmt.Errorf("%s: it has not answered for %v: %s", doing, patience, remedy(err))
	}
	return fmt.Errorf("%s: %s: %s", doing, hide(reason(err), s.secret), remedy(err))
}

// reason returns the innermost part of the driver's error that a user can act on, on
// one line.
func reason(err error) string {
	var (
		server *pgconn.PgError
		dns    *net.DNSError
		dial   *net.OpError
		parse  *pgconn.ParseConfigError
	)
	text := err.Error()
	switch {
	case errors.As(err, &server):
		text = server.Message
		if server.Detail != "" {
			text += " (" + server.Detail + ")"
		}
	case errors.As(err, &dns):
		text = dns.Error()
	case errors.As(err, &dial):
		text = dial.Error()
	case errors.As(err, &parse) && parse.Unwrap() != nil:
		text = parse.Unwrap().Error()
	}
	return strings.Join(strings.Fields(text), " ")
}

// hide takes the secrets out of text, in each way in which a URL may write them.
func hide(text string, secrets ...string) string {
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "***")
			}
		}
	}
	return text
}

// remedy says what to do, by SQLSTATE (appendix A of the PostgreSQL manual);
// what is no answer of the server is a matter of reaching it.
func remedy(err error) string {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return "see that the server runs and can be reached, then run this again; what was half written is not kept"
	}
	code := server.Code
	switch code {
	case "28P01", "28000":
		return "correct user and password in the store's URL (or PGPASSWORD, or the password file)"
	case "3D000":
		return "create the database (createdb) or correct its name in the store's URL"
	case "3F000":
		return "create the schema that search_path names, or correct search_path in the store's URL"
	case "42501", "25006":
		return "use a role that may do this, or have its owner grant it (usage on the schema; select, insert, delete on its tables; create to make them; a row in project_access for a member of regress_writer)"
	case "42703", "42P01", "42804", "42809", "42830":
		return "tables called project, run, raw, series, sample, decision or verdict are not those of regress: give it a database of its own, or a schema of its own with ?search_path=NAME"
	case "53300":
		return "lower pool_max_conns in the store's URL or raise the server's max_connections"
	case "53100":
		return "free space on the server's disk; nothing of this was kept"
	case "26000", "42P05":
		return "leave default_query_exec_mode out of the store's URL: a pooler stands before the server"
	}
	switch code[:min(2, len(code))] {
	case "57", "08", "40":
		return "the server ended it; run this again, what was half written is not kept"
	}
	return "SQLSTATE " + code
}
