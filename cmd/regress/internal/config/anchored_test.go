package config

import (
	"strings"
	"testing"
)

func TestAnchored(t *testing.T) {
	for _, anchor := range []string{"", "last release tag", strings.Repeat("4f", 20)} {
		doc, err := parse("t", []byte(Anchored(anchor)))
		if err != nil {
			t.Fatal(err)
		}
		if have := readAll(doc).Anchor; have != anchor {
			t.Errorf("the anchor is %q, want %q", have, anchor)
		}
	}
}
