// Benchmarks of goldmark, which has none of its own in Go.
package goldmark_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// parts of a page.
var parts = []struct{ name, text string }{
	{"headings", "# One\n\n## Two *three*\n\nFour\n====\n\n"},
	{"paragraph", "The quick brown fox jumps over the lazy dog,\nand the dog does not mind.\n\n"},
	{"emphasis", "*one* **two** ***three*** _four_ __five__ `six` 2 * 3 * 4 and_so_on\n\n"},
	{"links", "[one](https://example.com/a?b=c \"title\") ![two](/two.png) <https://example.com> [three]\n\n[three]: /three\n\n"},
	{"lists", "- one\n- two\n  1. three\n  2. four\n     - five\n\n"},
	{"code", "```go\nfunc main() {\n\tprintln(1 < 2)\n}\n```\n\n    indented\n\n"},
	{"quotes", "> one\n> > two\n> three\n\n"},
	{"html", "<div class=\"a\">\n<b>one</b>\n</div>\n\n<i>two</i> &amp; &copy; three\n\n"},
	{"table", "| a | b |\n|---|:-:|\n| 1 | ~~2~~ |\n\n- [x] done\n\n"},
}

func page() []byte {
	var page strings.Builder
	for _, p := range parts {
		page.WriteString(strings.Repeat(p.text, 4))
	}
	return []byte(page.String())
}

func convert(b *testing.B, markdown goldmark.Markdown, source []byte) {
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	var out bytes.Buffer
	for i := 0; i < b.N; i++ {
		out.Reset()
		if err := markdown.Convert(source, &out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEscape(b *testing.B) {
	source := []byte(strings.Repeat("The <b>quick</b> & brown fox. ", 10))
	b.SetBytes(int64(len(source)))
	for i := 0; i < b.N; i++ {
		util.EscapeHTML(source)
	}
}

func BenchmarkPart(b *testing.B) {
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM))
	for _, p := range parts {
		source := []byte(strings.Repeat(p.text, 10))
		b.Run(p.name, func(b *testing.B) { convert(b, markdown, source) })
	}
}

func BenchmarkPage(b *testing.B) { convert(b, goldmark.New(), page()) }

func BenchmarkPageExtended(b *testing.B) {
	convert(b, goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.Typographer)), page())
}

func BenchmarkParse(b *testing.B) {
	markdown, source := goldmark.New(), page()
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		markdown.Parser().Parse(text.NewReader(source))
	}
}

func BenchmarkRender(b *testing.B) {
	markdown, source := goldmark.New(), page()
	root := markdown.Parser().Parse(text.NewReader(source))
	b.ReportAllocs()
	var out bytes.Buffer
	for i := 0; i < b.N; i++ {
		out.Reset()
		if err := markdown.Renderer().Render(&out, source, root); err != nil {
			b.Fatal(err)
		}
	}
}
