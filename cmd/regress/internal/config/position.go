package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// keyLines finds the line of every key: "suite.bench", "target[2].unit", and of
// every header, "target[2]". The library lists keys in the order of the file
// but not where they stand, so the file is searched forward for each in turn.
//
// Note: a multi-line text that holds something like the next key misleads this
// by as many lines as the text has; the error still names the key.
func keyLines(text string, meta toml.MetaData) map[string]int {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = uncommented(line)
	}
	found := map[string]int{}
	element := map[string]int{} // array of tables → how many headers were seen
	at, from := 0, 0            // line index, and column to search on from
	for _, key := range meta.Keys() {
		header := meta.Type(key...) == "ArrayHash"
		if header && len(key) == 1 {
			element[key[0]]++
		}
		if line, column, ok := search(lines, at, from, key[len(key)-1]); ok {
			at, from = line, column
		}
		path := key[0]
		if n := element[key[0]]; n > 0 {
			path = fmt.Sprintf("%s[%d]", key[0], n-1)
		}
		for _, part := range key[1:] {
			path += "." + part
		}
		if _, twice := found[path]; !twice {
			found[path] = at + 1
		}
	}
	return found
}

// search returns the first place at or after (line, column) where a header or
// an assignment ends in name, and the column behind it.
func search(lines []string, line, column int, name string) (int, int, bool) {
	quoted := regexp.QuoteMeta(name)
	place := regexp.MustCompile(`(?:^|[\s{,.])["']?` + quoted + `["']?\s*=|^\s*\[.*["'\s.\[]?` + quoted + `["']?\s*\]`)
	for i := line; i < len(lines); i++ {
		rest := lines[i]
		if i == line {
			rest = rest[min(column, len(rest)):]
		}
		if match := place.FindStringIndex(rest); match != nil {
			return i, len(lines[i]) - len(rest) + match[1], true
		}
	}
	return 0, 0, false
}

// uncommented cuts the comment off a line, minding quotes.
func uncommented(line string) string {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '#' && quote == 0:
			return line[:i]
		case c == '\\' && quote == '"':
			i++
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return line
}
