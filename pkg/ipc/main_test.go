package ipc_test

import (
	"os"
	"testing"
)

// TestMain lets an example start this binary again as its child, as the program does that the
// example is when it is copied: there the example is main. See TestCopiedExamples.
func TestMain(m *testing.M) {
	programs := map[string]func(){"greeter": Example, "upper": ExampleConn_inPlace, "counter": ExampleBatch, "caller": ExampleListener}
	if len(os.Args) > 1 && programs[os.Args[1]] != nil {
		programs[os.Args[1]]()
		return
	}
	os.Exit(m.Run())
}
