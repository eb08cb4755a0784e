package finding

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/gate"
)

// The parts of SARIF 2.1.0 that are used (OASIS standard, section 3).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    Rule      `json:"id"`
		Short sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		Rule         Rule              `json:"ruleId"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Start int `json:"startLine"`
		End   int `json:"endLine"`
	}
)

// rules are what a finding can be, in the words of the glossary.
var rules = []sarifRule{
	{Slower, sarifText{"A benchmark became worse, told from noise."}},
	{MoreWork, sarifText{"A benchmark does more work, counted in instructions."}},
	{Crept, sarifText{"A benchmark became worse since the anchor, in steps too small for one pull request."}},
	{Missing, sarifText{"A benchmark of base printed nothing at head."}},
	{NotJudged, sarifText{"A benchmark could not be judged, and --strict asks that it is."}},
	{Target, sarifText{"An absolute target is missed, or nothing was measured for it."}},
	{Problem, sarifText{"A result could not be used."}},
}

// SARIF writes the findings as one SARIF 2.1.0 document. A decision that is undecided is an
// execution without success, whose notification says why.
func (o Source) SARIF(w io.Writer) error {
	levels := map[Level]string{Failure: "error", Warning: "warning", Notice: "note"}
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "regress", Version: o.Version, InformationURI: "https://github.com/descartes/regress", Rules: rules}
	for _, f := range o.Findings() {
		file, line, last := o.where(f)
		r := sarifResult{
			Rule: f.Rule, Level: levels[f.Level], Message: sarifText{f.text()},
			Locations:    []sarifLocation{{sarifPhysical{sarifArtifact{(&url.URL{Path: file}).EscapedPath()}, sarifRegion{line, last}}}},
			Fingerprints: map[string]string{"series/v1": f.fingerprint()},
		}
		run.Results = append(run.Results, r)
	}
	state := sarifInvocation{Successful: o.Decision.Outcome != gate.Undecided}
	if !state.Successful {
		state.Notifications = []sarifNotification{{"error", sarifText{figure.OneLine(report.Headline(o.Decision))}}}
	}
	run.Invocations = []sarifInvocation{state}
	return writeJSON(w, "SARIF", sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// where returns the lines of a finding; of one about no line, the first line of the file that
// stands for all.
func (o Source) where(f Finding) (file string, line, last int) {
	if f.File == "" {
		return cmp.Or(o.Elsewhere, "go.mod"), 1, 1
	}
	return f.File, max(1, f.Line), max(1, f.Line, f.Last)
}

// writeJSON writes an indented document.
func writeJSON(w io.Writer, format string, doc any) error {
	text, err := json.MarshalIndent(doc, "", "  ")
	if err == nil {
		_, err = w.Write(append(figure.JSON(text), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the findings as %s: %w", format, err)
	}
	return nil
}
