package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/descartes/regress/cmd/regress/internal/nearest"
)

// document is a parsed file and what is wrong with it so far.
type document struct {
	file     string
	values   map[string]any
	lines    map[string]int
	errs     []*Error
	sections []*section
}

// Note: the library can fill structs and list the keys it did not use
// (MetaData.Undecoded), but it forgets which element of an array of tables a
// key stood in, stops at the first error, and gives the line of the last
// element for all. Reading the tables by hand costs the few methods below.
func parse(file string, data []byte) (*document, error) {
	text := strings.TrimPrefix(string(data), "\uFEFF")
	lines, end, err := scan(file, text)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if _, err := toml.Decode(text[:end], &values); err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			text := clip(syntax.Message)
			if remedy := wanted[syntax.LastKey[strings.LastIndexByte(syntax.LastKey, '.')+1:]]; remedy != "" {
				text += ": " + remedy // the block that the report prints leaves open what a person must fill in
			}
			return nil, &Error{File: file, Line: max(1, syntax.Position.Line), Text: text}
		}
		return nil, &Error{File: file, Text: clip(err.Error())}
	}
	if end < len(text) { // the library must not be given what was not looked at
		return nil, &Error{File: file, Line: 1 + strings.Count(text[:end], "\n"), Text: "this is no TOML: see https://toml.io"}
	}
	return &document{file: file, values: values, lines: lines}, nil
}

// mostErrors are shown of one file: nobody mends more before the next run.
const mostErrors = 20

// finish reports the keys that nobody asked for, and returns all errors in
// order of line.
func (d *document) finish() error {
	for _, s := range d.sections {
		known := slices.Sorted(maps.Keys(s.seen))
		for _, key := range s.keys() {
			if s.seen[key] {
				continue
			}
			if near := nearest.Word(key, known); near != "" {
				s.wrong(key, "unknown key %q: did you mean %q?", key, near)
			} else {
				s.wrong(key, "unknown key %q: known here are %s", key, strings.Join(known, ", "))
			}
		}
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	var joined []error
	for i, err := range d.errs {
		if i == mostErrors {
			joined = append(joined, &Error{File: d.file, Line: err.Line, Text: fmt.Sprintf("and %d more mistakes from here on", len(d.errs)-i)})
			break
		}
		joined = append(joined, err)
	}
	return errors.Join(joined...)
}
