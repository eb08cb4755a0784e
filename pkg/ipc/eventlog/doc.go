// Package eventlog is an append-only log in one file: every event has a sequence
// number and a checksum, appenders from many goroutines share their writes, and
// what was written can be read after a crash at any byte.
//
//	log, err := eventlog.Open(path, eventlog.Options{Durability: eventlog.SyncPeriodic})
//	seq, err := log.Append(ctx, data)
//	err = log.Close()
//
//	for event, err := range eventlog.Read(path) { … }
//
// # What is promised
//
// When Append has returned without error, the event is in the file and
//
//	Durability     survives kill -9 of the process   survives a power failure
//	SyncEach       yes                               yes
//	SyncPeriodic   yes                               if it is older than Options.Interval
//	SyncNever      yes                               if the kernel wrote it back (in 30 s or so)
//
// (as far as disk and file system keep their own promises about fsync). There is
// no delay in waiting for company: one appender writes for all who came while
// the last write was under way.
//
// # Damage
//
// A crash leaves at most a torn tail: an event that was never acknowledged, cut
// somewhere. [Open] cuts it off and tells in [Recovery]; [Read] ends there with
// a [DamageError] of kind [ErrTorn]. An event that fails its checksum while
// intact ones follow is no torn tail; nothing is cut silently then, both stop
// with [ErrCorrupt], file and offset, and Options.Repair is the way on. (A flipped
// bit in the very last event looks like a torn tail and is treated as one.)
//
// # Format
//
// All numbers are little endian. The file begins with 16 bytes:
//
//	0   8  "evlog\x01\r\n"
//	8   4  salt, chosen at random when the file is made
//	12  4  CRC-32C of the 12 bytes before
//
// and continues with events, numbered from 1 without gaps:
//
//	0   4  CRC-32C of all that follows in this event, begun with the salt
//	4   4  length n of the data, at most MaxEvent
//	8   8  sequence number
//	16  n  data
//
// The salt keeps an event of another log (or a log stored inside an event) from
// passing for one of this file.
package eventlog
