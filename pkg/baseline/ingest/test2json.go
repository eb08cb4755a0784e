package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// event is one line of go test -json, as far as it matters. See `go doc test2json`.
type event struct {
	Action, Package, Test, Output string

	Elapsed float64 // seconds
}

// fromJSON turns the output of go test -json into what go test prints without -json, with the
// line numbers that problems are to name. Packages whose lines alternate are kept apart by `pkg:`
// lines, and one that failed has a line that says so, also where its output was filtered.
func fromJSON(text []byte) (out []byte, at []int32) {
	open := map[string][]byte{} // by package: a line that has not ended; events end anywhere
	failed := map[string]bool{} // packages of which a line says so
	current, number := "", int32(0)
	emit := func(pkg string, line []byte) {
		if pkg != "" && pkg != current {
			out, at, current = fmt.Appendf(out, "pkg: %s\n", pkg), append(at, number), pkg
		}
		out, at = append(out, line...), append(at, number)
	}
	for line := range bytes.Lines(text) {
		number++
		var e event
		if line[0] != '{' || json.Unmarshal(line, &e) != nil || e.Action == "" {
			emit("", line) // what another program wrote to the same place
			continue
		}
		if e.Package != "" {
			e.Package = word(e.Package) // one line, whatever it has
		}
		for piece := range bytes.Lines([]byte(e.Output)) {
			whole := append(open[e.Package], piece...)
			if piece[len(piece)-1] != '\n' {
				open[e.Package] = whole
				continue
			}
			delete(open, e.Package)
			emit(e.Package, whole)
			failed[e.Package] = failed[e.Package] || bytes.HasPrefix(whole, []byte("FAIL\t"))
		}
		if e.Action == "fail" && e.Test == "" && e.Package != "" && !failed[e.Package] {
			if rest := open[e.Package]; len(rest) > 0 {
				emit(e.Package, append(rest, '\n'))
				delete(open, e.Package)
			}
			emit(e.Package, fmt.Appendf(nil, "FAIL\t%s\t%.3fs\n", e.Package, e.Elapsed))
		}
	}
	for _, pkg := range sortedKeys(open) {
		emit(pkg, append(open[pkg], '\n'))
	}
	return noZeros(out), at
}

// isJSON looks for an event among the first lines: a build may have spoken before.
func isJSON(text []byte) bool {
	n := 0
	for line := range bytes.Lines(text) {
		if line[0] == '{' && bytes.Contains(line, []byte(`"Action":"`)) {
			return true
		}
		if n++; n > 100 {
			return false
		}
	}
	return false
}
