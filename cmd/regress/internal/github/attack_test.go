package github

import (
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
	"github.com/descartes/regress/pkg/gate"
)

// Every attack shows as the text that it is, wherever it ends up.
func TestAttacks(t *testing.T) {
	for name, text := range forgetest.Attacks {
		hub := server(t)
		s := setting(t, hub, "pull_request", "pull_request")
		s.opt.Comment = forge.WhenAlways
		post := red(1, 2)
		post.Decision.Outcome, post.Headline = gate.Pass, text // the one-line comment
		post.Decision.Counts = map[gate.Verdict]int{gate.Unchanged: 2}
		row := &post.Decision.Rows[0]
		post.Positions[gate.Row{Package: row.Package, Name: text}.Key().Function()] = post.Positions[row.Key().Function()]
		row.Name, row.Reason = text, gate.Reason{Code: gate.Proven, Text: text}
		s.start().Finish(t.Context(), post)

		out := s.commands.String()
		if strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "::error file=cart/cart_test.go,line=10,title=") || strings.Count(out, "::")-strings.Count(text, "::")*2 > 2 {
			t.Errorf("%s: commands %.300q", name, out)
		}
		forgetest.Invisible(t, name+": commands", strings.TrimSuffix(out, "\n"))
		if len(hub.Runs[0].Annotations) != 1 || len(hub.Comments) != 1 || s.warnings() != 0 {
			t.Fatalf("%s: %d annotations, %d comments, %.300s", name, len(hub.Runs[0].Annotations), len(hub.Comments), out)
		}
		note := hub.Runs[0].Annotations[0]
		forgetest.Invisible(t, name+": title", note["title"].(string))
		forgetest.Invisible(t, name+": message", note["message"].(string))
		forgetest.Plain(t, name, hub.Comments[0].Body)
	}
}
