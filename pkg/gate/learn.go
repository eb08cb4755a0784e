package gate

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Learn computes the noise memory from stored runs of one class of machine, oldest first: for every
// series the spread inside a session, between the medians of sessions once the factor that moves a
// whole session is taken out, and of that factor. Medians are taken from the level between
// two change points, so that a step is no noise. A series of a single session has no Between.
func Learn(runs []baseline.Run) map[baseline.Key]baseline.Noise {
	type session struct {
		run int
		mid float64
	}
	mids := map[baseline.Key][]session{}
	samples := map[baseline.Key][]baseline.Sample{}
	for i, run := range runs {
		for _, sample := range run.Samples {
			got, clean := roundsOf(sample)
			p, ok := scale(got.values, nil, baseline.Lower)
			if !clean || !ok || len(p.base) == 0 {
				continue
			}
			mids[sample.Key] = append(mids[sample.Key], session{i, stat.Median(p.base)})
			samples[sample.Key] = append(samples[sample.Key], sample)
		}
	}
	// Every series' distance from its own level at that time, by session; the median over
	// the series of a session is its run-wide factor.
	apart := make([][]float64, len(runs))
	rest := map[baseline.Key][]float64{}
	for key, list := range mids {
		all := make([]float64, len(list))
		for i, one := range list {
			all[i] = one.mid
		}
		rest[key] = fromLevels(all)
		for i, one := range list {
			if !baseline.Counted(key.Unit) { // what slows a whole session does not reach a count
				apart[one.run] = append(apart[one.run], rest[key][i])
			}
		}
	}
	factors := make([]float64, len(runs))
	var moved []float64
	for i := range runs {
		if len(apart[i]) > 0 {
			slices.Sort(apart[i]) // the sum must not depend on the order of a map
			factors[i] = stat.Median(apart[i])
			moved = append(moved, factors[i])
		}
	}
	runWide := stat.Scale(stat.Sorted(moved))
	out := map[baseline.Key]baseline.Noise{}
	for key, list := range mids {
		wide := runWide
		if baseline.Counted(key.Unit) {
			wide = 0
		} else {
			for i, one := range list {
				rest[key][i] -= factors[one.run]
			}
		}
		sd := withinSessions(samples[key])
		if sd == 0 && !repeated(samples[key]) {
			continue // a single value everywhere: nothing is known of its spread
		}
		out[key] = baseline.Noise{SD: sd, Between: stat.Scale(stat.Sorted(rest[key])), RunWide: wide, Sessions: len(list)}
	}
	return out
}

// fromLevels returns how far each of mids, in order of time, is from the median of its segment.
func fromLevels(mids []float64) []float64 {
	out := make([]float64, 0, len(mids))
	for _, s := range segments(mids) {
		level := stat.Median(mids[s.From:s.To])
		for _, mid := range mids[s.From:s.To] {
			out = append(out, mid-level)
		}
	}
	return out
}

// repeated says whether any session has two rounds.
func repeated(sessions []baseline.Sample) bool {
	return slices.ContainsFunc(sessions, func(s baseline.Sample) bool {
		got, _ := roundsOf(s)
		return len(got.values) > 1
	})
}
