package nearest

import "testing"

func TestWordIsTheOneThatWasMeant(t *testing.T) {
	check := func(word, want string, known ...string) {
		t.Helper()
		if have := Word(word, known); have != want {
			t.Errorf("%s of %q: have %q, want %q", word, known, have, want)
		}
	}
	check("benhc", "bench", "bench", "benchtime")
	check("prase", "parse", "lex", "parse")
	check("comapre", "compare", "compare", "completion")
	check("bas", "base", "base", "bench", "budget")
	check("comp", "compare", "compare", "completion") // the beginning of a word
	check("BENCH", "bench", "bench")
	check("x", "", "alpha", "strict")
	check("frobnicate", "", "compare", "run")
	check("", "", "a long word")
}

func TestDistanceCountsASwapOnce(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"", "abc", 3}} {
		if have := Distance(c.a, c.b); have != c.want {
			t.Errorf("%q and %q: have %d, want %d", c.a, c.b, have, c.want)
		}
	}
}
