package forge

import "testing"

func TestParseWhen(t *testing.T) {
	for text, want := range map[string]When{"": WhenAuto, "auto": WhenAuto, "always": WhenAlways, "never": WhenNever} {
		if have, err := ParseWhen(text); have != want || err != nil {
			t.Errorf("%q: %q, %v", text, have, err)
		}
	}
	if _, err := ParseWhen("Never"); err == nil {
		t.Error("a word that is none of them gives no error")
	}
}
