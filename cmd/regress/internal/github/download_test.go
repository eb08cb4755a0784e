package github

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// releaseHost stands in for where releases are downloaded from.
type releaseHost struct {
	url, cert string

	mu    sync.Mutex
	files map[string][]byte // by the last part of the path
	asked []string
}

func startReleaseHost(t *testing.T) *releaseHost {
	t.Helper()
	h := &releaseHost{files: map[string][]byte{}, cert: filepath.Join(t.TempDir(), "cert.pem")}
	plain := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(plain.Close)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		switch {
		case strings.HasPrefix(r.URL.Path, "/elsewhere/"): // as GitHub answers: the file is on another host
			http.Redirect(w, r, "/files/"+name, http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/plain/"):
			http.Redirect(w, r, plain.URL+"/files/"+name, http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/loop/"):
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		default:
			h.serve(w, r)
		}
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(h.cert, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *releaseHost) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, r.URL.Path)
	text, ok := h.files[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(text)
}

// offer changes what there is to download, and forgets who asked.
func (h *releaseHost) offer(files map[string][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files, h.asked = files, nil
}

// requests returns the paths that were asked for since.
func (h *releaseHost) requests() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.asked, " ")
}

// archived returns a tar.gz with one program in it.
func archived(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestActionDownloads: the action takes the program of the release that it is, and anything that
// is not exactly that is neither unpacked nor kept: the next step finds no tool, and builds one.
func TestActionDownloads(t *testing.T) {
	for _, name := range []string{"curl", "uname"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
	r := newRunner(t)
	if err := os.WriteFile(filepath.Join(r.dir, "action", "CHANGELOG.md"), []byte("# Changes\n\n## 1.2.3 - 2026-12-01\n\n- x\n\n## 1.2.2 - 2026-11-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tool, printed, code := r.run("tool", nil)
	if code != 0 || tool["release"] != "1.2.3" || len(tool["sources"]) != 64 {
		t.Fatalf("exit %d, %v\n%s", code, tool, printed)
	}
	uname, err := exec.Command("uname", "-sm").Output()
	if err != nil {
		t.Fatal(err)
	}
	platform := strings.NewReplacer("x86_64", "amd64", "aarch64", "arm64", " ", "_").Replace(strings.ToLower(strings.TrimSpace(string(uname))))
	archive, sums := "regress_1.2.3_"+platform+".tar.gz", "regress_1.2.3_checksums.txt"
	host := startReleaseHost(t)
	kept := filepath.Join(tool["dir"], "bin", "regress")
	owned := filepath.Join(r.dir, "owned")
	program := func(version string) []byte {
		return archived(t, "regress", "#!/bin/sh\ntouch "+owned+"\necho \"regress version "+version+", go1.26\"\n")
	}
	right := program("v1.2.3 0123456789ab")
	stated := func(of []byte, sources string) []byte {
		return fmt.Appendf(nil, "%x  %s\n%064d  %s.sbom.json\n%s  sources.txt\n", sha256.Sum256(of), archive, 0, archive, sources)
	}
	own := tool["sources"]
	// check downloads what the host has, and compares what was printed; nothing is kept where
	// the program is not the right one, and nothing of it has run unless ran says so.
	check := func(name, where, want string, ran bool, files map[string][]byte) {
		t.Helper()
		_ = errors.Join(os.Remove(kept), os.Remove(owned))
		host.offer(files)
		env := map[string]string{
			"RELEASES": host.url + where, "CURL_CA_BUNDLE": host.cert, "no_proxy": "*",
			"DIR": tool["dir"], "RELEASE": tool["release"], "SOURCES": tool["sources"],
		}
		if strings.HasPrefix(where, "http") {
			env["RELEASES"] = where
		}
		out, printed, code := r.run("release", env)
		if code != 0 || !strings.Contains(printed, want) {
			t.Errorf("%s: exit %d, want %q, printed\n%s", name, code, want, printed)
		}
		good := strings.Contains(want, "downloaded and checked")
		_, missing := os.Stat(kept)
		_, idle := os.Stat(owned)
		if good != (missing == nil) || good != (out["got"] == "true") || ran != (idle == nil) {
			t.Errorf("%s: kept: %v, ran: %v, outputs %v", name, missing == nil, idle == nil, out)
		}
		if left, err := filepath.Glob(filepath.Join(tool["dir"], "download")); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind %v %v", name, left, err)
		}
		if !good && !strings.Contains(printed, "built from source") {
			t.Errorf("%s: what comes next is not said:\n%s", name, printed)
		}
	}
	whole := map[string][]byte{sums: stated(right, own), archive: right}
	check("right", "", "regress version v1.2.3 0123456789ab, go1.26, downloaded and checked", true, whole)
	if want := "/v1.2.3/" + sums + " /v1.2.3/" + archive; host.requests() != want {
		t.Errorf("asked for %s, want %s", host.requests(), want)
	}
	check("redirected", "/elsewhere", "downloaded and checked", true, whole)
	check("redirected to plain HTTP", "/plain", "could not be downloaded: curl: ", false, whole)
	if asked := host.requests(); asked != "" {
		t.Errorf("asked without encryption: %s", asked)
	}
	check("redirected for ever", "/loop", "could not be downloaded: curl: ", false, whole)
	check("no release", "", "The checksums of release v1.2.3 could not be downloaded: curl: (22)", false, nil)
	check("no network", "https://127.0.0.1:1", "could not be downloaded: curl: (7)", false, nil)
	check("plain HTTP", strings.Replace(host.url, "https", "http", 1), "could not be downloaded: curl: (1)", false, whole)
	check("no archive", "", archive+" could not be downloaded: curl: (22)", false, map[string][]byte{sums: stated(right, own)})
	check("not for this machine", "", "Release v1.2.3 states no checksum of "+archive, false,
		map[string][]byte{sums: bytes.ReplaceAll(stated(right, own), []byte("  "+archive+"\n"), []byte("  regress_1.2.3_plan9_mips.tar.gz\n")), archive: right})
	check("no checksums in it", "", "made of other source", false, map[string][]byte{sums: []byte("<html>sign in</html>"), archive: right})
	check("a checksum that is none", "", "states no checksum of "+archive, false,
		map[string][]byte{sums: fmt.Appendf(nil, "%s  %s\n%s  sources.txt\n", "deadbeef", archive, own), archive: right})
	const thrown = "::warning title=regress::"
	check("wrong checksum", "", thrown+archive+" does not have the checksum that release v1.2.3 states", false,
		map[string][]byte{sums: stated(program("v1.2.3"), own), archive: right})
	check("truncated", "", thrown, false, map[string][]byte{sums: stated(right, own), archive: right[:len(right)/2]})
	check("empty", "", thrown, false, map[string][]byte{sums: stated(right, own), archive: {}})
	check("other source", "", "Release v1.2.3 was made of other source than this action has.", false,
		map[string][]byte{sums: stated(right, strings.Repeat("0", 64)), archive: right})
	check("no archive of that kind", "", archive+" could not be unpacked", false, map[string][]byte{sums: stated([]byte("x"), own), archive: []byte("x")})
	other := archived(t, "../regress", "x")
	check("another name", "", archive+" could not be unpacked", false, map[string][]byte{sums: stated(other, own), archive: other})
	crash := archived(t, "regress", "#!/bin/sh\necho no such library; exit 127\n")
	check("does not run", "", "does not run here: no such library.", false, map[string][]byte{sums: stated(crash, own), archive: crash})
	for _, version := range []string{"v1.2.4", "v1.2.3+dirty", "v1.2.30", "(devel)"} {
		wrong := program(version)
		check(version, "", "says that it is another one", true, map[string][]byte{sums: stated(wrong, own), archive: wrong})
	}

	// A version that was asked for is built from its own source.
	tool, _, _ = r.run("tool", map[string]string{"VERSION": "v1.2.3"})
	if tool["release"] != "1.2.3" || tool["sources"] != "" {
		t.Errorf("a version that was asked for: %v", tool)
	}
	check("asked for", "", "downloaded and checked", true, whole)
	for _, name := range []string{"main", "latest", "0123456789ab", "v1", "1.2.3/../../evil"} {
		if tool, _, _ := r.run("tool", map[string]string{"VERSION": name}); tool["release"] != "" {
			t.Errorf("%s is downloaded as %s", name, tool["release"])
		}
	}
}
