package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
	"github.com/descartes/regress/pkg/gate/trend"
)

// dataset is a file of the Turing change point data set.
type dataset struct {
	Name   string `json:"name"`
	Dims   int    `json:"n_dim"`
	Series []struct {
		Raw []*float64 `json:"raw"`
	} `json:"series"`
	values []float64 // missing ones are as those before
}

// turing returns the univariate series of the data set in dir that are there, with what people
// marked in them: by series and annotator the indices at which something changes.
func turing(dir string) (sets []dataset, marked map[string]map[string][]int, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "annotations.json"))
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(text, &marked); err != nil {
		return nil, nil, fmt.Errorf("annotations.json: %w", err)
	}
	for name := range marked {
		file := filepath.Join(dir, "datasets", name, name+".json")
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // to be fetched from elsewhere
		}
		if err != nil {
			return nil, nil, err
		}
		var d dataset
		if err := json.Unmarshal(text, &d); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		if d.Dims != 1 || len(d.Series) != 1 {
			continue
		}
		last := 0.
		for _, v := range d.Series[0].Raw {
			if v != nil {
				last = *v
			}
			d.values = append(d.values, last)
		}
		sets = append(sets, d)
	}
	slices.SortFunc(sets, func(a, b dataset) int { return len(a.values) - len(b.values) })
	return sets, marked, nil
}

// course returns what trend finds in values that are no times: any size counts, and zero is no
// wall.
func course(values []float64) (cuts []int) {
	mid, mean, square := stat.Median(values), 0., 0.
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / float64(len(values))
	}
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = (v - mid) / math.Sqrt(max(square, math.SmallestNonzeroFloat64))
	}
	for _, c := range find(logs, trend.Policy{MinEffect: -1}).Changes {
		cuts = append(cuts, c.At)
	}
	return cuts
}

// f1 returns the harmonic mean of precision, against what anyone marked, and recall, the mean
// over annotators, as van den Burg and Williams define them: index 0 counts as marked and found.
func f1(found []int, marks map[string][]int) float64 {
	found = append([]int{0}, found...)
	var any []int
	recall := 0.
	for _, own := range marks {
		own = append([]int{0}, own...)
		slices.Sort(own)
		own = slices.Compact(own)
		any = append(any, own...)
		recall += float64(hits(own, found)) / float64(len(own)) / float64(len(marks))
	}
	slices.Sort(any)
	precision := float64(hits(slices.Compact(any), found)) / float64(len(found))
	return 2 * precision * recall / (precision + recall)
}

// hits returns how many of the marks have a found index near that no other mark has taken.
func hits(marks, found []int) (n int) {
	free := slices.Clone(found)
	for _, m := range marks {
		best := -1
		for i, f := range free {
			if d := max(f-m, m-f); d <= margin && (best < 0 || d < max(free[best]-m, m-free[best])) {
				best = i
			}
		}
		if best >= 0 {
			free = slices.Delete(free, best, best+1)
			n++
		}
	}
	return n
}

// cover returns how well the segments found cover those that people see: the mean over annotators
// of the Jaccard index of the best segment for each, weighted by its length.
func cover(found []int, marks map[string][]int, n int) float64 {
	sum := 0.
	ends := func(cuts []int) []int {
		out := slices.Concat([]int{0}, cuts, []int{n})
		slices.Sort(out)
		return slices.Compact(out)
	}
	have := ends(found)
	for _, own := range marks {
		want := ends(own)
		for i, to := range want[1:] {
			from, best := want[i], 0.
			for k, end := range have[1:] {
				both := min(to, end) - max(from, have[k])
				best = max(best, float64(both)/float64(max(to, end)-min(from, have[k])))
			}
			sum += best * float64(to-from) / float64(n) / float64(len(marks))
		}
	}
	return sum
}

// writeTuring writes the table of the data set in dir.
func writeTuring(w io.Writer, dir string) error {
	sets, marked, err := turing(dir)
	if err != nil {
		return fmt.Errorf("read the Turing data set: %w", err)
	}
	fmt.Fprintf(w, "\n%d univariate series of the Turing data set, default settings but for the least size, F1 with margin %d and cover:\n\n| detector | F1 | cover |\n|---|---|---|\n", len(sets), margin)
	for _, d := range []struct {
		name string
		find func([]float64) []int
	}{{"none", func([]float64) []int { return nil }}, {"Otava's defaults", otava}, {"this", course}} {
		var score, covered float64
		for _, set := range sets {
			found := d.find(set.values)
			score += f1(found, marked[set.Name]) / float64(len(sets))
			covered += cover(found, marked[set.Name], len(set.values)) / float64(len(sets))
		}
		fmt.Fprintf(w, "| %s | %.3f | %.3f |\n", d.name, score, covered)
	}
	return nil
}
