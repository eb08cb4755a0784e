package ingest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// This file has every key and every mark of the raw log once. The reader (header.go, marks.go) and
// the writer (write.go) both go by it.

// version is the one that this package writes and reads.
const version = "1"

// The keys that are not plain facts of the header.
const (
	keyVersion   = "regress-log"
	keySide      = "side"
	keyPackage   = "pkg"
	keyCommit    = "commit"
	keyProcedure = "procedure"
	keySeed      = "seed"
	keyStarted   = "started"
	keyBench     = "bench"
	keyShard     = "suite-shard"
	keyOS        = "goos"
	keyArch      = "goarch"
	keyCPU       = "cpu"
)

// Header is what stands once, above the results of a log.
type Header struct {
	Procedure   string // that of baseline.Procedure by which the decision chose the rounds; empty: fixed in advance
	Project     string // empty: unknown
	Head        Origin
	Dirty       bool   // the head had uncommitted changes
	Base        Origin // empty where the head was measured alone
	Anchor      Origin
	Bench       string          // the part of the suite that was asked for; empty: all
	Shards      baseline.Shards // the part of a divided measurement
	Seed        uint64          // of the random order; 0: unknown
	Started     time.Time       // UTC, to the second; zero: unknown
	Environment baseline.Environment
}

// Origin is where the code of one side came from.
type Origin struct {
	Commit string // in full
	Ref    string // the branch of the head; of the others what they were asked for by
}

// fact is one key of the header: how it is written, and how it is read.
type fact struct {
	key     string
	get     func(*Header) string // empty, or "0": not written
	set     func(*Header, string) error
	machine bool // one of the environment
}

// facts are the keys of the header in the order in which they are written.
var facts = []fact{
	text(keyProcedure, func(h *Header) *string { return &h.Procedure }),
	machine(text("counter", func(h *Header) *string { return &h.Environment.Counter })),
	text("project", func(h *Header) *string { return &h.Project }),
	text(keyCommit, func(h *Header) *string { return &h.Head.Commit }),
	text("branch", func(h *Header) *string { return &h.Head.Ref }),
	{key: "dirty", get: dirty, set: func(h *Header, value string) error { h.Dirty = value == "true"; return nil }},
	text("base-commit", func(h *Header) *string { return &h.Base.Commit }),
	text("base-branch", func(h *Header) *string { return &h.Base.Ref }),
	text("anchor-commit", func(h *Header) *string { return &h.Anchor.Commit }),
	text("anchor-ref", func(h *Header) *string { return &h.Anchor.Ref }),
	text(keyBench, func(h *Header) *string { return &h.Bench }),
	{key: keyShard, get: func(h *Header) string { return h.Shards.String() }, set: setShards},
	{key: keySeed, get: func(h *Header) string { return strconv.FormatUint(h.Seed, 10) }, set: setSeed},
	{key: keyStarted, get: startedText, set: setStarted},
	machine(text(keyOS, func(h *Header) *string { return &h.Environment.OS })),
	machine(text(keyArch, func(h *Header) *string { return &h.Environment.Arch })),
	machine(text(keyCPU, func(h *Header) *string { return &h.Environment.CPU })),
	machine(count("cores", func(h *Header) *int { return &h.Environment.Cores })),
	machine(fact{key: "quota", get: func(h *Header) string { return fmt.Sprint(h.Environment.Quota) }, set: setQuota}),
	machine(count("gomaxprocs", func(h *Header) *int { return &h.Environment.Procs })),
	machine(count("memory-mib", func(h *Header) *int { return &h.Environment.MemoryMiB })),
	machine(text("kernel", func(h *Header) *string { return &h.Environment.Kernel })),
	machine(text("virtual", func(h *Header) *string { return &h.Environment.Virtual })),
	machine(text("governor", func(h *Header) *string { return &h.Environment.Governor })),
	machine(text("go-version", func(h *Header) *string { return &h.Environment.GoVersion })),
	machine(text("suite-flags", func(h *Header) *string { return &h.Environment.SuiteFlags })),
}

// keys are those that mean something to regress, besides side and pkg.
var keys = func() map[string]bool {
	all := map[string]bool{keyVersion: true}
	for _, f := range facts {
		all[f.key] = true
	}
	return all
}()

// text returns the fact of a field that is written as it is.
func text(key string, field func(*Header) *string) fact {
	return fact{
		key: key,
		get: func(h *Header) string { return *field(h) },
		set: func(h *Header, value string) error { *field(h) = value; return nil },
	}
}

// count returns the fact of a whole number.
func count(key string, field func(*Header) *int) fact {
	return fact{
		key: key,
		get: func(h *Header) string { return strconv.Itoa(*field(h)) },
		set: func(h *Header, value string) error {
			v, err := number(value)
			*field(h) = int(v)
			return err
		},
	}
}

// machine marks a fact as one of the environment.
func machine(f fact) fact {
	f.machine = true
	return f
}

// number reads a count, which may have a fraction: half a processor.
func number(value string) (float64, error) {
	v, err := strconv.ParseFloat(value, 64)
	if err == nil && (!(v >= 0) || v > math.MaxInt32) {
		err = errors.New("out of range")
	}
	if err != nil {
		return 0, err
	}
	return v, nil
}

func dirty(h *Header) string {
	if h.Dirty {
		return "true"
	}
	return ""
}

func setQuota(h *Header, value string) (err error) {
	h.Environment.Quota, err = number(value)
	return err
}

func setSeed(h *Header, value string) (err error) {
	h.Seed, err = strconv.ParseUint(value, 10, 64)
	if err != nil {
		h.Seed = 0
	}
	return err
}

func setShards(h *Header, value string) (err error) {
	h.Shards, err = baseline.ParseShards(value)
	return err
}

func startedText(h *Header) string {
	if h.Started.IsZero() {
		return ""
	}
	return h.Started.UTC().Format(time.RFC3339)
}

func setStarted(h *Header, value string) error {
	at, err := time.Parse(time.RFC3339, value)
	if err == nil && at.UTC().Year() < 1 {
		err = errors.New("out of range")
	}
	if err != nil {
		return err
	}
	h.Started = at.UTC()
	return nil
}

// Mark is the key of a comment `# key: rest` that has a meaning.
type Mark string

// The marks. doc.go says what each of them means.
const (
	MarkFunctions  Mark = "functions"
	MarkBinary     Mark = "binary"
	MarkNoise      Mark = "noise"
	MarkSame       Mark = "same"
	MarkSameAnchor Mark = "same-anchor"
	MarkEdited     Mark = "edited"
	MarkMethod     Mark = "method"
	MarkWork       Mark = "work"
	MarkUncounted  Mark = "uncounted"
	MarkRound      Mark = "round"
	MarkLoad       Mark = "load"
	MarkDisturbed  Mark = "disturbed"
	MarkFailed     Mark = "failed"
	MarkNotRun     Mark = "not-run"
	MarkWarning    Mark = "warning"
	MarkStopped    Mark = "stopped"
	MarkCause      Mark = "cause"
	MarkBisect     Mark = "bisect"
	MarkFile       Mark = "file"
	MarkCut        Mark = "cut"
)

// marks says of every mark which form it has, and how the reader takes what stands behind the
// colon; read returns false where it is not of that form. Without read, a mark says nothing to the
// reader of results.
var marks = map[Mark]mark{
	MarkFunctions:  {"base|head|anchor PACKAGE BenchmarkX …", (*marked).functions},
	MarkBinary:     {"base|head|anchor PACKAGE HASH", nil},
	MarkNoise:      {"PACKAGE NAME UNIT sd=… between=… runwide=… sessions=…", (*marked).noise},
	MarkSame:       {"PACKAGE NAME why", (*marked).same},
	MarkSameAnchor: {"PACKAGE NAME why", (*marked).sameAnchor},
	MarkEdited:     {"base|anchor PACKAGE BenchmarkX", (*marked).edited},
	MarkMethod:     {"PACKAGE NAME iterations=… slices=… cpu=one|any counted=…", nil},
	MarkWork:       {"PACKAGE NAME user=… system=… children=true|false", (*marked).work},
	MarkUncounted:  {"PACKAGE NAME why", (*marked).uncounted},
	MarkRound:      {"a number from 1", (*marked).nextRound},
	MarkLoad:       {"wall=… steal=… other=…", nil},
	MarkDisturbed:  {"why", (*marked).disturbed},
	MarkFailed:     {"base|head|anchor|- PACKAGE NAME message", (*marked).failure},
	MarkNotRun:     {"base|head|anchor|- PACKAGE NAME why", (*marked).notRun},
	MarkWarning:    {"message", (*marked).warning},
	MarkStopped:    {"why", (*marked).stopped},
	MarkCause:      {"a JSON object", nil},
	MarkBisect:     {"a JSON object", nil},
	MarkFile:       {"name", nil}, // feed.advance takes it
	MarkCut:        {"a number of bytes", (*marked).cut},
}

type mark struct {
	form string
	read func(m *marked, rest string) bool
}

// line returns the text of a mark without the end of the line.
func (m Mark) line(rest string) string { return "# " + string(m) + ": " + rest }

// cutMark splits a line into its mark and the rest. A comment that is no mark of the format is
// somebody else's.
func cutMark(line string) (m Mark, rest string, ok bool) {
	body, ok := strings.CutPrefix(line, "# ")
	if !ok {
		return "", "", false
	}
	key, rest, ok := strings.Cut(body, ":")
	if _, known := marks[Mark(key)]; !ok || !known {
		return "", "", false
	}
	return Mark(key), strings.TrimSpace(rest), true
}

// dash is how an empty field is written.
const dash = "-"

func undash(s string) string {
	if s == dash {
		return ""
	}
	return s
}
