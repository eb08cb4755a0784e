package config

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// SeriesPattern returns the series of a waiver that accepts keys and nothing
// else. The processor suffix is left open: the same benchmark is called -2 here
// and -4 on the next machine. procs tells it from digits that end the name itself.
func SeriesPattern(procs baseline.Procs, keys ...baseline.Key) string {
	var names []string
	units := map[string][]string{} // of a name
	for _, key := range keys {
		key.Name, _ = procs.Split(key.Name)
		name, unit := regexp.QuoteMeta(key.Path()), regexp.QuoteMeta(key.Unit)
		if units[name] == nil {
			names = append(names, name)
		}
		if !slices.Contains(units[name], unit) {
			units[name] = append(units[name], unit)
		}
	}
	for i, name := range names {
		unit := strings.Join(units[name], "|")
		if len(units[name]) > 1 {
			unit = "(" + unit + ")"
		}
		names[i] = name + `(-\d+)? ` + unit
	}
	return strings.Join(names, "|")
}

// Block returns the [[waiver]] block for regress.toml. A reason or expiry that
// is not given stays empty, with a word on what to fill in: Load refuses it so.
func Block(w gate.Waiver) string {
	var b strings.Builder
	b.WriteString("[[waiver]]\n")
	fmt.Fprintf(&b, "series  = %s\n", quote(w.Name))
	fmt.Fprintf(&b, "ceiling = %q\n", Ceiling(w.Ceiling))
	if w.Reason == "" {
		b.WriteString("reason  = \"\"  # why this is acceptable\n")
	} else {
		fmt.Fprintf(&b, "reason  = %s\n", quote(w.Reason))
	}
	if w.Expires.IsZero() {
		b.WriteString("expires =     # the first day on which it no longer counts: 2027-01-31\n")
	} else {
		fmt.Fprintf(&b, "expires = %s\n", w.Expires.UTC().Format(time.DateOnly))
	}
	return b.String()
}

// Ceiling writes the ceiling of a waiver as regress.toml has it: "20%", or "any" for +Inf.
func Ceiling(ceiling float64) string {
	if math.IsInf(ceiling, 1) {
		return anyAmount
	}
	return strconv.FormatFloat(ceiling*100, 'f', -1, 32) + "%"
}

// NewWaiver reads a waiver from what somebody typed, by the rules of
// regress.toml: a pattern, "20%" or "any", a reason and a day such as 2027-01-31.
// The error has every value that is wrong, a line each.
func NewWaiver(series, ceiling, reason, expires string) (gate.Waiver, error) {
	doc := &document{}
	w := readWaiver(doc.add("waiver", map[string]any{"series": series, "ceiling": ceiling, "reason": reason, "expires": expires}))
	texts := make([]error, len(doc.errs))
	for i, err := range doc.errs {
		texts[i] = errors.New(err.Text)
	}
	return w, errors.Join(texts...)
}

// quote writes a TOML text: literal where it can be, since a pattern is full of
// backslashes.
func quote(text string) string {
	plain := func(r rune) bool { return r != '\'' && r != unicode.ReplacementChar && unicode.IsPrint(r) }
	if strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return "'" + text + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// AppendWaiver adds w at the end of the file at path and keeps every byte
// before it. What would be written is read first: a waiver that Load would
// refuse, or whose series is already waived, is an error and changes nothing.
// The file is replaced in one step; two writers at once keep one of the two.
func AppendWaiver(path string, w gate.Waiver) error {
	path, err := filepath.EvalSymlinks(path) // replace what a link points to, not the link
	if err != nil {
		return fmt.Errorf("add waiver: %w; write a configuration with: regress init", err)
	}
	old, err := read(path)
	if err != nil {
		return fmt.Errorf("add waiver: %w", err)
	}
	before, err := Parse(path, old)
	if err != nil {
		return fmt.Errorf("add waiver: mend the file first: %w", err)
	}
	for _, known := range before.Waivers {
		if known.Name == w.Name {
			return fmt.Errorf("add waiver: %s waives this series already: change it there", known.Place)
		}
	}
	text, newline := string(old), "\n"
	if strings.Contains(text, "\r\n") {
		newline = "\r\n"
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += newline
	}
	if text != "" {
		text += newline
	}
	text += strings.ReplaceAll(Block(w), "\n", newline)
	after, err := Parse(path, []byte(text))
	if err != nil {
		return fmt.Errorf("add waiver: %w", err)
	}
	if len(after.Waivers) != len(before.Waivers)+1 {
		return fmt.Errorf("add waiver: %s ends in the middle of something: add the block by hand", path)
	}
	return replace(path, []byte(text))
}

// replace writes a file whole or not at all.
func replace(path string, data []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	defer os.Remove(temp.Name()) // gone after the rename
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = temp.Sync()
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w; the file is as it was", path, err)
	}
	return nil
}
