package ingest

import "bytes"

// format is a way in which the output of go test arrives that is not its text as
// it was printed. A new one is a file with an entry here.
type format struct {
	name  string
	sniff func(text []byte) bool

	// translate returns the text as go test printed it and, for each of its lines,
	// the number of the line that it was made from; nil where no line moved.
	translate func(text []byte) (out []byte, at []int32)
}

// formats are tried in order, each on what the one before it made: JSON may stand
// behind the times of a CI log.
var formats = []format{
	{"log of a CI system", hasFronts, stripFronts},
	{"go test -json", isJSON, fromJSON},
	{"hyperfine", isHyperfine, fromHyperfine},
	{"pytest-benchmark", isPytest, fromPytest},
	{"Google Benchmark", isGoogle, fromGoogle},
	{"JMH", isJMH, fromJMH},
	{"cargo-criterion", isCriterion, fromCriterion},
}

// translate turns a text into what go test printed, with the numbers of the lines
// that it was made from; nil where they are its own. It goes on until nothing is left to
// turn, since one format may stand inside another (colours in the events of go test -json)
// and what it returns is kept and read again.
func translate(text []byte) (out []byte, at []int32) {
	const most = 20 // a text that is folded more often was made to cost time
	for range most {
		before := text
		for _, f := range formats {
			if !f.sniff(text) {
				continue
			}
			made, from := f.translate(text)
			text, at = made, through(from, at)
		}
		if bytes.Equal(text, before) {
			break
		}
	}
	return text, at
}

// through returns the numbers that lines had before two steps, from those that
// each of them has kept; nil: none has moved.
func through(later, earlier []int32) []int32 {
	if later == nil || earlier == nil {
		return append(later, earlier...)
	}
	for i, line := range later {
		later[i] = earlier[line-1]
	}
	return later
}

// written reports whether regress wrote a text: then nothing stands in front of
// its lines, and what looks so was printed by a benchmark.
func written(text []byte) bool {
	mark := []byte(keyVersion + ": ")
	return bytes.HasPrefix(text, mark) || bytes.Contains(text, append([]byte{'\n'}, mark...))
}
