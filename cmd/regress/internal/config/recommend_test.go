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
	r := c.Summary.Recommend[0]
	if r.Name != "n" || r.Choose != "transport" || r.Unit != "p95-latency-sec" || !r.Where.MatchString("p.PingPong/transport=shm/size=256B-2") {
		t.Errorf("have %+v", r)
	}
	if have := fmt.Sprint(c.Summary.Columns); len(c.Summary.Recommend) != 2 || c.Summary.Recommend[1].Where != nil || have != "[transport format]" || fmt.Sprint(c.Summary.Order) != "[small]" {
		t.Errorf("have %+v, columns %s", c.Summary.Recommend, have)
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

func TestGain(t *testing.T) {
	const block = `[[gain]]
name = "batching"
of = "mode=batched"
over = "mode=plain"
by = "ns/op"
where = 'Throughput/'
claim = 1.2
`
	c, err := Parse("f", []byte(block+"[[gain]]\nname = 'n'\nof = 'format=a=b'\nover = 'format=c'\nby = 'msg/s'\nclaim = 4\n"))
	if err != nil {
		t.Fatal(err)
	}
	g := c.Summary.Gains[0]
	if g.Key != "mode" || g.Of != "batched" || g.Over != "plain" || g.Unit != "sec/op" || g.Claim != 1.2 || !g.Where.MatchString("p.Throughput/x") {
		t.Errorf("have %+v", g)
	}
	if g := c.Summary.Gains[1]; g.Of != "a=b" || g.Over != "c" || g.Claim != 4 || g.Where != nil {
		t.Errorf("have %+v", g)
	}
	bad := func(text, line, want string) {
		t.Helper()
		_, err := Parse("f", []byte(text))
		if err == nil || !strings.Contains(err.Error(), line) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: have %v, want %s %s", text, err, line, want)
		}
	}
	bad("[[gain]]\nname = 'n'\nby = 'ns/op'\nover = 'a=b'", "f:1: ", "this gain has no of: say what gains")
	bad(strings.Replace(block, "mode=batched", "batched", 1), "f:3: ", "is no part of a benchmark name")
	bad(strings.Replace(block, "mode=plain", "mode=", 1), "f:4: ", "is no part of a benchmark name")
	bad(strings.Replace(block, "mode=plain", "format=plain", 1), "f:4: ", "are not of one key")
	bad(strings.Replace(block, "mode=plain", "mode=batched", 1), "f:4: ", "is compared with itself")
	bad(strings.Replace(block, "claim = 1.2", "claim = '20%'", 1), "f:7: ", "claim is text: write how many times better")
	bad(strings.Replace(block, "claim = 1.2", "claim = 0", 1), "f:7: ", "is no ratio")
	bad(strings.Replace(block, "claim", "clam", 1), "f:7: ", `did you mean "claim"`)
}
