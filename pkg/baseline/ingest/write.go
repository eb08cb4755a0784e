package ingest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/descartes/regress/pkg/baseline"
)

// The writing side of the raw log. Every function returns one line or several, each with its end.
// What stands in a line cannot break out of it: text loses its control characters and is cut at
// maxText bytes, and a field that must be one word loses its blanks.

// maxText is how much of a text a mark holds, in bytes.
const maxText = 400

// functionsPerLine keeps a mark below the 64 KiB at which benchstat gives up, as long as names are
// shorter than 600 bytes.
const functionsPerLine = 100

// Text returns the lines of a header.
func (h Header) Text() string {
	var b strings.Builder
	b.WriteString(keyLine(keyVersion, version))
	for _, f := range facts {
		if value := OneLine(f.get(&h)); value != "" && value != "0" {
			b.WriteString(keyLine(f.key, value))
		}
	}
	return b.String()
}

func keyLine(key, value string) string { return key + ": " + value + "\n" }

// Block returns what one process has printed: results are its lines, each without its end. Without
// a side or a package there is no line of them.
func Block(side baseline.Side, round int, pkg string, results []string) string {
	var b strings.Builder
	if side != baseline.None {
		b.WriteString(Side(side))
	}
	b.WriteString(MarkRound.text(fmt.Sprint(round)))
	if pkg != "" {
		b.WriteString(keyLine(keyPackage, OneLine(pkg)))
	}
	b.WriteString(strings.Join(results, "\n") + "\nPASS\n")
	return b.String()
}

// Side returns the line that says whose the results below it are; where none follow, that the side
// was measured all the same.
func Side(side baseline.Side) string { return keyLine(keySide, string(side)) }

// Functions returns the marks of the benchmark functions that the source of a package declares; of
// none, the mark that says so.
func Functions(side baseline.Side, pkg string, names []string) string {
	var b strings.Builder
	for more := true; more; more = len(names) > 0 {
		n := min(len(names), functionsPerLine)
		b.WriteString("# " + string(MarkFunctions) + ": " + string(side) + " " + word(pkg))
		for _, name := range names[:n] {
			b.WriteString(" " + word(name))
		}
		b.WriteString("\n")
		names = names[n:]
	}
	return b.String()
}

// Binary returns the mark of the test binary of a package.
func Binary(side baseline.Side, pkg, hash string) string {
	return MarkBinary.text(string(side), word(pkg), word(hash))
}

// Noise returns the mark of what is known of past sessions of a series.
func Noise(key baseline.Key, n baseline.Noise) string {
	return MarkNoise.text(word(key.Package), word(key.Name), word(key.Unit),
		fmt.Sprintf("sd=%g between=%g runwide=%g sessions=%d", n.SD, n.Between, n.RunWide, n.Sessions))
}

// Work returns the mark of how the processes that timed a benchmark spent their time.
func Work(key baseline.Key, w baseline.Work) string {
	return MarkWork.text(word(key.Package), word(key.Name), fmt.Sprintf("user=%.3f system=%.3f children=%t", w.User, w.System, w.Children))
}

// Uncounted returns the mark of a benchmark whose work cannot be counted.
func Uncounted(key baseline.Key, why string) string {
	return MarkUncounted.text(word(key.Package), word(key.Name), cmp.Or(OneLine(why), dash))
}

// Same returns the mark of a benchmark whose code is proven to be the same at head and on another
// side.
func Same(side baseline.Side, key baseline.Key, why string) string {
	mark := MarkSame
	if side == baseline.Anchor {
		mark = MarkSameAnchor
	}
	return mark.text(word(key.Package), word(key.Name), why)
}

// Edited returns the mark of a benchmark function whose own source is another one on a side than
// at head.
func Edited(side baseline.Side, f baseline.Function) string {
	return MarkEdited.text(string(side), word(f.Package), word(f.Name))
}

// Failed returns the mark of a process, or a benchmark, without a result.
func Failed(side baseline.Side, key baseline.Key, why string) string {
	return MarkFailed.text(word(string(side)), word(key.Package), word(key.Name), cmp.Or(OneLine(why), dash))
}

// NotRun returns the mark of a benchmark that was not reached: why is what ended the measurement.
func NotRun(side baseline.Side, key baseline.Key, why string) string {
	return MarkNotRun.text(word(string(side)), word(key.Package), word(key.Name), cmp.Or(OneLine(why), dash))
}

// Load returns the mark of what else the machine did during a process.
func Load(load baseline.Load) string {
	text := fmt.Sprintf("wall=%.3fs steal=%.3f other=%.3f", load.Wall.Seconds(), load.Steal, load.Other)
	if load.FreqMHz > 0 {
		text += fmt.Sprintf(" mhz=%.0f", load.FreqMHz)
	}
	if load.Throttle > 0 {
		text += fmt.Sprintf(" throttle=%d", load.Throttle)
	}
	return MarkLoad.text(text)
}

// Disturbed returns the mark that says why the round above is not to be trusted.
func Disturbed(why string) string { return MarkDisturbed.text(OneLine(why)) }

// Warning returns the mark of a sentence for the reader of the report.
func Warning(text string) string { return MarkWarning.text(OneLine(text)) }

// Stopped returns the mark of what ended the measurement before everything was decided.
func Stopped(why string) string { return MarkStopped.text(OneLine(why)) }

// Cause returns the mark of a likely cause, which is any value that JSON can hold.
func Cause(cause any) (string, error) {
	text, err := json.Marshal(cause)
	if err != nil {
		return "", fmt.Errorf("write a cause: %w", err)
	}
	return MarkCause.text(string(text)), nil
}

// Bisect returns the mark of a fact of a search for a commit, which is any value that JSON can
// hold.
func Bisect(fact any) (string, error) {
	text, err := json.Marshal(fact)
	if err != nil {
		return "", fmt.Errorf("write a fact of a search: %w", err)
	}
	return MarkBisect.text(string(text)), nil
}

// text returns a mark as a line with its end.
func (m Mark) text(fields ...string) string { return m.line(strings.Join(fields, " ")) + "\n" }

// word returns a field that is one word: an empty one is a dash.
func word(s string) string {
	if s = strings.Map(wordRune, strings.ToValidUTF8(s, "?")); s == "" {
		return dash
	}
	return s
}

func wordRune(r rune) rune {
	if unicode.IsSpace(r) || unicode.IsControl(r) {
		return '_'
	}
	return r
}

// OneLine returns text as a mark can hold it: without control characters, and not endless.
func OneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return strings.TrimSpace(text)
}
