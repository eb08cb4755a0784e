package site

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

//go:embed assets
var assets embed.FS

// Policy is the Content-Security-Policy of the page: scripts, style and pictures of its own origin,
// and nothing else. No text can become a script, not even by a mistake of the page's own: what
// would need markup is refused by require-trusted-types-for.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types regress"

// bundle returns the files of the page itself by name. The script is uPlot's and the page's own
// sources in order of their names, one behind the other.
var bundle = sync.OnceValue(func() map[string][]byte {
	var script, style bytes.Buffer
	licence := asset("assets/uplot/LICENSE")
	fmt.Fprintf(&script, "/*!\nuPlot 1.6.32, https://github.com/leeoniya/uPlot\n\n%s*/\n", licence)
	script.Write(asset("assets/uplot/uPlot.iife.min.js"))
	script.WriteString("\n(() => {\n'use strict';\n")
	names, err := fs.Glob(assets, "assets/js/*.js")
	if err != nil {
		panic(err) // a pattern of this program's
	}
	for _, name := range names {
		script.Write(asset(name))
	}
	script.WriteString("})();\n")
	style.Write(asset("assets/uplot/uPlot.min.css"))
	style.Write(asset("assets/app.css"))
	page := strings.ReplaceAll(string(asset("assets/index.html")), "{{policy}}", Policy)
	return map[string][]byte{"index.html": []byte(page), "app.js": script.Bytes(), "app.css": style.Bytes()}
})

// asset returns an embedded file.
func asset(name string) []byte {
	text, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded, or this does not build
	}
	return text
}
