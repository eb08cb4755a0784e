package github

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

// patch as the API gives it: lines 10 to 16 and 40 to 41 of the head.
const patch = "@@ -10,6 +10,7 @@ func Add\n a\n b\n c\n+d\n e\n f\n g\n@@ -39 +40,2 @@\n x\n+@@ -1 +900,99 @@\n"

func TestHunks(t *testing.T) {
	check := func(patch string, want ...span) {
		t.Helper()
		if have := hunks(patch); !reflect.DeepEqual(have, want) {
			t.Errorf("%q: have %v, want %v", patch, have, want)
		}
	}
	check(patch, span{10, 16}, span{40, 41}) // an added line that looks like a head is none
	check("")
	check("@@ -1 +1 @@", span{1, 1})
	check("@@ -1,3 +0,0 @@\n-a")                     // nothing is left
	check("@@ -1 +9999999999 @@\n@@ -1 +5,x @@\n@@") // no head of a hunk
}

// The stranger says where the cause is; the pull request decides whether it can
// be there.
func TestClaimsOfAStranger(t *testing.T) {
	const own = "cart/cart_test.go:10" // where the benchmark stands
	check := func(name, line, want, wantGrown string) {
		t.Helper()
		hub := server(t)
		hub.Pulls = []githubtest.Pull{{Number: 7, Head: "mallory:patch-1", SHA: headSHA, Files: []githubtest.PullFile{
			{Name: "cart.go", Patch: patch}, {Name: "new.go", Was: "old.go", Patch: patch}, {Name: "big.bin"},
		}}}
		s := setting(t, hub, "workflow_run", "workflow_run")
		post := red(1, 2)
		post.Claims = forge.ReadClaims([]byte(line + "\n"))
		s.start().Finish(t.Context(), post)
		if len(hub.Runs) != 1 || len(hub.Runs[0].Annotations) != 1 || s.warnings() != 0 {
			t.Fatalf("%s: %+v\n%s", name, hub.Runs, s.commands.String())
		}
		note := hub.Runs[0].Annotations[0]
		if have := fmt.Sprintf("%v:%v", note["path"], note["start_line"]); have != want {
			t.Errorf("%s: on %s, want %s", name, have, want)
		}
		message := note["message"].(string)
		_, grown, _ := strings.Cut(message, " Grew most: ")
		if grown != wantGrown {
			t.Errorf("%s: grew most %q, want %q", name, grown, wantGrown)
		}
		if strings.Contains(message, "likely cause") != (want != own) {
			t.Errorf("%s: %s", name, message)
		}
		forgetest.Invisible(t, name, strings.ReplaceAll(message, "\n", ""))
	}
	claim := func(file string, first, last int, grown string) string {
		return fmt.Sprintf(`# cause: {"package":"example.com/shop","name":"Cart000/size=64B-2","unit":"sec/op","file":%q,"first":%d,"last":%d,"grown":[%s]}`, file, first, last, grown)
	}
	check("true", claim("cart.go", 13, 13, `"f +1 ns/op"`), "cart.go:13", "f +1 ns/op.")
	check("a renamed file", claim("new.go", 40, 41, ""), "new.go:40", "")
	check("its old name", claim("old.go", 13, 13, ""), own, "")
	check("a file without a patch", claim("big.bin", 1, 1, ""), own, "")
	check("a line outside", claim("cart.go", 17, 17, `"f"`), own, "f.")
	check("beginning inside", claim("cart.go", 16, 40, ""), own, "")
	check("all lines", claim("cart.go", 1, 1<<40, ""), own, "")
	check("backwards", claim("cart.go", 14, 13, ""), own, "")
	check("before the first", claim("cart.go", -1, 13, ""), own, "")
	check("a file that is not changed", claim(".github/workflows/regress.yml", 13, 13, ""), own, "")
	check("another way to the file", claim("./cart.go", 13, 13, ""), own, "")
	check("out of the repository", claim("../cart.go", 13, 13, ""), own, "")
	check("the patch of a patch", claim("cart.go", 900, 900, ""), own, "")
	check("control characters", claim("cart.go", 13, 13, `"\u001b[31mred\u202e\n::error::x"`), "cart.go:13", "[31mred ::error::x.")
	check("an endless name", claim("cart.go", 13, 13, `"`+strings.Repeat("x", 3000)+`"`), "cart.go:13", strings.Repeat("x", 200-1)+"….")
	check("too long", claim("cart.go", 13, 13, `"`+strings.Repeat("x", 4<<10)+`"`), own, "")
	check("too many functions", claim("cart.go", 13, 13, `"1","2","3","4"`), own, "")
	check("another key", strings.Replace(claim("cart.go", 13, 13, ""), "{", `{"sha":"x",`, 1), own, "")
	check("two objects", claim("cart.go", 13, 13, "")+"{}", own, "")
	check("a number that is none", strings.Replace(claim("cart.go", 13, 13, ""), "13", "1e99", 1), own, "")
	check("another benchmark", strings.Replace(claim("cart.go", 13, 13, ""), "Cart000", "Cart001", 1), own, "")
	check("a mark of its own", "#cause: "+claim("cart.go", 13, 13, "")[9:], own, "")
}

// A pull request that changes the policy is told whose policy decided.
func TestChangedPolicy(t *testing.T) {
	check := func(file githubtest.PullFile, post forge.Post, want bool) {
		t.Helper()
		hub := server(t)
		hub.Pulls = []githubtest.Pull{{Number: 7, Head: "mallory:patch-1", SHA: headSHA, Files: []githubtest.PullFile{file}}}
		s := setting(t, hub, "workflow_run", "workflow_run")
		s.opt.Comment = forge.WhenAlways
		post.Policy = "sub/regress.toml"
		s.start().Finish(t.Context(), post)
		for where, text := range map[string]string{"comment": hub.Comments[0].Body, "check run": hub.Runs[0].Summary, "job summary": s.summary()} {
			if strings.Contains(text, "was decided with the one of the default branch") != want {
				t.Errorf("%+v: %s %q", file, where, text)
			}
		}
	}
	check(githubtest.PullFile{Name: "sub/regress.toml", Patch: patch}, red(1, 2), true)
	check(githubtest.PullFile{Name: "sub/regress.toml", Patch: patch}, green(), true)
	check(githubtest.PullFile{Name: "x.toml", Was: "sub/regress.toml"}, red(1, 2), true)
	check(githubtest.PullFile{Name: "regress.toml", Patch: patch}, red(1, 2), false)
	long := red(1, 2)
	long.Comment, long.Summary = strings.Repeat("word\n", 20_000), strings.Repeat("word\n", 20_000)
	check(githubtest.PullFile{Name: "sub/regress.toml"}, long, true)
}

// A whole workflow_run stays within the requests of a job.
func TestWorkflowRunRequests(t *testing.T) {
	hub := server(t)
	hub.Pulls = []githubtest.Pull{{Number: 7, Head: "mallory:patch-1", SHA: headSHA, Files: []githubtest.PullFile{{Name: "cart.go", Patch: patch}}}}
	hub.Artifacts = []githubtest.Artifact{{ID: 9, Run: 555, Name: "regress-log", Data: archive(t, entry{name: "a.log", text: "x"})}}
	s := setting(t, hub, "workflow_run", "workflow_run")
	j := s.start()
	if _, err := Fetch(t.Context(), s.env, s.opt, "regress-log"); err != nil {
		t.Fatal(err)
	}
	j.Finish(t.Context(), red(60, 500))
	// Open 2, artifact 2, pull request 2, complete 2, comment: look, post, look.
	if n := len(hub.Requests); n != 11 {
		t.Errorf("%d requests: %v", n, hub.Requests)
	}
}
