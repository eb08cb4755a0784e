package dir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

const (
	version   = 2 // 1 knows no sessions, facts of commits and anchors
	mark      = "# regress-"
	sampleTag = mark + "sample: "
	sumTag    = mark + "sum: "

	// benchfmt reads with a bufio.Scanner, whose lines end at 64 KiB: a sample of
	// more values than this goes on in a second line with the same key. A value
	// takes at most 24 bytes and its round 10, and a name 1 KiB (6 escaped).
	valuesPerLine = 1000
)

// header is everything that List needs.
type header struct {
	run    baseline.Run // without samples and raw text
	id     string
	series int
	raw    int // bytes
	body   int // bytes
	sum    string
	size   int // bytes of the header itself
}

// info returns h in a list; print is its environment's fingerprint.
func (h header) info(print string) baseline.RunInfo {
	return baseline.RunInfo{
		ID: h.id, Project: h.run.Project, Commit: h.run.Commit, Branch: h.run.Branch,
		Fingerprint: print, Environment: h.run.Environment,
		Time: h.run.Time, Series: h.series, Side: h.run.Side, Session: h.run.Session, Facts: h.run.Facts,
	}
}

// line is the sample mark's content.
type line struct {
	Package string    `json:"package"`
	Name    string    `json:"name"`
	Unit    string    `json:"unit"`
	Rounds  []int     `json:"rounds"`
	Values  []float64 `json:"values"`
	Center  float64   `json:"center,omitempty"`
}

// fact is one line of the header: a key of the benchmark format or a mark, and
// where its value lives.
type fact struct {
	key  string
	text *string
	num  *int
	time *time.Time
}

// facts lists the plain facts of r in the order of the file.
func facts(r *baseline.Run) []fact {
	e := &r.Environment
	return []fact{
		{key: mark + "side", text: (*string)(&r.Side)},
		{key: "project", text: &r.Project},
		{key: "commit", text: &r.Commit},
		{key: "branch", text: &r.Branch},
		{key: mark + "session", text: &r.Session},
		{key: mark + "commit-time", time: &r.Facts.Time},
		{key: mark + "place", num: &r.Facts.Place},
		{key: mark + "author", text: &r.Facts.Author},
		{key: mark + "subject", text: &r.Facts.Subject},
		{key: mark + "pull", num: &r.Facts.Pull},
		{key: "goos", text: &e.OS},
		{key: "goarch", text: &e.Arch},
		{key: "cpu", text: &e.CPU},
		{key: mark + "cores", num: &e.Cores},
		{key: mark + "gomaxprocs", num: &e.Procs},
		{key: mark + "memory-mib", num: &e.MemoryMiB},
		{key: mark + "kernel", text: &e.Kernel},
		{key: mark + "virtual", text: &e.Virtual},
		{key: mark + "governor", text: &e.Governor},
		{key: mark + "go-version", text: &e.GoVersion},
		{key: mark + "suite-flags", text: &e.SuiteFlags},
		{key: mark + "counter", text: &e.Counter},
	}
}

// encode writes r, which is valid, as one file.
func encode(r baseline.Run) []byte {
	body := encodeBody(r)
	var b bytes.Buffer
	put := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	put(mark+"store", strconv.Itoa(layout(r)))
	put(mark+"id", r.ID())
	if !r.Time.IsZero() {
		put(mark+"time", stamped(r.Time))
	}
	if r.Dirty {
		put(mark+"dirty", "true")
	}
	for _, f := range facts(&r) {
		switch {
		case f.num != nil && *f.num != 0:
			put(f.key, strconv.Itoa(*f.num))
		case f.text != nil && *f.text != "":
			put(f.key, quote(*f.text))
		case f.time != nil && !f.time.IsZero():
			put(f.key, stamped(*f.time))
		}
	}
	if q := r.Environment.Quota; q != 0 {
		put(mark+"quota", strconv.FormatFloat(q, 'g', -1, 64))
	}
	put(mark+"series", strconv.Itoa(len(r.Samples)))
	put(mark+"raw", strconv.Itoa(len(r.Raw)))
	put(mark+"body", fmt.Sprintf("%d %s", len(body), digest(body)))
	fmt.Fprintf(&b, "%s%s\n", sumTag, digest(b.Bytes()))
	return append(b.Bytes(), body...)
}

// layout returns the oldest version that can say what r holds, so that a program which knows no
// other goes on reading what it can.
func layout(r baseline.Run) int {
	if r.Session == "" && r.Facts == (baseline.Facts{}) && r.Side != baseline.Anchor {
		return 1
	}
	return version
}

// stamped returns a time as a file has it.
func stamped(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }

// encodeBody returns what stands below the header: the raw text and the samples.
func encodeBody(r baseline.Run) []byte {
	var b bytes.Buffer
	b.Write(r.Raw)
	b.WriteByte('\n')
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	for _, s := range slices.SortedFunc(slices.Values(r.Samples), compareSamples) {
		for from := 0; from == 0 || from < len(s.Values); from += valuesPerLine {
			to := min(from+valuesPerLine, len(s.Values))
			b.WriteString(sampleTag)
			// Note: a valid run's strings and finite floats always encode.
			_ = out.Encode(line{s.Package, s.Name, s.Unit, s.Rounds[from:to], s.Values[from:to], s.Center})
		}
	}
	return b.Bytes()
}

func compareSamples(a, b baseline.Sample) int { return a.Key.Compare(b.Key) }

// quote leaves a value that survives as it is; any other is written as Go would.
func quote(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` || s != strings.TrimSpace(s) {
		return q
	}
	return s
}

// digest returns the SHA-256 of data in hexadecimal digits.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// decodeHeader reads the header at the start of data, which may end anywhere
// below it.
func decodeHeader(data []byte) (header, error) {
	var h header
	first, _, _ := bytes.Cut(data, []byte("\n"))
	v, ok := strings.CutPrefix(string(first), mark+"store: ")
	if n, err := strconv.Atoi(v); !ok || err != nil || n < 1 {
		return h, fmt.Errorf("%w: it does not begin as a run of this store", baseline.ErrDamaged)
	} else if n > version {
		return h, fmt.Errorf("%w: layout %d, this program knows %d: update regress", baseline.ErrNewerSchema, n, version)
	}
	at := bytes.Index(data, []byte("\n"+sumTag))
	if at < 0 {
		return h, fmt.Errorf("%w: its header has no end", baseline.ErrDamaged)
	}
	above := data[:at+1]
	sum, _, ended := bytes.Cut(data[at+1+len(sumTag):], []byte("\n"))
	if !ended || string(sum) != digest(above) {
		return h, fmt.Errorf("%w: its header is not what was written", baseline.ErrDamaged)
	}
	h.size = len(above) + len(sumTag) + len(sum) + 1
	if err := h.parse(string(above)); err != nil {
		return h, fmt.Errorf("%w: %w", baseline.ErrDamaged, err)
	}
	return h, nil
}

// parse reads the lines of a header whose sum is right.
func (h *header) parse(text string) error {
	known := map[string]fact{}
	for _, f := range facts(&h.run) {
		known[f.key] = f
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		var err error
		switch f := known[key]; {
		case f.num != nil:
			*f.num, err = strconv.Atoi(value)
		case f.text != nil && strings.HasPrefix(value, `"`):
			*f.text, err = strconv.Unquote(value)
		case f.text != nil:
			*f.text = value
		case f.time != nil:
			*f.time, err = time.Parse(time.RFC3339Nano, value)
		default:
			err = h.parseOwn(strings.TrimPrefix(key, mark), value)
		}
		if err != nil {
			return fmt.Errorf("line %q: %w", line, err)
		}
	}
	if h.raw < 0 || h.raw >= h.body || h.series < 0 {
		return fmt.Errorf("raw text of %d bytes in a body of %d", h.raw, h.body)
	}
	return nil
}

// parseOwn reads a line that facts does not list.
func (h *header) parseOwn(key, value string) (err error) {
	switch key {
	case "store":
	case "id":
		h.id = value
	case "time":
		h.run.Time, err = time.Parse(time.RFC3339Nano, value)
	case "dirty":
		h.run.Dirty = value == "true"
	case "quota":
		h.run.Environment.Quota, err = strconv.ParseFloat(value, 64)
	case "series":
		h.series, err = strconv.Atoi(value)
	case "raw":
		h.raw, err = strconv.Atoi(value)
	case "body":
		size, sum, _ := strings.Cut(value, " ")
		h.sum = sum
		h.body, err = strconv.Atoi(size)
	default:
		err = fmt.Errorf("unknown fact %q", key)
	}
	return err
}

// decode reads a whole file.
func decode(data []byte) (baseline.Run, string, error) {
	h, err := decodeHeader(data)
	if err != nil {
		return baseline.Run{}, "", err
	}
	body := data[h.size:]
	if len(body) != h.body {
		return baseline.Run{}, "", fmt.Errorf("%w: %d bytes below its header, %d were written", baseline.ErrDamaged, len(body), h.body)
	}
	if digest(body) != h.sum {
		return baseline.Run{}, "", fmt.Errorf("%w: its text is not what was written", baseline.ErrDamaged)
	}
	r := h.run
	r.Raw = body[:h.raw:h.raw]
	if r.Samples, err = decodeSamples(body[h.raw+1:]); err != nil {
		return baseline.Run{}, "", fmt.Errorf("%w: %w", baseline.ErrDamaged, err)
	}
	if len(r.Samples) != h.series || r.ID() != h.id {
		return baseline.Run{}, "", fmt.Errorf("%w: its content is not that of run %s", baseline.ErrDamaged, h.id)
	}
	return r, h.id, nil
}

// decodeSamples reads the sample lines at the end of a file.
func decodeSamples(text []byte) ([]baseline.Sample, error) {
	var samples []baseline.Sample
	for row := range bytes.Lines(text) {
		content, ok := bytes.CutPrefix(row, []byte(sampleTag))
		if !ok {
			return nil, fmt.Errorf("sample line %.80q", row)
		}
		var l line
		if err := json.Unmarshal(content, &l); err != nil {
			return nil, fmt.Errorf("sample line %.80q: %w", row, err)
		}
		key := baseline.Key{Package: l.Package, Name: l.Name, Unit: l.Unit}
		if n := len(samples); n > 0 && samples[n-1].Key == key {
			samples[n-1].Values = append(samples[n-1].Values, l.Values...)
			samples[n-1].Rounds = append(samples[n-1].Rounds, l.Rounds...)
			continue
		}
		samples = append(samples, baseline.Sample{Key: key, Values: l.Values, Rounds: l.Rounds, Center: l.Center})
	}
	return samples, nil
}
