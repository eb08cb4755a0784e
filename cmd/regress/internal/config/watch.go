package config

import (
	"errors"
	"net"
	"net/url"
	"regexp"
)

// readWatch reads [watch], every [[notify]] and every [[owner]].
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
	for _, s := range top.list("owner") {
		to.Owners = append(to.Owners, readOwner(s))
	}
}

// readOwner reads one [[owner]].
func readOwner(s *section) Owner {
	s.require("handles")
	var o Owner
	o.Benchmark = s.benchmark("benchmark")
	s.texts("handles", &o.Handles)
	for _, name := range o.Handles {
		if len(name) > mostHandle || !handle.MatchString(name) {
			s.wrong("handles", `%q is no person and no team: write "@name", or "@group/team"`, name)
		}
	}
	return o
}

// handle is how GitHub, GitLab and Gitea mention a person, a team or a group.
var handle = regexp.MustCompile(`^@[A-Za-z0-9](?:[._-]?[A-Za-z0-9])*(?:/[A-Za-z0-9](?:[._-]?[A-Za-z0-9])*)*$`)

// mostHandle is the length of the longest handle; names of GitHub have 39 characters, slugs of
// teams 100.
const mostHandle = 150

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
