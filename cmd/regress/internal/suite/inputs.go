package suite

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Inputs says what benchmarks read besides their code, or do not, in place of what Same would
// expect: of several that match a file, the last one counts.
type Inputs []Input

// Input is one pattern of files.
type Input struct {
	parts []string // of the path, between slashes; ** is any number of them
	read  bool
}

// ParseInput returns the input that a text means: a pattern of paths from the top of the
// repository, in the syntax of path.Match with ** for any number of folders; a folder stands for
// all that lies in it. Behind "!" it is what is not read.
func ParseInput(text string) (Input, error) {
	pattern, not := strings.CutPrefix(text, "!")
	parts := slices.Compact(strings.Split(strings.TrimSuffix(pattern, "/"), "/"))
	_, err := path.Match(pattern, "")
	switch {
	case pattern == "":
		err = errors.New("it names nothing")
	case path.IsAbs(pattern) || slices.Contains(parts, "..") || slices.Contains(parts, "."):
		err = errors.New("paths begin at the top of the repository, without / or . in front")
	}
	if err != nil {
		return Input{}, fmt.Errorf(`%q is no pattern of files: %w: write one such as "fixtures/**/*.json" or "!data"`, text, err)
	}
	return Input{parts: parts, read: !not}, nil
}

// say returns whether benchmarks read a file; known is false where no input matches it.
func (in Inputs) say(file string) (read, known bool) {
	names := strings.Split(file, "/")
	for _, input := range slices.Backward(in) {
		if covers(input.parts, names) {
			return input.read, true
		}
	}
	return false, false
}

// covers reports whether a pattern matches a path or a folder that it lies in.
func covers(parts, names []string) bool {
	for ; len(parts) > 0 && parts[0] != "**"; parts, names = parts[1:], names[1:] {
		if len(names) == 0 {
			return false
		}
		if ok, _ := path.Match(parts[0], names[0]); !ok {
			return false
		}
	}
	if len(parts) == 0 {
		return true
	}
	for i := range len(names) + 1 {
		if covers(parts[1:], names[i:]) {
			return true
		}
	}
	return false
}
