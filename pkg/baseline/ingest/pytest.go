package ingest

import (
	"encoding/json"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// This file reads what pytest --benchmark-json=FILE writes, and what pytest-benchmark keeps below
// .benchmarks (pytest-benchmark.readthedocs.io):
//
//	{"machine_info": {"system": "Linux", "machine": "x86_64", "cpu": {"brand_raw": "AMD EPYC"}},
//	 "commit_info": {"id": "SHA", "branch": "main", "dirty": false},
//	 "datetime": "2026-11-29T10:05:09.1",
//	 "benchmarks": [{"fullname": "tests/test_fib.py::test_fib[5]", "stats":
//	   {"median": 6.2e-07, "rounds": 6934, "iterations": 1, "data": [1.2e-06]}}]}
//
// All rounds of pytest-benchmark are of one process, and so they are one value here: their median,
// in seconds. The file is the package, and what follows it in the full name is the name.

type pytestAbout struct {
	Machine struct {
		System  string `json:"system"`
		Machine string `json:"machine"`
		CPU     struct {
			BrandRaw string `json:"brand_raw"` // since py-cpuinfo 6
			Brand    string `json:"brand"`
		} `json:"cpu"`
	} `json:"machine_info"`
	Commit struct {
		ID     string `json:"id"`
		Branch string `json:"branch"`
		Dirty  bool   `json:"dirty"`
	} `json:"commit_info"`
	When string `json:"datetime"`
}

type pytestBenchmark struct {
	Name  string `json:"name"`
	Full  string `json:"fullname"`
	Stats struct {
		Median     *float64 `json:"median"`
		Rounds     float64  `json:"rounds"`
		Iterations float64  `json:"iterations"`
	} `json:"stats"`
}

// Go's names for what Python calls a system and a machine.
var goArchs = map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}

func isPytest(text []byte) bool {
	return isWhole(text, '{', "machine_info", "benchmarks", "fullname", "stats")
}

func fromPytest(text []byte) (out []byte, at []int32) {
	var about pytestAbout
	_ = json.Unmarshal(text, &about) // what is not of that form is not known
	e := baseline.Environment{OS: wordOrNone(strings.ToLower(about.Machine.System))}
	if e.Arch = goArchs[strings.ToLower(about.Machine.Machine)]; e.Arch == "" {
		e.Arch = wordOrNone(about.Machine.Machine)
	}
	if e.CPU = about.Machine.CPU.BrandRaw; e.CPU == "" {
		e.CPU = about.Machine.CPU.Brand
	}
	m := begin(Header{
		Head: Origin{Commit: wordOrNone(about.Commit.ID), Ref: wordOrNone(about.Commit.Branch)}, Dirty: about.Commit.Dirty,
		Started: moment(about.When), Environment: e,
	})
	m.list(text, "benchmarks", "a benchmark of pytest", func(element []byte) error {
		var b pytestBenchmark
		if err := json.Unmarshal(element, &b); err != nil {
			return err
		}
		pkg, name, ok := strings.Cut(b.Full, "::")
		if !ok {
			pkg, name = "", b.Full+b.Name
		}
		if b.Stats.Median == nil {
			m.failed(pkg, name, noValue)
			return nil
		}
		m.result(pkg, name, int64(b.Stats.Rounds*max(b.Stats.Iterations, 1)), metric{*b.Stats.Median, "sec/op"})
		return nil
	})
	return m.end()
}

// wordOrNone returns a text as one word; empty where it is empty or (unknown), as tools write it.
func wordOrNone(text string) string {
	if text == "" || strings.EqualFold(text, "unknown") || strings.HasPrefix(text, "(") {
		return ""
	}
	return word(text)
}
