package postgres_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/postgres"
	"github.com/descartes/regress/pkg/baseline/postgres/pgtest"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// The SQL of docs/postgres.md runs as it stands, and finds what it is said to find.
func TestDocumentedSQL(t *testing.T) {
	page, err := os.ReadFile("../../../docs/postgres.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 5 {
		t.Fatalf("%d blocks of SQL, want 5", len(blocks))
	}
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	if err := postgres.MakeRoles(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn := pgtest.Connect(t, dsn)
	t.Cleanup(func() {
		server.Exec(t, "drop role if exists ci_parser")
		server.Exec(t, "drop role if exists dashboards")
	})
	execute(t, conn, blocks[0][1])

	writer := open(t, as("ci_parser", dsn))
	defer writer.Close()
	if _, err := writer.Put(t.Context(), documented()...); err != nil {
		t.Fatal(err)
	}
	owner := open(t, dsn)
	defer owner.Close()
	if _, err := owner.Put(t.Context(), of("another", 1)); err != nil {
		t.Fatal(err)
	}
	decision := storetest.ExampleDecision(1)
	decision.Project, decision.Time = "github.com/x/parser", time.Now().AddDate(0, 0, -1)
	before := decision
	before.Time = time.Now().AddDate(0, 0, -40)
	if _, err := writer.PutDecisions(t.Context(), decision, before); err != nil {
		t.Fatal(err)
	}
	reader := pgtest.Connect(t, as("dashboards", dsn))
	if texts(t, conn, "select (current_setting('server_version_num')::int < 150000)::text")[0] == "true" {
		refused(t, reader, "select from regress_points") // as the page says: it would show all projects
		reader = conn
	}
	want := [][]string{{"1", "2"}, {"1.25", "1.25"}, {"regressed", "missing"}, {"1"}}
	for i, block := range blocks[1:] {
		// What Grafana makes of its macro.
		sql := regexp.MustCompile(`\$__timeFilter\(([a-z.]+)\)`).ReplaceAllString(block[1], "$1 between '2020-01-01T00:00:00Z' and '2099-01-01T00:00:00Z'")
		sql = strings.ReplaceAll(sql, "5f0c3a119e21", documented()[0].Environment.Fingerprint())
		column := []int{1, 1, 7, 4}[i]
		if have := columnOf(t, reader, sql, column); strings.Join(have, " ") != strings.Join(want[i], " ") {
			t.Errorf("%s\ngives %v, want %v", block[1], have, want[i])
		}
	}
	if projects := texts(t, reader, "select distinct project from regress_points"); len(projects) != 1 && reader != conn {
		t.Errorf("the view shows a reader %v", projects)
	}
	if projects := texts(t, conn, "select distinct project from regress_points"); len(projects) != 2 {
		t.Errorf("the view shows the owner %v", projects)
	}
}

// documented are two heads, each with its anchor.
func documented() (runs []baseline.Run) {
	for i := range 2 {
		for _, side := range []baseline.Side{baseline.Head, baseline.Anchor} {
			r := storetest.Example(10*i + len(side))
			r.Project, r.Branch, r.Side, r.Session = "github.com/x/parser", "main", side, string(rune('a'+i))
			r.Time = time.Now().AddDate(0, 0, -45+40*i)
			value := float64(i + 1)
			if side == baseline.Anchor {
				value *= .8
			}
			r.Samples = []baseline.Sample{{Key: baseline.Key{Package: "p", Name: "Parse/size=1MiB-2", Unit: "sec/op"}, Values: []float64{value}, Rounds: []int{1}}}
			runs = append(runs, r)
		}
	}
	return runs
}

// columnOf returns one column of what a query finds, as text.
func columnOf(t *testing.T, conn *pgx.Conn, sql string, column int) (out []string) {
	t.Helper()
	results, err := conn.PgConn().Exec(context.WithoutCancel(t.Context()), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, row := range results[0].Rows {
		out = append(out, string(row[column]))
	}
	return out
}
