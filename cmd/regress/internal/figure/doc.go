// Package figure writes single facts for people: a number in its unit, a share, a ratio, a
// commit, a name, a row of small bars. Everything that prints uses it, so that a figure reads the
// same on a terminal, in a comment and in a page, and so that a name from a stranger's pull request
// is harmless in all of them.
//
//	unit.go      what kind of thing a unit counts, and the prefixes that it is written with
//	number.go    values in their unit: "240 ns", "1.23 M msg/s"
//	ratio.go     shares, relative changes and ratios: "4.1 %", "+12.1 %", "1.3×"
//	text.go      names and sentences made harmless for a terminal and a log
//	markdown.go  the same for Markdown, as GitHub renders it
//	json.go      the same for JSON that somebody prints
//	spark.go     a course of values as small bars
//
// It knows no decision and no log: its neighbours report, summary and github hand it numbers and
// strings. Rows of cells are the business of package table.
package figure
