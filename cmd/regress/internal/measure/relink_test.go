package measure

import (
	"regexp"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// whereabouts is a benchmark that tells where the linker put two of the functions of its program,
// and when it did.
const whereabouts = `for b.Loop() {}
	at := func(f any) float64 { return float64(reflect.ValueOf(f).Pointer()) }
	path, _ := os.Executable()
	program, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(at(strings.Fields), "fields-at")
	b.ReportMetric(at(fmt.Sprint), "sprint-at")
	b.ReportMetric(float64(program.ModTime().UnixNano()%1e15), "linked-at")`

// layout is what whereabouts tells of one process.
type layout struct{ side, round, name, at, linked string }

var told = regexp.MustCompile(`side: (\w+)\n# round: (\d+)\npkg: \S+\nBenchmark([A-Z])\S*\s.*?(\d+) fields-at\s+(\d+) linked-at\s+(\d+) sprint-at`)

// layouts returns what the processes of a log told, in order.
func layouts(text string) (out []layout) {
	for _, m := range told.FindAllStringSubmatch(text, -1) {
		out = append(out, layout{m[1], m[2], m[3], m[4] + " " + m[6], m[5]})
	}
	return out
}

// whereRepo is a project of two benchmarks of one package, and what measures both in one round as
// built and in three that are to be shuffled.
func whereRepo(t *testing.T) Options {
	text := strings.Replace(module("A", whereabouts, "B", whereabouts), "import (", "import (\n\t\"reflect\"\n\t\"strings\"", 1)
	o := newRepo(t, map[string]string{"x_test.go": text}).options()
	a, b := want("A", 3), want("B", 3)
	a.Shuffled, b.Shuffled = true, true
	o.All, o.Next = true, wants([]baseline.Want{a, b}, []baseline.Want{want("A", 1)})
	return o
}

// TestShuffledRoundsHaveOtherLayouts: what is asked for shuffled runs programs with their functions
// elsewhere, in each round and on each side, and the benchmarks of a package share one link.
func TestShuffledRoundsHaveOtherLayouts(t *testing.T) {
	long(t)
	t.Setenv("GOFLAGS", "") // the other tests link with flags of their own
	_, text := run(t, whereRepo(t))
	all := layouts(text)
	if len(all) != 2*(2+6+1) {
		t.Fatalf("%d processes, want nine pairs:\n%s", len(all), text)
	}
	built := all[0].at
	first := map[string]layout{} // of a place of the functions, and of a link
	for i, l := range all {
		if l.round == "1" || l.round == "5" {
			if l.at != built {
				t.Errorf("%+v runs another program than was built, with %s", l, built)
			}
			continue
		}
		if l.at == built {
			t.Errorf("%+v runs what was built", l)
		}
		if old, seen := first[l.at]; seen && (old.side != l.side || old.round != l.round || old.linked != l.linked) {
			t.Errorf("%+v has its functions where %+v has them, and is another link", l, old)
		}
		first[l.at] = l
		if i%2 == 1 && all[i-1].at == l.at {
			t.Errorf("%+v has its functions where the other side has them", l)
		}
	}
	if len(first) != 6 {
		t.Errorf("%d layouts in three rounds of two sides, want six:\n%s", len(first), text)
	}
	lacks(t, text, "where the linker puts functions")
}

// TestLinkerFlagsOfTheUserStay: programs that are built with flags for the linker are not linked
// anew, since the flags would be lost, and the log says so once.
func TestLinkerFlagsOfTheUserStay(t *testing.T) {
	long(t)
	o := whereRepo(t)
	t.Setenv("GOFLAGS", "-ldflags=-compressdwarf=false")
	_, text := run(t, o)
	all := layouts(text)
	if len(all) != 2*(2+6+1) {
		t.Fatalf("%d processes, want nine pairs:\n%s", len(all), text)
	}
	for _, l := range all {
		if l.at != all[0].at {
			t.Errorf("%+v runs another program than was built", l)
		}
	}
	if n := strings.Count(text, "no other order could be linked: GOFLAGS has -ldflags"); n != 1 {
		t.Errorf("the log warns %d times:\n%s", n, text)
	}
}
