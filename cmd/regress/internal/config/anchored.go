package config

import (
	"strconv"
	"strings"
)

// exampleAnchor is how Template shows the anchor.
const exampleAnchor = `# anchor  = "last release tag"`

// Anchored returns Template with an anchor in force; Template itself where the anchor is empty.
func Anchored(anchor string) string {
	if anchor == "" {
		return Template
	}
	return strings.Replace(Template, exampleAnchor, "anchor    = "+strconv.Quote(anchor), 1)
}
