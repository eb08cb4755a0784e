package netconn_test

import (
	"os"
	"testing"
)

// TestMain lets an example start this binary again as its child, as the program does that the
// example is when it is copied: there the example is main.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "one" {
		ExampleOne()
		return
	}
	os.Exit(m.Run())
}
