package eventlog_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/ipc/eventlog"
)

// frame is what an event takes beside its data, and header what the file does,
// by the package comment.
const frame, header = 16, 16

// events are the data of the log that the crash tests damage.
var events = []string{"first", "", "a", strings.Repeat("long ", 20), "evlog\x01\r\n", "last event"}

// write makes a closed log of data and returns its bytes.
func write(t testing.TB, path string, data ...string) []byte {
	t.Helper()
	log, err := eventlog.Open(path, eventlog.Options{Durability: eventlog.SyncNever})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range data {
		if seq, err := log.Append(context.Background(), []byte(d)); err != nil || seq != uint64(i+1) {
			t.Fatalf("append %d: have %d, %v", i+1, seq, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// read returns the data of all events that can be read, numbered without gaps
// from 1, and the error at the end.
func read(t testing.TB, path string) (data []string, end error) {
	t.Helper()
	for event, err := range eventlog.Read(path) {
		if err != nil {
			return data, err
		}
		if event.Seq != uint64(len(data)+1) {
			t.Fatalf("event %d after event %d", event.Seq, len(data))
		}
		data = append(data, string(event.Data))
	}
	return data, nil
}

func put(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCutAtEveryByte is a crash at every byte: the whole events before it are
// read, opening cuts the rest off and says so, and the log goes on from there.
func TestCutAtEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	whole := write(t, path, events...)
	// Where each event ends: header, then frame + data each.
	ends := []int{header}
	for _, d := range events {
		ends = append(ends, ends[len(ends)-1]+frame+len(d))
	}
	if ends[len(events)] != len(whole) {
		t.Fatalf("the file has %d bytes; want %d", len(whole), ends[len(events)])
	}
	check := func(cut int) {
		t.Helper()
		kept := 0
		for kept < len(events) && ends[kept+1] <= cut {
			kept++
		}
		torn := int64(cut - ends[kept])
		if cut < header {
			torn = int64(cut)
		}
		put(t, path, whole[:cut])
		have, err := read(t, path)
		if !slices.Equal(have, events[:kept]) {
			t.Fatalf("cut at %d: read %q; want %q", cut, have, events[:kept])
		}
		if errors.Is(err, eventlog.ErrTorn) != (torn > 0) || torn == 0 && err != nil {
			t.Fatalf("cut at %d: read ends with %v; %d bytes are torn", cut, err, torn)
		}
		log, err := eventlog.Open(path, eventlog.Options{Durability: eventlog.SyncNever})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if r := log.Recovered(); r.Events != uint64(kept) || r.CutBytes != torn || (r.Reason != "") != (torn > 0) {
			t.Fatalf("cut at %d: have %+v; want %d events and %d bytes cut", cut, r, kept, torn)
		}
		if seq, err := log.Append(context.Background(), []byte("on")); err != nil || seq != uint64(kept+1) {
			t.Fatalf("cut at %d: append: have %d, %v; want %d", cut, seq, err, kept+1)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if have, err = read(t, path); err != nil || !slices.Equal(have, append(events[:kept:kept], "on")) {
			t.Fatalf("cut at %d: after going on: %q, %v", cut, have, err)
		}
	}
	for cut := range len(whole) + 1 {
		check(cut)
	}
}

// TestZeroTailIsCutOff is a power failure at every byte after which the file has its
// length and zeros from there on: the events before are read, and opening cuts
// the rest off.
func TestZeroTailIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	whole := write(t, path, events...)
	for cut := range len(whole) + 1 {
		if 0 < cut && cut < header {
			continue // the header is on disk before Open returns, and is one block
		}
		image := append(bytes.Clone(whole[:cut]), make([]byte, len(whole)-cut+100)...)
		if cut == 0 {
			image = make([]byte, header) // there are no events yet
		}
		kept, end := 0, header
		for kept < len(events) { // zeros may be just what was there
			next := end + frame + len(events[kept])
			if cut == 0 || !bytes.Equal(image[end:next], whole[end:next]) {
				break
			}
			kept, end = kept+1, next
		}
		put(t, path, image)
		if have, err := read(t, path); !errors.Is(err, eventlog.ErrTorn) || !slices.Equal(have, events[:kept]) {
			t.Fatalf("zeros from %d on: read %q, %v; want %q and a torn tail", cut, have, err, events[:kept])
		}
		log, err := eventlog.Open(path, eventlog.Options{Durability: eventlog.SyncNever})
		if err != nil {
			t.Fatalf("zeros from %d on: %v", cut, err)
		}
		if seq, err := log.Append(context.Background(), []byte("on")); err != nil || seq != uint64(kept+1) {
			t.Fatalf("zeros from %d on: append: have %d, %v; want %d", cut, seq, err, kept+1)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if have, err := read(t, path); err != nil || !slices.Equal(have, append(events[:kept:kept], "on")) {
			t.Fatalf("zeros from %d on: after going on: %q, %v", cut, have, err)
		}
	}
}

// TestEveryFlippedBit damages the file in every bit. No wrong event is ever
// read; damage before whole events is refused, and damage in the last event is
// cut off as a torn tail.
func TestEveryFlippedBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	whole := write(t, path, events...)
	lastBegins := len(whole) - len(events[len(events)-1]) - frame
	for bit := range 8 * len(whole) {
		bent := bytes.Clone(whole)
		bent[bit/8] ^= 1 << (bit % 8)
		put(t, path, bent)
		have, err := read(t, path)
		if len(have) >= len(events) || !slices.Equal(have, events[:len(have)]) {
			t.Fatalf("bit %d: read %q", bit, have)
		}
		want := eventlog.ErrCorrupt
		if bit/8 >= lastBegins {
			want = eventlog.ErrTorn
		}
		d, ok := errors.AsType[*eventlog.DamageError](err)
		if !ok || d.Kind != want || d.Last != uint64(len(have)) || d.Path != path {
			t.Fatalf("bit %d: read ends with %+v; want a *DamageError of kind %q after event %d", bit, err, want, len(have))
		}
		log, err := eventlog.Open(path, eventlog.Options{})
		if want == eventlog.ErrTorn {
			if err != nil || log.Recovered().CutAt != int64(lastBegins) {
				t.Fatalf("bit %d: %v; want the last event cut off", bit, err)
			}
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, eventlog.ErrCorrupt) {
			t.Fatalf("bit %d: have %v; want it refused", bit, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, bent) {
			t.Fatalf("bit %d: refusing it changed the file", bit)
		}
	}
}

func TestRepairCutsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	whole := write(t, path, events...)
	check := func(offset int, kept int) {
		t.Helper()
		bent := bytes.Clone(whole)
		bent[offset] ^= 1
		put(t, path, bent)
		log, err := eventlog.Open(path, eventlog.Options{Repair: true})
		if err != nil {
			t.Fatal(err)
		}
		if r := log.Recovered(); r.Events != uint64(kept) || r.CutAt+r.CutBytes != int64(len(whole)) || !strings.Contains(r.Reason, "whole event follows") {
			t.Errorf("have %+v; want %d events kept and the rest cut", r, kept)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if have, err := read(t, path); err != nil || !slices.Equal(have, events[:kept]) {
			t.Errorf("have %q, %v; want %q", have, err, events[:kept])
		}
	}
	check(header+frame, 0)                     // data of the first
	check(header+frame+len(events[0])+4, 1)    // length of the second
	check(header+2*frame+len(events[0])+12, 2) // sequence number of the third
}

// TestForeignEventsAreNotRead: events of another log, whole and with fitting numbers, are
// neither read nor taken for events of this one.
func TestForeignEventsAreNotRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	other := write(t, filepath.Join(dir, "other"), "x", "y", "z")
	whole := write(t, path, "one")
	put(t, path, append(bytes.Clone(whole), other[header+frame+1:]...)) // their events 2 and 3
	have, err := read(t, path)
	if !errors.Is(err, eventlog.ErrTorn) || !slices.Equal(have, []string{"one"}) {
		t.Errorf("have %q, %v; want event 1 and a torn tail", have, err)
	}
	// The same event twice has the right checksum and the wrong number.
	put(t, path, append(bytes.Clone(whole), whole[header:]...))
	if have, err = read(t, path); !errors.Is(err, eventlog.ErrCorrupt) || !strings.Contains(err.Error(), "event 1 follows event 1") {
		t.Errorf("have %q, %v; want it corrupt", have, err)
	}
}

func TestNotALog(t *testing.T) {
	dir := t.TempDir()
	check := func(name, content string, words ...string) {
		t.Helper()
		path := filepath.Join(dir, name)
		put(t, path, []byte(content))
		_, readErr := read(t, path)
		log, openErr := eventlog.Open(path, eventlog.Options{Repair: true})
		if log != nil {
			t.Fatalf("%s was opened", name)
		}
		for _, err := range []error{readErr, openErr} {
			for _, w := range append(words, path) {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("%s: %v does not say %q", name, err, w)
				}
			}
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != content {
			t.Errorf("%s was changed", name)
		}
	}
	check("text", "just some text, longer than a header", "does not begin like an event log", "right file")
	check("short", "hello", "5 bytes", "corrupt")
	check("header", "evlog\x01\r\n12345678", "checksum of the file header")
	if _, err := read(t, filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("have %v; want os.ErrNotExist", err)
	}
	if _, err := eventlog.Open("/dev/full", eventlog.Options{}); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("have %v for a device; want it refused", err)
	}
	if _, err := eventlog.Open(filepath.Join(dir, "x"), eventlog.Options{Durability: 7}); err == nil || !strings.Contains(err.Error(), "durability 7") {
		t.Errorf("have %v; want the durability refused", err)
	}
}

// FuzzFile: whatever is in a file, reading ends, opening refuses it or leaves a
// log that holds what could be read and goes on.
func FuzzFile(f *testing.F) {
	whole := write(f, filepath.Join(f.TempDir(), "log"), events...)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(append(bytes.Clone(whole[:100]), whole[header:]...))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "log")
		put(t, path, content)
		before, readErr := read(t, path)
		log, err := eventlog.Open(path, eventlog.Options{Durability: eventlog.SyncNever})
		if err != nil {
			if !errors.Is(err, eventlog.ErrCorrupt) || !errors.Is(readErr, eventlog.ErrCorrupt) {
				t.Fatalf("open: %v; read: %v", err, readErr)
			}
			return
		}
		if _, err := log.Append(context.Background(), content); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if after, err := read(t, path); err != nil || !slices.Equal(after, append(before, string(content))) {
			t.Fatalf("have %q, %v; want %q and the new one", after, err, before)
		}
	})
}
