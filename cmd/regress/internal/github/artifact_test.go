package github

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

// entry of an archive.
type entry struct {
	name, text string
	mode       fs.FileMode
}

func archive(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode | 0o644)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(e.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb is an archive that declares one size and unpacks to size zeros.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	f, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range size >> 20 {
		if _, err := f.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	h := &zip.FileHeader{Name: "regress.log", Method: zip.Deflate, CompressedSize64: uint64(packed.Len()), UncompressedSize64: 1 << 40}
	raw, err := w.CreateRaw(h)
	if err == nil {
		_, err = raw.Write(packed.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFetch(t *testing.T) {
	good := archive(t, entry{name: "b.log", text: "two"}, entry{name: "a.log", text: "one"})
	check := func(name string, a githubtest.Artifact, want string) {
		t.Helper()
		hub := server(t)
		a.ID = 11
		if a.Run == 0 {
			a.Run = 555
		}
		if a.Name == "" {
			a.Name = "regress"
		}
		hub.Artifacts = []githubtest.Artifact{{ID: 9, Run: 555, Name: "regress", Data: []byte("an older one")}, a}
		if a.Name != "regress" || a.Run != 555 {
			hub.Artifacts = hub.Artifacts[1:]
		}
		s := setting(t, hub, "workflow_run", "workflow_run")
		files, err := Fetch(t.Context(), s.env, s.opt, "regress")
		switch {
		case want == "" && (err != nil || len(files) != 2 || files[0].Name != "a.log" || string(files[1].Data) != "two"):
			t.Errorf("%s: have %v, %v", name, files, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: have %v, want %q", name, err, want)
		case err != nil && (strings.Contains(err.Error(), hub.Token) || strings.Contains(err.Error(), "SIGNATURE")):
			t.Errorf("%s: a secret is in the error: %v", name, err)
		case hub.Leaked:
			t.Errorf("%s: the storage has seen the token", name)
		}
	}
	check("good", githubtest.Artifact{Data: good}, "")
	check("another run", githubtest.Artifact{Data: good, Run: 556}, "must upload the raw log")
	check("another name", githubtest.Artifact{Data: good, Name: "other"}, "must upload the raw log")
	check("expired", githubtest.Artifact{Data: good, Expired: true}, "expired")
	check("declared too large", githubtest.Artifact{Data: good, Size: rawLogs.archive + 1}, "more than")
	check("larger than declared", githubtest.Artifact{Data: make([]byte, rawLogs.archive+1), Size: 10}, "bytes that raw logs may have")
	check("no archive", githubtest.Artifact{Data: []byte("hello")}, "not a valid zip")
	check("empty", githubtest.Artifact{Data: archive(t)}, "no file")
	check("path traversal", githubtest.Artifact{Data: archive(t, entry{name: "../../etc/passwd"})}, "not a plain file")
	check("absolute", githubtest.Artifact{Data: archive(t, entry{name: "/etc/passwd"})}, "not a plain file")
	check("backslashes", githubtest.Artifact{Data: archive(t, entry{name: `..\..\x`})}, "not a plain file")
	check("symbolic link", githubtest.Artifact{Data: archive(t, entry{name: "regress.log", text: "/etc/passwd", mode: fs.ModeSymlink})}, "not a plain file")
	check("device", githubtest.Artifact{Data: archive(t, entry{name: "regress.log", mode: fs.ModeDevice})}, "not a plain file")
	check("folder", githubtest.Artifact{Data: archive(t, entry{name: "logs/a.log"})}, "not a plain file")
	check("a name with commands", githubtest.Artifact{Data: archive(t, entry{name: "x\n::error::y"})}, `"x\n::error::y" is not`)
	many := make([]entry, rawLogs.files+1)
	for i := range many {
		many[i].name = strings.Repeat("x", i+1)
	}
	check("too many files", githubtest.Artifact{Data: archive(t, many...)}, "65 files")
	broken := bytes.Clone(good)
	binary.LittleEndian.PutUint32(broken[14:], 0xdeadbeef) // the checksum of the first entry
	broken[40] ^= 0xff
	check("broken", githubtest.Artifact{Data: broken}, "read artifact")

	s := setting(t, server(t), "pull_request", "pull_request")
	if _, err := Fetch(t.Context(), s.env, s.opt, "regress"); err == nil || !strings.Contains(err.Error(), "workflow_run") {
		t.Errorf("outside of workflow_run: %v", err)
	}
}

// What an archive declares is not believed; the sum over its files counts.
func TestBomb(t *testing.T) {
	small := caps{archive: 1 << 20, content: 1 << 20, files: 4}
	packed := bomb(t, 2<<20)
	if len(packed) > 4096 {
		t.Fatalf("the bomb has %d bytes", len(packed))
	}
	two := archive(t, entry{name: "a", text: strings.Repeat("x", 600<<10)}, entry{name: "b", text: strings.Repeat("x", 600<<10)})
	for _, data := range [][]byte{packed, two} {
		if files, err := small.unpack(data); err == nil || !strings.Contains(err.Error(), "unpacks to more") {
			t.Errorf("have %d files, %v", len(files), err)
		}
	}
	if files, err := rawLogs.unpack(two); err != nil || len(files) != 2 {
		t.Errorf("within the caps: %d files, %v", len(files), err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := rawLogs.unpack(data)
		total := 0
		for _, file := range files {
			total += len(file.Data)
			if strings.ContainsAny(file.Name, "/\\\n") || file.Name == ".." || file.Name == "" {
				t.Errorf("name %q", file.Name)
			}
		}
		if int64(total) > rawLogs.content || err == nil && len(files) == 0 {
			t.Errorf("%d bytes in %d files, %v", total, len(files), err)
		}
	})
}
