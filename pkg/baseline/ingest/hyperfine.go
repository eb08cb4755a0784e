package ingest

import "encoding/json"

// This file reads what hyperfine --export-json writes (github.com/sharkdp/hyperfine):
//
//	{"results": [{"command": "sleep 0.1", "times": [0.101, 0.1], "exit_codes": [0, 0],
//	              "memory_usage_byte": [1523712, 1523712], "parameters": {"n": "1"}}]}
//
// Each run of a command is a process, and so a round, in seconds. memory_usage_byte came with
// version 1.19. What hyperfine has computed from the times, and the means of user and system time,
// are left out.

type hyperfineResult struct {
	Command string    `json:"command"` // or its name (-n)
	Times   []float64 `json:"times"`
	Memory  []float64 `json:"memory_usage_byte"`
	Codes   []*int    `json:"exit_codes"` // null: killed by a signal
}

func isHyperfine(text []byte) bool { return isWhole(text, '{', "results", "command", "times") }

func fromHyperfine(text []byte) (out []byte, at []int32) {
	m := begin(Header{})
	m.list(text, "results", "a result of hyperfine", func(element []byte) error {
		var r hyperfineResult
		if err := json.Unmarshal(element, &r); err != nil {
			return err
		}
		if len(r.Times) == 0 {
			m.failed("", r.Command, "it has no times")
		}
		for i, seconds := range r.Times {
			metrics := []metric{{seconds, "sec/op"}}
			if i < len(r.Memory) {
				metrics = append(metrics, metric{r.Memory[i], "peak-RSS-bytes"})
			}
			m.result("", r.Command, 1, metrics...)
			if i < len(r.Codes) && (r.Codes[i] == nil || *r.Codes[i] != 0) {
				m.add(Disturbed("the command failed"))
			}
		}
		return nil
	})
	return m.end()
}
