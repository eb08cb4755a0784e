package config

import (
	"errors"
	"net"
	"net/url"
)

// readWatch reads [watch] and every [[notify]].
func readWatch(top *section, to *Watch) {
	s := top.section("watch")
	if s.text("page", &to.Page) {
		if u, err := url.Parse(to.Page); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			s.wrong("page", `page is no address: write one such as "https://example.github.io/benchmarks/"`)
		}
	}
	for _, s := range top.list("notify") {
		s.require("url")
		var address string
		if !s.text("url", &address) {
			continue
		}
		if err := CheckNotify(address); err != nil {
			s.wrong("url", "%v", err)
			continue
		}
		to.Notify = append(to.Notify, address)
	}
}

// CheckNotify returns an error for an address to which nothing is posted: one where others can read
// it on the way. It shows nothing of the address, which may hold a token.
func CheckNotify(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("url (not shown, it may hold a token) is no address: write one such as \"https://example.com/hook\"")
	case u.Scheme == "https", u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()):
		return nil
	}
	return errors.New("url (not shown, it may hold a token) is neither https nor http to this machine itself: what it says could be read on the way")
}
