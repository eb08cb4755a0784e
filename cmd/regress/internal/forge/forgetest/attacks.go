package forgetest

import "strings"

// Attacks are names that a benchmark of a stranger may have, and headlines that hold them.
var Attacks = map[string]string{
	"markdown":            "A/**b**_i_~~s~~[x](https://evil.example)![p](https://evil.example/p.png)",
	"table":               "A|b|c",
	"code":                "A/`b`/```",
	"html":                `A/<img/src=x/onerror=alert(1)><script>alert(1)</script>&lt;b&gt;<!--`,
	"marker":              "A/<!-- regress:default -->",
	"details":             "A/</details></table><h1>approved</h1>",
	"mention":             "A/@octocat/@acme/admins",
	"reference":           "A/#1/acme/shop#1/GH-1",
	"link":                "A/https://evil.example/www.evil.example/a@evil.example",
	"command":             "A\n::error::x\r\n::set-output name=a::b\n##[add-mask]x",
	"command properties":  "A,line=1,title=x::y",
	"quick action":        "A\n/merge\r\n/approve\n\u2028/close\n \t/assign @ann",
	"bare quick action":   "/merge",
	"reference of GitLab": "A/!1/acme/shop!1/%1/%\"v1\"/&1/~bug/$1/^alert#1/[issue:1]/*iteration:1",
	"escape sequence":     "A\x1b]0;x\x07\x1b[31m",
	"section of a log":    "A\x1b[0Ksection_start:1:x[collapsed=true]\r\x1b[0K",
	"bidi":                "A\u202eB\u2066C\u200b",
	"line separators":     "A\u2028B\u0085C\vD",
	"not UTF-8":           "A\xff\xfe",
	"long":                strings.Repeat("A", 100_000),
	"percent":             "A/%0A::error::x%25",
	"emoji":               "A/:tada:/$x^2$",
}
