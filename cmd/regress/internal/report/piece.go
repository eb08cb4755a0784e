package report

import (
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// The pieces that other pages are made of, so that a figure reads the same
// everywhere and a hostile name is harmless everywhere.

// Value writes x, in a tidied unit, to three digits: "240 ns", "1.23 M msg/s".
// The unit is as it was printed, and so may hold anything.
func Value(x float64, unit string) string { return value(x, unit) }

// Number is Value without what the scale does not say: "1.23 M".
func Number(x float64, unit string) string { return number(x, unit) }

// Exact is Number for a count, which is written whole: "4096 B".
func Exact(x float64, unit string) string { return exact(x, unit) }

// Percent writes a share without a sign: .041 is "4.1 %".
func Percent(x float64) string { return percent(x) }

// Margin writes how much better than required, rounded down: "1.3×"; nothing
// where it is unknown.
func Margin(m *float64) string { return margin(m) }

// Against writes the limit of a target: "< 10 ms".
func Against(t gate.TargetRow) string { return against(t) }

// Code is a name in a code span of Markdown, shortened and harmless; inTable
// also keeps it in its cell.
func Code(s string, inTable bool) string { return code(s, inTable) }

// Prose is a sentence in Markdown that may hold hostile names.
func Prose(s string) string { return prose(s) }

// Cell keeps a figure on one line of a table.
func Cell(figure string) string { return cell(figure) }

// Commit is a commit as people write it: its first ten digits.
func Commit(commit string) string { return short(commit) }

// Where says where a problem was found: "run.txt:12: head Parse: ".
func Where(p baseline.Problem) string { return where(p) }

// Harmless writes the same JSON so that a terminal or a log shows it as it is.
func Harmless(doc []byte) []byte { return harmless(doc) }
