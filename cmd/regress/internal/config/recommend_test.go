package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestRecommend(t *testing.T) {
	const block = `[[recommend]]
name = "n"
choose = "transport"
by = "p95-latency-ns"
where = 'PingPong/.*size=256B'
`
	c, err := Parse("f", []byte(block+"[[recommend]]\nname = 'n'\nchoose = 'mode'\nby = 'msg/s'\n[summary]\ncolumns = ['transport', 'format']\norder = ['small']\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := c.Recommend[0]
	if r.Name != "n" || r.Choose != "transport" || r.By != "p95-latency-ns" || r.Tidied != "p95-latency-sec" || !r.Where.MatchString("p.PingPong/transport=shm/size=256B-2") {
		t.Errorf("have %+v", r)
	}
	if have := fmt.Sprint(c.Columns); len(c.Recommend) != 2 || c.Recommend[1].Where != nil || have != "[transport format]" || fmt.Sprint(c.Order) != "[small]" {
		t.Errorf("have %+v, columns %s", c.Recommend, have)
	}
	bad := func(text, line, want string) {
		t.Helper()
		_, err := Parse("f", []byte(text))
		if err == nil || !strings.Contains(err.Error(), line) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: have %v, want %s %s", text, err, line, want)
		}
	}
	bad("[[recommend]]\nname = 'n'", "f:1: ", "this recommend has no choose: say which key")
	bad("[[recommend]]\nname = 'n'\nchoose = 'a'", "f:1: ", "has no by: say by which unit")
	bad(strings.Replace(block, `"transport"`, `"transport=shm"`, 1), "f:3: ", "is no key of a benchmark name")
	bad(strings.Replace(block, `"transport"`, `""`, 1), "f:3: ", "is no key of a benchmark name")
	bad(strings.Replace(block, `"n"`, `" "`, 1), "f:2: ", "the name is empty")
	bad(strings.Replace(block, "PingPong/.*", "Bench(mark", 1), "f:5: ", "where is no regular expression")
	bad(strings.Replace(block, "choose =", "chose =", 1), "f:3: ", `did you mean "choose"`)
	bad(block+block, "f:8: ", `"n" already chooses a transport above`)
	bad("[summary]\ncolumns = 'transport'", "f:2: ", "write a list")
	bad("[summary]\ncolumn = ['transport']", "f:2: ", `did you mean "columns"`)
}
