package ingest

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// This file reads what the Java Microbenchmark Harness writes with -rf json
// (github.com/openjdk/jmh, org.openjdk.jmh.results.format.JSONResultFormat):
//
//	[{"jmhVersion": "1.37", "benchmark": "org.sample.Strings.join", "mode": "thrpt", "threads": 1,
//	  "forks": 2, "params": {"n": "10"}, "primaryMetric": {"score": 3.37, "scoreUnit": "ops/us",
//	  "rawData": [[3.376, 3.3765], [3.37, 3.38]]}, "secondaryMetrics": {"gc.alloc.rate": {…}}}]
//
// A fork is a process, and so a round: the median of its iterations. The class is the package.
// Scores become sec/op or ops/s. Secondary metrics, which profilers add, have units of their own,
// "gc.alloc.rate-MB/sec". In a text without raw data, of mode sample, the score is the one value.

type jmhResult struct {
	Benchmark string               `json:"benchmark"`
	Mode      string               `json:"mode"`
	Threads   int                  `json:"threads"`
	Params    map[string]string    `json:"params"`
	Primary   jmhMetric            `json:"primaryMetric"`
	Secondary map[string]jmhMetric `json:"secondaryMetrics"`
}

type jmhMetric struct {
	Score loose     `json:"score"`
	Unit  string    `json:"scoreUnit"`
	Raw   [][]loose `json:"rawData"` // by fork and iteration
}

// loose is a number that may be written as a text: "NaN".
type loose float64

// UnmarshalJSON reads a number, or the text of one; all else is none.
func (l *loose) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err != nil {
		value = math.NaN()
	}
	*l = loose(value)
	return nil
}

func isJMH(text []byte) bool { return isWhole(text, '[', "benchmark", "mode", "primaryMetric") }

func fromJMH(text []byte) (out []byte, at []int32) {
	m := begin(Header{})
	m.list(text, "", "a result of JMH", func(element []byte) error {
		var r jmhResult
		if err := json.Unmarshal(element, &r); err != nil {
			return err
		}
		class, name := r.name()
		for fork := range max(len(r.Primary.Raw), 1) {
			primary := based(r.Primary.of(fork), r.Primary.Unit)
			metrics := []metric{primary}
			for _, key := range slices.Sorted(maps.Keys(r.Secondary)) {
				s := r.Secondary[key]
				metrics = append(metrics, metric{s.of(fork), strings.TrimPrefix(key, "·") + "-" + s.Unit})
			}
			m.result(class, name, 1, metrics...)
		}
		return nil
	})
	return m.end()
}

// name returns class and name of a benchmark: the method, its parameters, and what else tells two
// results apart.
func (r jmhResult) name() (class, name string) {
	dot := strings.LastIndexByte(r.Benchmark, '.')
	class, name = r.Benchmark[:max(dot, 0)], r.Benchmark[dot+1:]
	for _, key := range slices.Sorted(maps.Keys(r.Params)) {
		name += "/" + key + "=" + r.Params[key]
	}
	if r.Threads > 1 {
		name += "/threads=" + strconv.Itoa(r.Threads)
	}
	if r.Mode != "thrpt" && r.Mode != "avgt" {
		name += "/mode=" + r.Mode
	}
	return class, name
}

// of returns the median of the iterations of a fork; the score where there are none.
func (v jmhMetric) of(fork int) float64 {
	if fork >= len(v.Raw) || len(v.Raw[fork]) == 0 {
		return float64(v.Score)
	}
	sorted := slices.Sorted(slices.Values(v.Raw[fork]))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return float64(sorted[half])
	}
	return float64(sorted[half-1]+sorted[half]) / 2
}
