package postgres

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/descartes/regress/pkg/baseline"
)

// Open connects to the database that a postgres:// URL names and brings its
// tables to the version of this program. A database with a newer schema is
// [baseline.ErrNewerSchema].
func Open(ctx context.Context, dsn string) (baseline.Store, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &store{where: where(config.ConnConfig), secret: config.ConnConfig.Password}
	// The pool outlives ctx, which bounds the opening alone.
	if s.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return nil, s.explain(ctx, "open", err)
	}
	if err := s.migrate(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

type store struct {
	pool   *pgxpool.Pool
	where  string // the database in words, without the password
	secret string // the password, which no error may show
}

// closing is how long a server is waited for to hear that a connection ends.
const closing = time.Second

// Close ends the connections. One whose server has stopped answering is left
// behind, to end by itself.
func (s *store) Close() error {
	closed := make(chan struct{})
	go func() {
		s.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closing):
	}
	return nil
}

const form = "write postgres://user:password@host:5432/database, with each of / ? # @ : % in the password percent-encoded (%2F %3F %23 %40 %3A %25), or leave the password to PGPASSWORD"

// Validate returns why dsn is no URL that Open could connect with, or nil. It
// connects to nothing, and its error shows no password.
func Validate(dsn string) error {
	_, err := parse(dsn)
	return err
}

// parse reads the URL. Its errors say nothing of what stands in it that could
// be a piece of the password.
func parse(dsn string) (*pgxpool.Config, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, fmt.Errorf("the store's URL (not shown, it may hold a password) is not one of PostgreSQL: %s", form)
	}
	// An unescaped / ? or # in a password ends the part before the @ early, and
	// the rest of the password would pass for a database or a setting.
	_, rest, _ := strings.Cut(dsn, "//")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && strings.Contains(rest[i:], "@") {
		return nil, fmt.Errorf("the store's URL (not shown, it may hold a password) has an @ after the host: %s", form)
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		q := u.Query()
		password, _ := u.User.Password()
		return nil, fmt.Errorf("the store's URL (not shown, it may hold a password): %s: %s",
			hide(reason(err), dsn, password, q.Get("password"), q.Get("sslpassword")), form)
	}
	q := u.Query()
	if !q.Has("default_query_exec_mode") {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = patience
	}
	config.ConnConfig.DialFunc = (&dialer{net.Dialer{Timeout: config.ConnConfig.ConnectTimeout}}).dial
	if _, set := config.ConnConfig.RuntimeParams["application_name"]; !set {
		config.ConnConfig.RuntimeParams["application_name"] = "regress"
	}
	return config, nil
}

// where returns the database in words.
func where(c *pgx.ConnConfig) string {
	return fmt.Sprintf("%s of %s at %s:%d", c.Database, c.User, c.Host, c.Port)
}
