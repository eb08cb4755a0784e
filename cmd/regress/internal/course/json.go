package course

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate/stat"
	"github.com/descartes/regress/pkg/gate/trend"
)

// jsonVersion grows when a field changes its meaning or goes away; fields may be added without.
const jsonVersion = 1

type document struct {
	Version int              `json:"version"`
	Order   string           `json:"order"` // of the commits: "first-parent" or "measured"
	Series  []seriesDocument `json:"series"`
	Causes  []causeDocument  `json:"causes"`
}

type nameDocument struct {
	Package     string `json:"package"`
	Name        string `json:"name"`
	Unit        string `json:"unit"`
	Fingerprint string `json:"fingerprint"`
}

type seriesDocument struct {
	nameDocument
	Noise    float64           `json:"noise"` // robust standard deviation of natural logarithms
	Anchor   *anchorDocument   `json:"anchor,omitempty"`
	Points   []pointDocument   `json:"points"`
	Segments []segmentDocument `json:"segments"`
	Changes  []changeDocument  `json:"changes"`
}

type pointDocument struct {
	Commit string    `json:"commit"`
	Time   time.Time `json:"time"` // of the measurement
	Value  float64   `json:"value"`

	Measured *float64 `json:"measured,omitempty"` // of a series that is held against an anchor
}

// anchorDocument is what a series is held against: value/anchor.value is the ratio.
type anchorDocument struct {
	Commit string  `json:"commit"`
	Value  float64 `json:"value"`
	Left   int     `json:"left_out"`       // runs without an anchor beside them
	Moves  int     `json:"unlinked_moves"` // of the anchor
}

type segmentDocument struct {
	From  int     `json:"from"` // index of its first point
	To    int     `json:"to"`   // of the first behind it
	Level float64 `json:"level"`
}

type changeDocument struct {
	At          int            `json:"at"`     // index of a point
	Change      *float64       `json:"change"` // relative; null from or to nothing
	Interval    *stat.Interval `json:"interval,omitempty"`
	From        float64        `json:"from"`
	To          float64        `json:"to"`
	P           float64        `json:"p"`
	Suspects    []suspect      `json:"suspects"`              // oldest first
	Environment []string       `json:"environment,omitempty"` // before and after, where it changed too
}

type suspect struct {
	Commit  string     `json:"commit"`
	Time    *time.Time `json:"time,omitempty"`
	Author  string     `json:"author,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Pull    int        `json:"pull,omitempty"`
}

type causeDocument struct {
	Commit   string         `json:"commit"` // the likeliest
	Suspects []suspect      `json:"suspects"`
	Series   []nameDocument `json:"series"` // largest step first
	Size     float64        `json:"size"`
	Machine  bool           `json:"machine_changed"`
}

// JSON writes a page for programs.
func JSON(w io.Writer, p Page, o Options) error {
	doc := document{Version: jsonVersion, Order: "first-parent", Series: []seriesDocument{}, Causes: []causeDocument{}}
	if p.ByTime {
		doc.Order = "measured"
	}
	for _, s := range p.Series {
		if !o.Changes {
			doc.Series = append(doc.Series, p.seriesDocument(s))
		}
	}
	for _, c := range p.Causes {
		out := causeDocument{Commit: p.Commits[c.Order].ID, Suspects: p.between(c.After, c.By), Size: stat.Tidy(c.Size), Machine: c.Moved}
		for _, s := range c.Steps {
			out.Series = append(out.Series, nameDocument{s.Key.Package, s.Key.Name, s.Key.Unit, s.Fingerprint})
		}
		doc.Causes = append(doc.Causes, out)
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(figure.JSON(text), '\n'))
	return err
}

func (p Page) seriesDocument(s Series) seriesDocument {
	out := seriesDocument{nameDocument: nameDocument{s.Key.Package, s.Key.Name, s.Key.Unit, s.Fingerprint}, Noise: stat.Tidy(s.Trend.Noise), Changes: []changeDocument{}}
	if s.Anchor != nil {
		out.Anchor = &anchorDocument{s.Anchor.Commit, stat.Tidy(s.Anchor.Value), s.Anchor.Left, s.Anchor.Moves}
	}
	for _, point := range s.Points {
		p := pointDocument{Commit: point.Commit, Time: point.Time, Value: point.Value}
		if s.Anchor != nil {
			p.Value, p.Measured = stat.Tidy(point.Value), &point.Measured
		}
		out.Points = append(out.Points, p)
	}
	for _, seg := range s.Trend.Segments {
		out.Segments = append(out.Segments, segmentDocument{seg.From, seg.To, stat.Tidy(seg.Level)})
	}
	for _, c := range s.Trend.Changes {
		out.Changes = append(out.Changes, p.changeDocument(c))
	}
	return out
}

func (p Page) changeDocument(c trend.Change) changeDocument {
	out := changeDocument{At: c.At, From: stat.Tidy(c.From), To: stat.Tidy(c.To), P: stat.Tidy(c.P), Suspects: p.between(c.After, c.By)}
	if !math.IsNaN(c.Shift) {
		out.Change = stat.Known(math.Expm1(c.Shift))
		out.Interval = &stat.Interval{Lo: stat.Tidy(math.Expm1(c.Interval.Lo)), Hi: stat.Tidy(math.Expm1(c.Interval.Hi)), Level: stat.Tidy(c.Interval.Level)}
	}
	if c.Environment != nil {
		out.Environment = []string{c.Environment.From, c.Environment.To}
	}
	return out
}

// between returns the commits after one, up to and including another.
func (p Page) between(after, by int) []suspect {
	out := []suspect{}
	for _, c := range p.Commits[after+1 : by+1] {
		s := suspect{Commit: c.ID, Author: c.Author, Subject: c.Subject, Pull: c.Pull}
		if !c.Time.IsZero() {
			s.Time = &c.Time
		}
		out = append(out, s)
	}
	return out
}
