package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
	"github.com/descartes/regress/pkg/gate"
)

const marked = "<!-- regress:default -->\n"

// What stands on the pull request before and after a job.
func TestComment(t *testing.T) {
	const bot, ann = "github-actions[bot]", "ann"
	improved := green()
	improved.Decision.Counts = map[gate.Verdict]int{gate.Improved: 1, gate.Unchanged: 2}
	type c = githubtest.Comment
	check := func(name string, mode forge.When, post forge.Post, before []c, want string) {
		t.Helper()
		hub := server(t)
		for _, one := range before {
			one.Pull = 7
			hub.Comments = append(hub.Comments, &one)
		}
		s := setting(t, hub, "pull_request", "pull_request")
		s.opt.Comment = mode
		s.start().Finish(t.Context(), post)
		have := ""
		for _, one := range hub.Comments {
			first, rest, _ := strings.Cut(strings.TrimPrefix(one.Body, marked+"<!-- run 42 -->\n"), "\n")
			have += fmt.Sprintf("%s:%.9s%t ", one.Login, first, strings.TrimSpace(rest) != "" || len(first) > 9)
		}
		if have = strings.TrimSpace(have); have != want {
			t.Errorf("%s: have %q, want %q", name, have, want)
		}
		if s.warnings() != 0 {
			t.Errorf("%s: %s", name, s.commands.String())
		}
	}
	check("red, none", forge.WhenAuto, red(1, 2), nil, bot+":commentfalse")
	check("red, ours", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: marked + "old"}}, bot+":commentfalse")
	check("red, ours by an older run", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: marked + "<!-- run 41 -->\nold"}}, bot+":commentfalse")
	check("red, ours by a newer run", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: marked + "<!-- run 43 -->\nnew"}}, bot+":<!-- regrtrue")
	check("red, never", forge.WhenNever, red(1, 2), nil, "")
	check("green, none", forge.WhenAuto, green(), nil, "")
	check("green, ours", forge.WhenAuto, green(), []c{{ID: 5, Login: bot, Body: marked + "old"}}, bot+":✅ regresstrue")
	check("green, always", forge.WhenAlways, green(), nil, bot+":✅ regresstrue")
	check("improved, none", forge.WhenAuto, improved, nil, bot+":commentfalse")
	check("the marker by somebody else", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: ann, Body: marked + "x"}}, ann+":<!-- regrtrue "+bot+":commentfalse")
	check("ours, another suite", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: "<!-- regress:arm -->\nx"}}, bot+":<!-- regrtrue "+bot+":commentfalse")
	check("ours, the marker quoted", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: "see\n" + marked}}, bot+":seetrue "+bot+":commentfalse")
	check("ours, with CR", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: "<!-- regress:default -->\r\nold"}}, bot+":commentfalse")
	check("two of ours", forge.WhenAuto, red(1, 2), []c{{ID: 5, Login: bot, Body: marked + "old"}, {ID: 6, Login: bot, Body: "<!-- regress:default -->\nlater"}}, bot+":commentfalse "+bot+":<!-- regrtrue")
}

func TestCommentPastTheFirstPages(t *testing.T) {
	hub := server(t)
	hub.Check = nil // hundreds of comments take seconds to validate
	for i := range 250 {
		hub.Comments = append(hub.Comments, &githubtest.Comment{ID: int64(i + 1), Pull: 7, Login: "ann", Body: "chatter"})
	}
	hub.Comments[230].Login, hub.Comments[230].Body = hub.Login(), marked+"old"
	s := setting(t, hub, "pull_request", "pull_request")
	s.start().Finish(t.Context(), red(1, 2))
	if len(hub.Comments) != 250 || !strings.HasSuffix(hub.Comments[230].Body, "comment\n") {
		t.Errorf("%d comments, ours: %q", len(hub.Comments), hub.Comments[230].Body)
	}
	if n := hub.Count("GET", "/comments"); n != 3 {
		t.Errorf("%d lists, want 3 pages", n)
	}
	// Too many pages to look through: rather no comment than a second one.
	for i := range 1300 {
		hub.Comments = append([]*githubtest.Comment{{ID: int64(-i), Pull: 7, Login: "ann", Body: "chatter"}}, hub.Comments...)
	}
	s.commands.Reset()
	s.start().Finish(t.Context(), red(1, 2))
	if len(hub.Comments) != 1550 || s.warnings() != 1 || !strings.Contains(s.commands.String(), "requests") {
		t.Errorf("%d comments, commands %q", len(hub.Comments), s.commands.String())
	}
}

// Two jobs find no comment and both write one: the lowest id stays, with the
// text of the later.
func TestCommentRace(t *testing.T) {
	check := func(name string, other int64, want string) {
		t.Helper()
		hub := server(t)
		hub.OnComment = func() {
			body := fmt.Sprintf("%s<!-- run %d -->\nother", marked, other)
			hub.Comments = append(hub.Comments, &githubtest.Comment{ID: hub.NextID(), Pull: 7, Login: hub.Login(), Body: body})
		}
		s := setting(t, hub, "pull_request", "pull_request")
		s.start().Finish(t.Context(), red(1, 2))
		if len(hub.Comments) != 1 || !strings.HasSuffix(hub.Comments[0].Body, want) || s.warnings() != 0 {
			t.Errorf("%s: %d comments, the first %q, commands %q", name, len(hub.Comments), hub.Comments[0].Body, s.commands.String())
		}
	}
	check("against an older run", 41, "comment\n")
	check("against a newer run", 43, "other")
}

// A personal token comments under its owner's name.
func TestCommentByPerson(t *testing.T) {
	hub := server(t)
	hub.App = ""
	hub.Comments = append(hub.Comments, &githubtest.Comment{ID: 5, Pull: 7, Login: "Octocat", Body: marked + "old"})
	s := setting(t, hub, "pull_request", "pull_request")
	s.start().Finish(t.Context(), red(1, 2))
	if len(hub.Comments) != 1 || !strings.HasSuffix(hub.Comments[0].Body, "comment\n") || len(hub.Statuses) != 1 || s.warnings() != 0 {
		t.Errorf("comments %+v, statuses %+v, commands %q", hub.Comments[0], hub.Statuses, s.commands.String())
	}
}
