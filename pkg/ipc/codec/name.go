package codec

import (
	"fmt"
	"strings"
)

// Names lists the names of all codecs, as [Codec.Name] returns and [ByName] takes them.
func Names() []string {
	return []string{
		"json", "json+s2", "json+zstd",
		"bincode1", "bincode1+s2", "bincode1+zstd",
		"bincode2", "bincode2+s2", "bincode2+zstd",
	}
}

// ByName returns the codec of that name, for programs whose format is part of their
// configuration: see [Names]. An empty name is [JSON]. Where a message expands, it does so to at
// most limit bytes, or [DefaultLimit] for 0. Keep the codec: every call with "+zstd" makes one
// with memory of its own.
func ByName(name string, limit int) (Codec, error) {
	base, squeeze, squeezed := strings.Cut(name, "+")
	c, ok := map[string]Codec{"": JSON{}, "json": JSON{}, "bincode1": Bincode1{}, "bincode2": Bincode2{}}[base]
	switch {
	case !ok || base == "" && squeezed:
	case !squeezed:
		return c, nil
	case squeeze == "s2":
		return S2(c, limit), nil
	case squeeze == "zstd":
		return Zstd(c, limit), nil
	}
	return nil, fmt.Errorf("no codec has the name %q: want one of %s", name, strings.Join(Names(), ", "))
}
