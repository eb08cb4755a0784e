package ingest

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
)

// This file reads what a program of Google Benchmark writes with --benchmark_format=json or
// --benchmark_out (github.com/google/benchmark, docs/user_guide.md):
//
//	{"context": {"date": "2026-11-29T10:05:04+00:00", "executable": "./b",
//	             "library_build_type": "release"},
//	 "benchmarks": [{"name": "BM_sum/64", "run_name": "BM_sum/64", "run_type": "iteration",
//	   "repetition_index": 0, "iterations": 1528832, "real_time": 18.4, "cpu_time": 18.4,
//	   "time_unit": "ns", "bytes_per_second": 1.39e10, "cells": 64}]}
//
// Each repetition is a round: its real time is sec/op, its processor time cpu-sec/op. A number
// under a name that the format does not have is a counter of the program, in a unit of that name.
// Aggregates are used where the repetitions are not there (--benchmark_report_aggregates_only):
// then the median is the one value. The others are left out.

type googleContext struct {
	Context struct {
		Date       string `json:"date"`
		Executable string `json:"executable"`
		Scaling    bool   `json:"cpu_scaling_enabled"`
		Build      string `json:"library_build_type"`
	} `json:"context"`
}

type googleRun struct {
	Name       string   `json:"name"`
	RunName    string   `json:"run_name"` // without _median
	Type       string   `json:"run_type"` // iteration or aggregate; absent before version 1.4.1
	Aggregate  string   `json:"aggregate_name"`
	Iterations float64  `json:"iterations"`
	Real       *float64 `json:"real_time"`
	CPU        *float64 `json:"cpu_time"`
	Unit       string   `json:"time_unit"`
	Failed     bool     `json:"error_occurred"`
	Message    string   `json:"error_message"`
}

// googleKeys are the numbers of a run that are no counters.
var googleKeys = map[string]bool{
	"family_index": true, "per_family_instance_index": true, "repetitions": true, "repetition_index": true,
	"threads": true, "iterations": true, "real_time": true, "cpu_time": true,
}

// googleRates are the counters that the library itself makes.
var googleRates = map[string]string{"bytes_per_second": "B/s", "items_per_second": "items/s"}

func isGoogle(text []byte) bool {
	return isWhole(text, '{', "context", "benchmarks", "name") && !isPytest(text)
}

func fromGoogle(text []byte) (out []byte, at []int32) {
	var about googleContext
	_ = json.Unmarshal(text, &about) // what is not of that form is not known
	m := begin(Header{Started: moment(about.Context.Date)})
	if about.Context.Build == "debug" {
		m.warn("the benchmark library says that it was built for debugging")
	}
	if about.Context.Scaling {
		m.warn("the benchmark library says that the frequency of the processor was free to change")
	}
	pkg := ""
	if about.Context.Executable != "" {
		pkg = path.Base(about.Context.Executable)
	}
	repeated := map[string]bool{} // benchmarks of which the repetitions are there
	_ = elements(text, "benchmarks", func(_ int32, element []byte) error {
		var r googleRun
		if json.Unmarshal(element, &r) == nil && r.Type != "aggregate" {
			repeated[r.base()] = true
		}
		return nil
	})
	m.list(text, "benchmarks", "a run of Google Benchmark", func(element []byte) error {
		var r googleRun
		if err := json.Unmarshal(element, &r); err != nil {
			return err
		}
		switch {
		case r.Type == "aggregate" && (repeated[r.base()] || r.Aggregate != "median"):
		case r.Failed:
			m.failed(pkg, r.base(), r.Message)
		case r.Real == nil || r.CPU == nil:
			m.failed(pkg, r.base(), noValue)
		default:
			m.result(pkg, r.base(), int64(r.Iterations), r.metrics(element)...)
		}
		return nil
	})
	return m.end()
}

// base returns the name of the benchmark.
func (r googleRun) base() string {
	if r.RunName != "" {
		return r.RunName
	}
	return r.Name
}

// metrics returns the times and counters of a run.
func (r googleRun) metrics(element []byte) []metric {
	factor, ok := timeUnits[r.Unit]
	if !ok {
		factor = timeUnits["ns"]
	}
	out := []metric{{scaled(*r.Real, factor), "sec/op"}, {scaled(*r.CPU, factor), "cpu-sec/op"}}
	all := map[string]any{}
	_ = json.Unmarshal(element, &all) // it was one before
	for _, key := range slices.Sorted(maps.Keys(all)) {
		value, is := all[key].(float64)
		if !is || googleKeys[key] {
			continue
		}
		unit := key
		if rate := googleRates[key]; rate != "" {
			unit = rate
		}
		out = append(out, metric{value, unit})
	}
	return out
}
