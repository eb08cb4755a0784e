package measure

import (
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// readLog parses the log so far for NextFunc.
//
// TODO: ingest.Read, once it is there; this reads no more than which rounds exist.
func readLog(text []byte) (baseline.Log, error) {
	samples := map[baseline.Side]map[baseline.Key]*baseline.Sample{}
	var side baseline.Side
	path := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "side: "); ok {
			side = baseline.Side(v)
		} else if v, ok := strings.CutPrefix(line, "pkg: "); ok {
			path = v
		} else if p, ok, _ := parseLine(line); ok {
			if samples[side] == nil {
				samples[side] = map[baseline.Key]*baseline.Sample{}
			}
			key := baseline.Key{Package: path, Name: p.name, Unit: "sec/op"}
			s := samples[side][key]
			if s == nil {
				s = &baseline.Sample{Key: key}
				samples[side][key] = s
			}
			s.Values = append(s.Values, p.nsPerOp/1e9)
			s.Rounds = append(s.Rounds, len(s.Values))
		}
	}
	var log baseline.Log
	for side, keyed := range samples {
		run := baseline.Run{Side: side}
		for _, s := range keyed {
			run.Samples = append(run.Samples, *s)
		}
		slices.SortFunc(run.Samples, func(a, b baseline.Sample) int { return a.Compare(b.Key) })
		log.Runs = append(log.Runs, run)
	}
	return log, nil
}
