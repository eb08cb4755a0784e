package ingest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline/ingest"
)

// TestKeptTextReadsTheSame: what a text was turned into is kept, and reads as the text did, also
// where one format stands inside another.
func TestKeptTextReadsTheSame(t *testing.T) {
	const result = "BenchmarkX-2 \\t 100\\t 12 ns/op\\n"
	event := func(output string) string {
		return fmt.Sprintf(`{"Action":"output","Package":"p/a","Output":"%s"}`, output) + "\n"
	}
	nested := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(event(result))
	for what, text := range map[string]string{
		"a front in events":     event("bench | "+result) + event("bench | BenchmarkY-2 \\t 100\\t 13 ns/op\\n"),
		"a colour in events":    event("\\u001b[31m"+result) + event("BenchmarkY-2 \\t\\u001b[0m 100\\t 13 ns/op\\n"),
		"events in events":      event(nested) + event(result),
		"control in an event":   event(result) + "\x01" + event("BenchmarkY-2 \\t 1\\t 1 ns/op\\n"),
		"control in its middle": "x\rb\n" + event(result) + strings.Replace(event("BenchmarkY-2 \\t 1\\t 1 ns/op\\n"), "p/a", "p\x01/a", 1),
	} {
		log := read(t, text)
		again, err := ingest.Read("f", strings.NewReader(string(log.Runs[0].Raw)))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if !reflect.DeepEqual(again.Runs[0].Samples, log.Runs[0].Samples) || !reflect.DeepEqual(again.Problems, log.Problems) {
			t.Errorf("%s: the kept text reads as\n%v %v\nand not as\n%v %v", what, again.Runs[0].Samples, again.Problems, log.Runs[0].Samples, log.Problems)
		}
		if string(again.Runs[0].Raw) != string(log.Runs[0].Raw) {
			t.Errorf("%s: %q is kept of\n%q", what, again.Runs[0].Raw, log.Runs[0].Raw)
		}
	}
}
