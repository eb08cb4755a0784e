package config

import "net/url"

// readWatch reads [watch].
func readWatch(top *section, to *Watch) {
	s := top.section("watch")
	if s.text("page", &to.Page) {
		if u, err := url.Parse(to.Page); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			s.wrong("page", `page is no address: write one such as "https://example.github.io/benchmarks/"`)
		}
	}
}
