package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// This file reads what cargo criterion --message-format=json prints (the book of Criterion.rs,
// "External Tools"): an object a line, among what the benchmarks themselves print.
//
//	{"reason": "benchmark-complete", "id": "fib/20", "iteration_count": [30, 60], "unit": "ns",
//	 "measured_values": [124200.0, 248400.0], "typical": {"estimate": 4139.2, "unit": "ns"}, …}
//
// A benchmark is one process, and so it has one value: the typical one, which is the slope of the
// regression over the iterations where there is one. The files below target/criterion are no
// format: their authors may change them at any time, and they do not name the benchmark.

type criterionMessage struct {
	Reason  string            `json:"reason"`
	ID      string            `json:"id"`
	Counts  []float64         `json:"iteration_count"`
	Typical criterionEstimate `json:"typical"`
	Median  criterionEstimate `json:"median"`
}

type criterionEstimate struct {
	Estimate *float64 `json:"estimate"`
	Unit     string   `json:"unit"`
}

// criterionReason stands in every message that has a result.
var criterionReason = []byte(`"benchmark-complete"`)

// isCriterion looks for a message among the lines: the benchmarks may have spoken before.
func isCriterion(text []byte) bool {
	if !bytes.Contains(text, criterionReason) || written(text) {
		return false
	}
	for line := range bytes.Lines(text) {
		if _, ok := criterionOf(line); ok {
			return true
		}
	}
	return false
}

// criterionOf returns the message in a line; false where there is none with a result.
func criterionOf(line []byte) (message criterionMessage, ok bool) {
	if !bytes.HasPrefix(line, []byte("{")) || !bytes.Contains(line, criterionReason) || json.Unmarshal(line, &message) != nil {
		return message, false
	}
	return message, message.Reason == "benchmark-complete"
}

func fromCriterion(text []byte) (out []byte, at []int32) {
	m := begin(Header{})
	m.number = 0
	for line := range bytes.Lines(text) {
		m.number++
		c, ok := criterionOf(line)
		if !ok {
			m.add(string(bytes.TrimRight(line, "\n")) + "\n") // what another program wrote to the same place
			continue
		}
		best := c.Typical
		if best.Estimate == nil {
			best = c.Median
		}
		if best.Estimate == nil {
			m.failed("", c.ID, noValue)
			continue
		}
		iterations := 0.0
		for _, n := range c.Counts {
			iterations += n
		}
		v := based(*best.Estimate, best.Unit)
		if _, time := timeUnits[best.Unit]; !time {
			v.unit = fmt.Sprintf("%s/op", word(best.Unit)) // cycles, say
		}
		m.result("", c.ID, int64(iterations), v)
	}
	return m.end()
}
