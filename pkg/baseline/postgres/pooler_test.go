package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	regress "github.com/descartes/regress"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// The contract holds behind pgbouncer in transaction mode with two server
// connections, where consecutive statements of one client meet different ones.
func TestBehindPgbouncer(t *testing.T) {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // Debian's place, often not on PATH
	}
	if _, err := os.Stat(program); err != nil {
		t.Log("not tested here: pgbouncer is not installed (apt-get install pgbouncer)")
		return
	}
	server := pgtest.Shared(t)
	dir := filepath.Join(server.Dir(), "pooler")
	if out, err := server.Command("mkdir", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ini := filepath.Join(dir, "ini")
	text := fmt.Sprintf("[databases]\n* = host=%s user=postgres\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\n"+
		"auth_type = any\nlisten_addr =\nunix_socket_dir = %s\nlisten_port = 6432\nlogfile = %s\n", server.Dir(), dir, filepath.Join(dir, "log"))
	if err := os.WriteFile(ini, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := server.Command(program, ini)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	behind := func(dsn string) string {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery = url.Values{"host": {dir}, "port": {"6432"}}.Encode()
		return u.String()
	}
	ready(t, behind(server.URL("postgres", "postgres")))
	storetest.Run(t, func(t *testing.T) func() baseline.Store {
		dsn := behind(server.Database(t))
		return func() baseline.Store { return open(t, dsn) }
	})
}

func ready(t *testing.T, dsn string) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(t.Context(), dsn); err == nil {
			conn.Close(t.Context())
			return
		}
	}
	t.Fatalf("no answer: %v", err)
}

// distribution is how the tables are distributed over Citus, as schema.sql has it.
func distribution() (statements []string) {
	for line := range strings.Lines(regress.Schema) {
		if sql, ok := strings.CutPrefix(line, "--\t"); ok {
			statements = append(statements, strings.TrimSpace(sql))
		}
	}
	return statements
}

// Without a cluster: the statements name each table once, and beside each other what a key joins.
func TestDistributionNamesEveryTable(t *testing.T) {
	var want []string
	for _, table := range guarded {
		switch table {
		case "project":
			want = append(want, "select create_reference_table('project');")
		case "run":
			want = append(want, "select create_distributed_table('run', 'project_id');")
		default:
			want = append(want, "select create_distributed_table('"+table+"', 'project_id', colocate_with := 'run');")
		}
	}
	have := distribution()
	if len(have) == 0 || have[0] != "set citus.enable_local_reference_table_foreign_keys = off;" || !slices.Equal(have[1:], want) {
		t.Errorf("schema.sql distributes by\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// The contract holds on a Citus cluster with the tables distributed.
// REGRESS_TEST_CITUS_DSN names a database with the extension, whose role may
// create schemas.
func TestOnCitus(t *testing.T) {
	dsn := os.Getenv("REGRESS_TEST_CITUS_DSN")
	if dsn == "" {
		t.Log("not tested here: REGRESS_TEST_CITUS_DSN is unset (a postgres:// URL of a database with Citus)")
		return
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("REGRESS_TEST_CITUS_DSN is not a URL")
	}
	var schemas atomic.Int64
	storetest.Run(t, func(t *testing.T) func() baseline.Store {
		// Making a distributed database takes the cluster's owner; a schema does not.
		schema := fmt.Sprintf("regress_test_%d_%d", os.Getpid(), schemas.Add(1))
		admin := pgtest.Connect(t, dsn)
		if _, err := admin.Exec(t.Context(), "create schema "+schema); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = admin.Exec(context.Background(), "drop schema "+schema+" cascade") })
		q := u.Query()
		q.Set("search_path", schema)
		inside := *u
		inside.RawQuery = q.Encode()
		open(t, inside.String()).Close()
		conn := pgtest.Connect(t, inside.String())
		for _, sql := range distribution() {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		return func() baseline.Store { return open(t, inside.String()) }
	})
}
