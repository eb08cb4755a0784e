package gate_test

import (
	"fmt"
	"strings"

	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// Two outputs of go test -bench, base and head, are read and judged. The rows say why: a
// reason is a code with its figures, for the caller to put into words.
func Example() {
	const printed = `pkg: example.com/t
BenchmarkParse-2 1000 %s ns/op
BenchmarkParse-2 1000 %s ns/op
BenchmarkParse-2 1000 %s ns/op
BenchmarkParse-2 1000 %s ns/op
BenchmarkParse-2 1000 %s ns/op
`
	text := "side: base\n" + fmt.Sprintf(printed, "240", "241", "240.5", "242", "241.5") +
		"side: head\n" + fmt.Sprintf(printed, "262", "264", "263", "263.5", "262.5")
	log, err := ingest.Read("bench.txt", strings.NewReader(text))
	if err != nil {
		fmt.Println(err)
		return
	}
	d := gate.Decide(gate.Input{Log: log, Policy: gate.DefaultPolicy()})
	fmt.Println(d.Outcome)
	for _, r := range d.Rows {
		fmt.Printf("%s %s: %s, %+.1f %%\n", r.Name, r.Unit, r.Verdict, 100**r.Change)
	}
	// Output:
	// fail
	// Parse-2 sec/op: regressed, +9.1 %
}
