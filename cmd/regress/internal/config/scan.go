package config

import (
	"fmt"
	"strings"
)

// What a file may hold. The library keeps the whole path of every key, so that
// its memory grows with the square of the depth: 12 KB of nested tables take half
// a gigabyte. A file of a thousand waivers has 5,000 keys, three parts deep.
const (
	mostDepth = 16     // tables and lists in one another, and parts of a dotted key
	mostKeys  = 20_000 // keys, headers and elements of lists
)

// scanner walks through a file before the library does: it notes the line of
// every key, which the library does not tell, and refuses what the library would
// need too much memory for. It accepts more than TOML does; what it does not
// understand is left to the library to report.
type scanner struct {
	file  string
	text  string
	at    int // offset
	line  int
	keys  int
	lines map[string]int // of "suite.bench", "target[2].unit", and of every header, "target[2]"
	count map[string]int // array of tables → how many headers were seen
}

// stopped is how a scan ends early, at text that is no TOML.
type stopped struct{}

// scan returns the line of every key of text, and up to where the library may
// read: just behind the first thing that is no TOML, or the end.
func scan(file, text string) (lines map[string]int, end int, err error) {
	s := &scanner{file: file, text: text, line: 1, lines: map[string]int{}, count: map[string]int{}}
	defer func() {
		switch stop := recover().(type) {
		case nil:
		case stopped:
			lines, end = s.lines, min(len(text), s.at+100)
		case *Error:
			lines, end, err = nil, 0, stop
		default:
			panic(stop)
		}
	}()
	s.document()
	return s.lines, len(text), nil
}

func (s *scanner) refuse(format string, args ...any) {
	panic(&Error{File: s.file, Line: s.line, Text: fmt.Sprintf(format, args...)})
}

// note remembers where path stands; of two, the first.
func (s *scanner) note(path string) {
	if s.keys++; s.keys > mostKeys {
		s.refuse("more than %d keys are no configuration: remove what is not needed, such as waivers that have expired", mostKeys)
	}
	if _, twice := s.lines[path]; !twice {
		s.lines[path] = s.line
	}
}

func (s *scanner) document() {
	table := ""
	for s.blank(true); s.at < len(s.text); s.blank(true) {
		if s.text[s.at] == '[' {
			table = s.header()
		} else {
			s.assignment(table, 0)
		}
		s.blank(false)
		if s.at < len(s.text) {
			s.expect("\n")
		}
	}
}

// header reads [a.b] or [[a.b]] and returns the path of the table.
func (s *scanner) header() string {
	array := strings.HasPrefix(s.text[s.at:], "[[")
	bracket := "]"
	if s.at++; array {
		bracket = "]]"
		s.at++
	}
	path := ""
	parts := s.key()
	for i, part := range parts {
		path = join(path, part)
		s.note(path)
		if array && i == len(parts)-1 {
			s.count[path]++
		}
		if n := s.count[path]; n > 0 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
			s.note(path)
		}
	}
	s.expect(bracket)
	return path
}

// assignment reads key = value below table.
func (s *scanner) assignment(table string, depth int) {
	path := table
	parts := s.key()
	for _, part := range parts {
		path = join(path, part)
		s.note(path)
	}
	s.expect("=")
	s.blank(false)
	s.value(path, depth+len(parts)-1)
}

// key reads a.b."c d" with blanks around it.
func (s *scanner) key() []string {
	var parts []string
	for {
		s.blank(false)
		if parts = append(parts, s.part()); len(parts) > mostDepth {
			s.refuse("a key of more than %d parts is no configuration", mostDepth)
		}
		if s.blank(false); s.at >= len(s.text) || s.text[s.at] != '.' {
			return parts
		}
		s.at++
	}
}

func (s *scanner) part() string {
	start := s.at
	if s.at < len(s.text) && (s.text[s.at] == '"' || s.text[s.at] == '\'') {
		s.quoted(s.text[s.at : s.at+1])
		return s.text[start+1 : s.at-1]
	}
	for s.at < len(s.text) && !strings.ContainsRune(" \t\r\n.=[]{},#\"'", rune(s.text[s.at])) {
		s.at++
	}
	if s.at == start {
		panic(stopped{})
	}
	return s.text[start:s.at]
}

func (s *scanner) value(path string, depth int) {
	if depth > mostDepth {
		s.refuse("tables or lists more than %d deep are no configuration", mostDepth)
	}
	rest := s.text[s.at:]
	switch {
	case strings.HasPrefix(rest, `"""`) || strings.HasPrefix(rest, "'''"):
		s.quoted(rest[:3])
	case strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "'"):
		s.quoted(rest[:1])
	case strings.HasPrefix(rest, "["):
		s.elements('[', ']', func(i int) {
			element := fmt.Sprintf("%s[%d]", path, i)
			s.note(element)
			s.value(element, depth+1)
		})
	case strings.HasPrefix(rest, "{"):
		s.elements('{', '}', func(int) { s.assignment(path, depth+1) })
	default: // a number, a date, true or false
		start := s.at
		for s.at < len(s.text) && !strings.ContainsRune(",]}#\r\n", rune(s.text[s.at])) {
			s.at++
		}
		if strings.TrimSpace(s.text[start:s.at]) == "" {
			panic(stopped{})
		}
	}
}

// elements reads a list or an inline table; each reads one element.
func (s *scanner) elements(open, shut byte, each func(i int)) {
	s.at++
	for i := 0; ; i++ {
		s.blank(true)
		if s.at < len(s.text) && s.text[s.at] == shut {
			s.at++
			return
		}
		each(i)
		s.blank(true)
		if s.at < len(s.text) && s.text[s.at] == ',' {
			s.at++
			continue
		}
		s.expect(string(shut))
		return
	}
}

// quoted reads a text that begins and ends with mark.
func (s *scanner) quoted(mark string) {
	s.at += len(mark)
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case strings.HasPrefix(s.text[s.at:], mark):
			s.at += len(mark)
			for more := 0; len(mark) == 3 && more < 2 && s.at < len(s.text) && s.text[s.at] == mark[0]; more++ {
				s.at++ // """a""""" ends in two quotes of its own
			}
			return
		case c == '\\' && mark[0] == '"':
			s.at++
			if s.at < len(s.text) && s.text[s.at] == '\n' {
				s.line++
			}
		case c == '\n' && len(mark) == 1:
			panic(stopped{})
		case c == '\n':
			s.line++
		}
		s.at++
	}
	panic(stopped{})
}

// blank passes over blanks and comments, and where lines, over ends of lines.
func (s *scanner) blank(lines bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t' || c == '\r':
		case c == '\n' && lines:
			s.line++
		case c == '#':
			end := strings.IndexByte(s.text[s.at:], '\n')
			if end < 0 {
				end = len(s.text) - s.at
			}
			s.at += end
			continue
		default:
			return
		}
		s.at++
	}
}

func (s *scanner) expect(token string) {
	s.blank(false)
	if !strings.HasPrefix(s.text[s.at:], token) {
		panic(stopped{})
	}
	if s.at += len(token); token == "\n" {
		s.line++
	}
}

func join(path, part string) string {
	if path == "" {
		return part
	}
	return path + "." + part
}
