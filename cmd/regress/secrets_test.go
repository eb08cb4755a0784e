package main

import "testing"

// TestPasswordsLeaveTheArguments: everybody on a machine can read the arguments of a process.
func TestPasswordsLeaveTheArguments(t *testing.T) {
	check := func(arg, want string) {
		t.Helper()
		if have := redactedArgs([]string{"regress", arg})[1]; have != want {
			t.Errorf("%s becomes %s, want %s", arg, have, want)
		}
	}
	check("postgres://u:pw@h:5432/db", "postgres://u:***@h:5432/db")
	check("--store=postgres://u:p@w:x@h/db", "--store=postgres://u:***@h/db")
	check("--store=postgres://:pw@h/db?sslmode=off", "--store=postgres://:***@h/db?sslmode=off")
	check("postgres://h/db?user=u&password=pw", "postgres://h/db?user=u&password=***")
	check("host=h password=pw user=u", "host=h password=*** user=u")
	check(`password = 'p \' w' host=h`, "password = *** host=h")
	check("PASSWORD=pw", "PASSWORD=***")
	check("postgres://u@h/db", "postgres://u@h/db")
	check("^BenchmarkPassword$", "^BenchmarkPassword$")
	check("origin/main", "origin/main")
}
