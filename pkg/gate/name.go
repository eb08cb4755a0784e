package gate

import "strings"

// ProcsKey is the key under which a Name has its -procs suffix, as in the
// projections of benchstat.
const ProcsKey = "gomaxprocs"

// Name is the name of a benchmark taken apart: "PingPong/transport=shm/size=64B-2".
type Name struct {
	Function string // "PingPong"
	Parts    []Part // in order; the last is the -procs suffix, which is 1 where go test prints none
}

// Part is one "key=value" of a name; "/value" alone has no Key.
type Part struct {
	Key   string `json:"key,omitempty"`
	Value string `json:"value"`
}

// ParseName takes a name as in baseline.Key.Name apart. A name that was printed
// under GOMAXPROCS=1 has no suffix, so one that ends in a dash and digits of its
// own is misread: the format has no way to tell. "-1" is never printed as one.
func ParseName(name string) Name {
	procs := "1"
	if i := strings.LastIndexByte(name, '-'); i >= 0 && i+1 < len(name) && name[i+1:] != procs && strings.Trim(name[i+1:], "0123456789") == "" {
		name, procs = name[:i], name[i+1:]
	}
	function, rest, more := strings.Cut(name, "/")
	n := Name{Function: function}
	for more {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		key, value, keyed := strings.Cut(part, "=")
		if !keyed || key == "" {
			key, value = "", part
		}
		n.Parts = append(n.Parts, Part{key, value})
	}
	n.Parts = append(n.Parts, Part{ProcsKey, procs})
	return n
}

// Value of the first part with a key; false when there is none.
func (n Name) Value(key string) (string, bool) {
	for _, p := range n.Parts {
		if p.Key == key && key != "" {
			return p.Value, true
		}
	}
	return "", false
}

// Without is what names have in common that differ in the value of key alone.
func (n Name) Without(key string) string {
	var b strings.Builder
	b.WriteString(n.Function)
	found := false
	for _, p := range n.Parts {
		b.WriteString("/" + p.Key + "=")
		if p.Key == key && !found {
			found = true
			b.WriteString("/*") // no value has a slash
			continue
		}
		b.WriteString(p.Value)
	}
	return b.String()
}
