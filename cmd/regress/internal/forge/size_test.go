package forge

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFit(t *testing.T) {
	row := strings.Repeat("x", 99) + "\n"
	text := "# head\n" + strings.Repeat(row, 1000) // 100,007 bytes
	have := Fit(text, MaxMarkdown)
	// 60,000 − 400 for the remark leaves the head and 595 rows whole: 7 + 59,500 = 59,507.
	if !strings.HasPrefix(have, "# head\n"+strings.Repeat(row, 595)) || !strings.HasSuffix(have, "\n\n405 more lines were left out here, to be short enough to post; the raw log has them.\n") {
		t.Errorf("%d bytes, the end is %q", len(have), have[len(have)-200:])
	}
	if Fit("short\n", MaxMarkdown) != "short\n" {
		t.Error("what fits is changed")
	}
	open := "<details>\n```\n" + strings.Repeat(row, 1000)
	if have := Fit(open, MaxMarkdown); !strings.Contains(have, "x\n```\n</details>\n") {
		t.Errorf("the fence stays open: %q", have[len(have)-200:])
	}
}

func FuzzFit(f *testing.F) {
	f.Add("a\nb\n", 3)
	f.Add(strings.Repeat("ä", 2000), 1000)
	f.Add(strings.Repeat("<details>\n```\n", 200), 1500)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = 1000 + most&0xffff
		have := Fit(text, most)
		if len(have) > most || !utf8.ValidString(have) {
			t.Errorf("%d bytes of %d, valid: %t", len(have), most, utf8.ValidString(have))
		}
	})
}

func TestJobSummary(t *testing.T) {
	name := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(name, bytes.Repeat([]byte("x"), maxJobSummary-5000), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := AppendSummary(name, strings.Repeat("y\n", 5000)); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(name); info.Size() > maxJobSummary || info.Size() < maxJobSummary-600 {
		t.Errorf("the summary has %d bytes of %d", info.Size(), maxJobSummary)
	}
	if err := AppendSummary(name, "more"); err == nil || !strings.Contains(err.Error(), "filled") {
		t.Errorf("a full summary: %v", err)
	}
	if err := AppendSummary(filepath.Join(name, "x"), "more"); err == nil {
		t.Error("a summary that cannot be written gives no error")
	}
}
