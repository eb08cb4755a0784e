package eventlog

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Durability says when an event is forced to the disk. The package comment says
// what each survives.
type Durability int

// The durabilities. The zero value is the safest.
const (
	SyncEach     Durability = iota // before Append returns, together with all that came meanwhile
	SyncPeriodic                   // within Options.Interval
	SyncNever                      // when the kernel likes
)

// String returns "every", "interval" or "none".
func (d Durability) String() string {
	switch d {
	case SyncEach:
		return "every"
	case SyncPeriodic:
		return "interval"
	case SyncNever:
		return "none"
	}
	return fmt.Sprintf("Durability(%d)", int(d))
}

// DefaultInterval is how long an event may wait for the disk with [SyncPeriodic].
const DefaultInterval = 100 * time.Millisecond

// Options are the choices of Open; the zero value is safe.
type Options struct {
	Durability Durability
	Interval   time.Duration // for SyncPeriodic; 0: DefaultInterval
	Repair     bool          // cut the log at damage even where whole events follow it, which are lost
}

// Recovery is what Open found in the file.
type Recovery struct {
	Events   uint64 // kept
	CutAt    int64  // offset where the file was cut off
	CutBytes int64  // how many bytes were cut off; 0: the file was whole
	Reason   string // what was wrong with them
}

// Errors of a Log, for errors.Is.
var (
	ErrClosed   = errors.New("event log is closed")
	ErrLocked   = errors.New("event log is open for appending elsewhere")
	ErrTooLarge = errors.New("event is too large")

	errGaveUp = errors.New("the event is in line, and whether it was written is unknown")
)

// disk is what a Log needs of its file.
type disk interface {
	WriteAt(b []byte, offset int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Log is a log open for appending. All methods may be called concurrently.
type Log struct {
	path      string
	file      disk
	salt      uint32
	opts      Options
	recovered Recovery

	syncing sync.Mutex // held around fsync outside of a commit, and to close the file; never taken under mu

	mu      sync.Mutex
	pending []byte    // events accepted and not yet being written
	waiting []*waiter // who waits for pending to be written
	spare   []byte    // memory for the next pending
	idle    []*waiter // memory for the next waiting
	leading bool      // somebody writes, or has been told to
	end     int64     // where the last written event ends
	last    uint64    // sequence number given last
	written uint64    // of the last event in the file
	synced  uint64    // of the last event known to be on disk
	timer   *time.Timer
	armed   bool  // timer runs
	err     error // the log is unusable
	closed  bool
}

// Open opens the log at path for appending and makes the file if there is none.
// A torn tail is cut off, and [Log.Recovered] says so. One Log at a time can
// have a file open, in all processes; the second gets ErrLocked. Damage that is
// no torn tail is a *DamageError of kind ErrCorrupt unless Options.Repair is set.
// The whole file is read and checked, and the events that are kept are forced to
// the disk: a process that was killed may have left them to the kernel.
func Open(path string, opts Options) (*Log, error) {
	if opts.Durability < SyncEach || opts.Durability > SyncNever {
		return nil, fmt.Errorf("open event log %s: unknown durability %d: want SyncEach, SyncPeriodic or SyncNever", path, opts.Durability)
	}
	if opts.Interval <= 0 {
		opts.Interval = DefaultInterval
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	l := &Log{path: path, file: file, opts: opts}
	if err := l.load(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := l.force(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	l.timer = time.AfterFunc(time.Hour, l.tick)
	l.timer.Stop()
	return l, nil
}

// load locks the file, checks it, and leaves it ending with a whole event.
func (l *Log) load(file *os.File) error {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("open event log %s: %w: close it there first", l.path, ErrLocked)
		}
		return fmt.Errorf("lock event log %s: %w", l.path, err)
	}
	s, err := scan(l.path, file)
	for more := s != nil && err == nil; more; {
		_, more, err = s.step(l.path)
	}
	found, damaged := errors.AsType[*DamageError](err)
	if err != nil && (!damaged || found.Kind == ErrCorrupt && (!l.opts.Repair || s == nil)) {
		return err
	}
	if s == nil { // new, or cut while it was being made
		return l.begin(file, found)
	}
	l.salt, l.end, l.last = s.salt, s.at, s.last
	l.written = s.last
	l.recovered = Recovery{Events: s.last}
	if !damaged {
		return nil
	}
	l.recovered.CutAt, l.recovered.CutBytes, l.recovered.Reason = found.Offset, found.Size-found.Offset, found.Reason
	if err := file.Truncate(s.at); err != nil {
		return fmt.Errorf("cut torn tail off event log: %w", err)
	}
	return file.Sync()
}

// begin makes the file an empty log, and durably so: with its name in its directory.
func (l *Log) begin(file *os.File, torn *DamageError) error {
	var salt [4]byte
	rand.Read(salt[:]) // never fails, by its documentation
	l.salt, l.end = binary.LittleEndian.Uint32(salt[:]), headerSize
	if torn != nil {
		l.recovered = Recovery{CutBytes: torn.Size, Reason: torn.Reason}
	}
	if _, err := file.WriteAt(fileHeader(l.salt), 0); err != nil {
		return fmt.Errorf("begin event log: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("begin event log: %w", err)
	}
	dir, err := os.Open(filepath.Dir(l.path))
	if err != nil {
		return fmt.Errorf("begin event log: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("begin event log: %w", err)
	}
	return nil
}

// Recovered returns what Open found.
func (l *Log) Recovered() Recovery { return l.recovered }

// Append adds an event and returns its sequence number once it is as safe as
// Options.Durability says. The log keeps no reference to data.
//
// An event whose write fails (a full disk) is taken back and its number is given
// out again; the log remains usable and whole. After a failed fsync it is not:
// what is on disk is unknown then, and every later call returns the same error
// until the log is opened again.
//
// When ctx ends while others write, Append returns its error together with the
// number: the event is in line and will be written if the write succeeds.
// The write that an appender does itself is not interrupted. The error is
// ErrTooLarge for more than MaxEvent bytes, ErrClosed after Close.
func (l *Log) Append(ctx context.Context, data []byte) (seq uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("append to event log %s: %w", l.path, err)
	}
	if len(data) > MaxEvent {
		return 0, fmt.Errorf("append to event log %s: %w: %d bytes, at most %d: split it", l.path, ErrTooLarge, len(data), MaxEvent)
	}
	l.mu.Lock()
	if err := l.usable(); err != nil {
		l.mu.Unlock()
		return 0, err
	}
	l.last++
	seq = l.last
	l.pending = appendEvent(l.pending, l.salt, seq, data)
	if err := l.settle(ctx); err != nil {
		if errors.Is(err, errGaveUp) {
			return seq, err
		}
		return 0, err
	}
	return seq, nil
}

// usable returns the error of a call on a log that is closed or broken. Call it under mu.
func (l *Log) usable() error {
	if l.closed {
		return fmt.Errorf("%w: %s", ErrClosed, l.path)
	}
	return l.err
}

// Sync forces all events accepted so far to the disk, whatever the durability.
func (l *Log) Sync() error {
	l.mu.Lock()
	if err := l.usable(); err != nil {
		l.mu.Unlock()
		return err
	}
	if err := l.settle(context.Background()); err != nil {
		return err
	}
	return l.force()
}

// force makes what is written durable.
func (l *Log) force() error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	mark, done := l.written, l.written == l.synced || l.err != nil
	err := l.err
	l.mu.Unlock()
	if done {
		return err
	}
	err = l.file.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.fail("sync", err)
		return l.err
	}
	l.synced = max(l.synced, mark)
	return nil
}

// tick runs on the timer of SyncPeriodic. Its error is kept for the next call.
func (l *Log) tick() {
	l.mu.Lock()
	l.armed = false
	l.mu.Unlock()
	_ = l.force()
}

// Close writes what is accepted, forces it to the disk whatever the durability,
// and closes the file. Appends under way finish first; later ones get ErrClosed.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return fmt.Errorf("%w: %s", ErrClosed, l.path)
	}
	l.closed = true
	err := l.settle(context.Background())
	if err == nil {
		err = l.force()
	}
	l.timer.Stop()
	l.syncing.Lock() // a tick may be under way
	defer l.syncing.Unlock()
	if shut := l.file.Close(); shut != nil {
		err = errors.Join(err, fmt.Errorf("close event log: %w", shut))
	}
	return err
}
