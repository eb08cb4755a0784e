package config

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// What would cost the library memory by the square of its depth is refused at
// its line, before the library sees it.
func TestParseRefusesDepthAndNumberAtOnce(t *testing.T) {
	check := func(content, want string) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := Parse("regress.toml", []byte(content))
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 10_000 {
			t.Errorf("have %.300v\nwant %s", err, want)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 50<<20 {
			t.Errorf("%.20q…: %d MB", content, grown>>20)
		}
		if took > 5*time.Second {
			t.Errorf("%.20q…: %v", content, took)
		}
	}
	repeat := strings.Repeat
	const deep, dotted, many = "more than 16 deep", "more than 16 parts", "more than 20000 keys"
	check("x = "+repeat("{a=", 4000), "regress.toml:1: tables or lists "+deep)
	check("\nx = "+repeat("[", 500_000), "regress.toml:2: tables or lists "+deep)
	check("x = "+repeat("{a=", 10)+"1"+repeat("}", 9)+"\n", "toml:1: ")
	check("x = '''\n'''\ny = "+repeat("[{a=", 100_000), "regress.toml:3: tables or lists "+deep)
	check(repeat("a.", 32_000)+"a = 1", "regress.toml:1: a key of "+dotted)
	check("[[x]]\n["+repeat("a.", 32_000)+"a]", "regress.toml:2: a key of "+dotted)
	check("x = {"+repeat("'a' . ", 100)+"a = 1}", "regress.toml:1: a key of "+dotted)
	check("x = "+repeat("{a.a.a.a.a.a.a=", 4), "regress.toml:1: tables or lists "+deep)
	check(repeat("[[rule]]\nignore = true\n", 30_000), many)
	check("x = ["+repeat("1,", 100_000)+"]", "regress.toml:1: "+many)
	var keys strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&keys, "k%d = 1\n", i)
	}
	check(keys.String(), "regress.toml:20001: "+many)
	// Below the limit, the errors are a page and not a flood.
	check(keys.String()[:20_000], "more mistakes from here on")
	// Long lines are read; what is wrong with them is not repeated whole.
	check("k = '"+repeat("x", 900_000)+"'", `unknown key "k"`)
	check(repeat("k", 900_000)+" = 1", "unknown key")
	check("budget = '"+repeat("k", 900_000)+"'", "is no time to measure in")
	check("x = "+repeat("k", 900_000), "regress.toml:1: ")
	// What is no TOML ends the look ahead, and hides nothing from the library behind it.
	check("x = \ny = "+repeat("{a=", 300_000), "regress.toml:1: ")
	check("x = 'a\ny = "+repeat("[", 300_000), "regress.toml:1: ")
	// Brackets in texts and comments are no depth.
	if _, err := Parse("f", []byte("# "+repeat("[", 100)+"\nproject = '"+repeat("[{", 100)+"'\nstore = \"\"\"\n"+repeat("{a=[", 100)+"\\\"\"\"\"\n")); err != nil {
		t.Error(err)
	}
}

func TestLoadReadsOnlyWhatEnds(t *testing.T) {
	check := func(path, want string) {
		t.Helper()
		done := make(chan error, 1)
		go func() { _, err := Load(path); done <- err }()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: have %v, want %s", path, err, want)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: no end", path)
		}
	}
	fifo := filepath.Join(t.TempDir(), Name)
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	check(fifo, "no file that can be read again")
	check(t.TempDir(), "no file that can be read again")
	check("/dev/zero", "more than 1048576 bytes")
	if _, err := Load(os.DevNull); err != nil {
		t.Errorf("an empty configuration: %v", err)
	}
}

// The scanner accepts whatever the library accepts, and knows the line of every
// key of it.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		whole, Template, "a.b.c = 1", "[[a.b]]\nc = 1\n[[a.b]]\nc = [{d = 1},\n{d = 2}]\n[a.b.e]\nf=1", "x = '''\ny = 1\n'''\ny = 2", "\"\\u0061\" = 1",
		"a = \"\"\"b\\\n  c\"\"\"\"\"\n", "'a b'.\"c.d\" = { e = [ 1, # x\n 2 ], }", "[ a . b ]\r\nc = 1979-05-27 07:32:00\r\n", "\uFEFFa = 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		values := map[string]any{}
		if _, err := toml.Decode(text, &values); err != nil {
			return
		}
		lines, end, err := scan("f", strings.TrimPrefix(text, "\uFEFF"))
		if err != nil {
			if !strings.Contains(err.Error(), "more than") {
				t.Errorf("refused: %v", err)
			}
			return
		}
		if end != len(strings.TrimPrefix(text, "\uFEFF")) {
			t.Fatalf("stopped at %d in %q", end, text)
		}
		for key := range values {
			if lines[key] == 0 && !strings.Contains(text, `\`) {
				t.Errorf("no line for %q of %q: %v", key, text, lines)
			}
		}
	})
}
