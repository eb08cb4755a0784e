package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// setting says in one line where and how something was measured.
func setting(beside int) string {
	return fmt.Sprintf("`%s`: %s/%s, %d processors, %s, %s competing", command(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), number(beside, "process", "processes"))
}

// command is what this was started as.
func command() string {
	return strings.Join(append([]string{"go run ./pkg/gate/accuracy/inject"}, os.Args[1:]...), " ")
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
