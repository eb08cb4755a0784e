package placement

import (
	"strings"
	"testing"
)

func TestDeclarationsAreTold(t *testing.T) {
	const source = `package shop

import (
	"fmt"
	"io"
)

const rounds = 8

// item is sold.
type item struct {
	name  string
	cents int
}

var table = build()

func (i item) String() string {
	const width = 8
	type pair struct{ a, b int }
	var p pair
	p.a = i.cents
	return fmt.Sprint(p, width)
}

func build() (w io.Writer) { return nil }
`
	dir := t.TempDir()
	write(t, dir, "shop.go", source)
	tree := &tree{top: dir, files: map[string]*file{}}
	tree.parse(".")
	lines := strings.Split(source, "\n")
	check := func(from, to string, want bool) {
		t.Helper()
		first, last := 0, 0
		for i, line := range lines {
			if strings.Contains(line, from) && first == 0 {
				first = i + 1
			}
			if strings.Contains(line, to) && first > 0 && last == 0 {
				last = i + 1
			}
		}
		if have := tree.declares("shop.go", first, last); have != want {
			t.Errorf("lines %d to %d: have %v, want %v", first, last, have, want)
		}
	}
	check(`"io"`, `"io"`, true)
	check("const rounds", "const rounds", true)
	check("name  string", "name  string", true)
	check("type item", "cents int", true)
	check("const rounds", "type item", true)
	check("const width", "type pair", true)
	check("var table", "var table", false) // it runs once, and what it holds may be dear
	check("const width", "var p pair", false)
	check("p.a = i.cents", "p.a = i.cents", false)
	check("type item", "p.a = i.cents", false)
	check("func build", "func build", false)
	if tree.declares("other.go", 1, 2) {
		t.Error("a file that is not there declares nothing")
	}
}

// A profile of stacks names one file in very many frames: what is on the disk is looked up once.
func TestTreeIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "one.go", "package shop\n")
	tree := &tree{top: dir, modules: map[string]string{"example.com/shop": "."}, files: map[string]*file{}}
	const external = "example.com/shop/till_test/x_test.go"
	before := tree.resolve(external)
	tree.parse(".")
	write(t, dir, "two.go", "package shop\n")
	write(t, dir, "till_test/x_test.go", "package till_test\n")
	tree.parse(".")
	if len(tree.files) != 1 || tree.files["one.go"] == nil {
		t.Errorf("%d files after a second look, want that of the first", len(tree.files))
	}
	if after := tree.resolve(external); after != before {
		t.Errorf("%s is %q and then %q", external, before, after)
	}
}
