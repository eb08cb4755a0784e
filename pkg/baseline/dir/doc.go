// Package dir is the store that needs no server: a directory with one Go
// benchmark file a run, which benchstat reads, a person can diff, and CI can
// cache or keep on a branch.
//
//	benchstat -col commit -ignore started,seed .regress/*.txt
//
// A file is named <utc>-<sha12>-<id12>.txt and has three parts:
//
//	# regress-store: 2              version of this layout; 1 where the next five are unknown
//	# regress-id: 5d41402abc4b2a76b9719d91
//	# regress-time: 2026-11-23T05:30:00Z
//	project: github.com/x/y         what benchstat may group by is a key of
//	commit: 1f0c…                   the format; what varies from run to run
//	branch: main                    and would only split its tables is a
//	# regress-session: 8f1c…        comment, which benchstat skips: here what was
//	# regress-commit-time: 2026-…   measured side by side has in common, and what
//	# regress-place: 1204           git says of the commit
//	# regress-author: Jo Doe
//	# regress-subject: ring: one copy less
//	goos: linux
//	# regress-cores: 4
//	# regress-series: 2
//	# regress-raw: 1871             bytes of raw text
//	# regress-body: 2201 <sha256>   bytes and sum of all below the header
//	# regress-sum: <sha256>         of all above
//	goos: linux                     the raw text, byte for byte, then one line feed
//	BenchmarkPingPong-2   1000   240 ns/op
//	# regress-sample: {"package":…,"name":"PingPong-2","unit":"sec/op","rounds":…}
//
// The samples stand beside the text that they were read from, so that reading a
// store never depends on how a text is parsed today. Sizes and sums make every
// truncation and every altered byte an error that names the file; such a file
// hides no other. Copying files between stores is allowed: the ID is of the
// content, and a run that is there twice is one run.
//
// # Decisions
//
// The directory decisions holds a JSON file for each, named as the runs are. Its ID is of its
// content, so that one which was altered or cut off is told. Git is told to ignore them: they are
// made beside a working tree, and must not make it look changed.
//
// # The index
//
// Beside the runs stands .index, a cache of what their headers say and of the
// points of their series, so that lists and histories do not read every file. It may
// be deleted at any time. It is never trusted over the files: what it says of one holds
// only while size and times of change of the file are those at which it was read, each
// part has a sum, and whatever is missing, stale or damaged is read from the files again.
// Two processes that write it at once do no harm: each writes a whole one and renames it.
//
// # What is promised
//
// A run is written to a temporary file in the same directory, synced, renamed,
// and the directory synced: there is never half a file under a run's name. Put
// writes and syncs all its files before it renames the first, and takes back what
// it renamed when a rename fails; only a crash between two renames (of
// microseconds) can keep a part, and repeating Put then adds the rest. Writers,
// in any process, take turns by a lock on the file .lock, which git is told to ignore; readers
// need none.
package dir
