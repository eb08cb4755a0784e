package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// explain prints what every line of results was taken for.
func explain(s *session, files []string, format string) error {
	if len(files) == 0 {
		return usagef("compare --explain: give the FILEs to explain, - for the standard input")
	}
	var entries []ingest.Entry
	var logs []baseline.Log
	var errs []error
	for _, name := range files {
		lines, log, err := explainOne(s, name)
		entries, logs, errs = append(entries, lines...), append(logs, log), append(errs, err)
	}
	write := explainText
	switch format {
	case "json":
		write = explainJSON
	case "text":
	default:
		return usagef("compare --explain: the format is text or json, not %s", format)
	}
	if err := write(s.stdout, entries, logs); err != nil {
		return fmt.Errorf("print the account: %w", err)
	}
	return errors.Join(errs...)
}

func explainOne(s *session, name string) ([]ingest.Entry, baseline.Log, error) {
	if name == "-" {
		return ingest.Account("stdin", s.stdin)
	}
	file, err := openFile(name)
	if err != nil {
		return nil, baseline.Log{}, err
	}
	defer file.Close()
	return ingest.Account(name, file)
}

// counts says how many lines there are of each class.
func counts(entries []ingest.Entry) map[ingest.Class]int {
	n := map[ingest.Class]int{}
	for _, e := range entries {
		n[e.Class]++
	}
	return n
}

// explainText prints a line for each line, then how many there are of each class
// and what is wrong.
func explainText(w io.Writer, entries []ingest.Entry, logs []baseline.Log) error {
	var out []byte
	for _, e := range entries {
		out = fmt.Appendf(out, "%s:%d\t%-11s\t%s\n", figure.Plain(e.File), e.Line, e.Class, figure.Plain(e.Text))
	}
	n := counts(entries)
	for _, class := range ingest.Classes {
		if n[class] > 0 {
			out = fmt.Appendf(out, "%d lines: %s\n", n[class], class)
		}
	}
	for _, log := range logs {
		for _, p := range log.Problems {
			out = fmt.Appendf(out, "problem: %s\n", figure.Plain(report.Where(p)+report.ProblemText(p)))
		}
		for _, warning := range log.Warnings {
			out = fmt.Appendf(out, "warning: %s\n", figure.Plain(report.WarningText(warning)))
		}
	}
	_, err := w.Write(out)
	return err
}

// explainJSON prints the same as one object.
func explainJSON(w io.Writer, entries []ingest.Entry, logs []baseline.Log) error {
	doc := struct {
		Version  int                  `json:"version"`
		Counts   map[ingest.Class]int `json:"counts"`
		Problems []string             `json:"problems"`
		Warnings []string             `json:"warnings"`
		Lines    []ingest.Entry       `json:"lines"`
	}{Version: 1, Counts: counts(entries), Problems: []string{}, Warnings: []string{}, Lines: entries}
	for _, log := range logs {
		for _, p := range log.Problems {
			doc.Problems = append(doc.Problems, report.Where(p)+report.ProblemText(p))
		}
		for _, warning := range log.Warnings {
			doc.Warnings = append(doc.Warnings, report.WarningText(warning))
		}
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(figure.JSON(out), '\n'))
	return err
}
