package pattern

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// ErrNoMembers says that nobody is there: every member has left and was reported, or none was
// ever added.
var ErrNoMembers = errors.New("no members left: add one")

// ErrUnknown says that the group has no member of that name.
var ErrUnknown = errors.New("no such member")

// Member is a connection with a name, which is what errors and Recv call it.
//
// The connections of this module's transports are an ipc.Prober, by which a group does without a
// wait or a second look. With one that is not, a full member is waited for where another would
// have had room, unless its configuration says NoWait, and so is a full kernel buffer in Flush.
type Member struct {
	Name string
	Conn ipc.Conn
}

// MemberError is what happened to one member.
type MemberError struct {
	Name string
	// Sent and Received count the messages that the group gave to the member's connection and
	// took from it.
	Sent, Received uint64
	// Err is the connection's error. ErrTimeout, ErrFull and ErrTooLarge leave the member in the
	// group.
	Err error
}

// Error gives the name, the error and the counts.
func (e *MemberError) Error() string {
	return fmt.Sprintf("member %s: %v (sent %d, received %d)", e.Name, e.Err, e.Sent, e.Received)
}

// Unwrap returns Err.
func (e *MemberError) Unwrap() error { return e.Err }

// Undelivered are the members that did not get a message that the others got.
type Undelivered []*MemberError

// Error lists them.
func (u Undelivered) Error() string { return errors.Join(u.Unwrap()...).Error() }

// Unwrap returns them as errors.
func (u Undelivered) Unwrap() []error {
	errs := make([]error, len(u))
	for i, e := range u {
		errs[i] = e
	}
	return errs
}

// Group is a set of members. One goroutine at a time may use its sending half (Send, SendAny,
// SendAll, Flush) and one its receiving half (Recv, Peek, Release); Add, Drop, Names and Close
// may be called from anywhere. Nobody else may use the members' connections.
type Group struct {
	timeout time.Duration
	noWait  bool
	cores   int // as many as this process can use at once

	mu     sync.Mutex // of who changes the set
	set    atomic.Pointer[set]
	closed atomic.Bool
	bell   chan struct{} // something has changed for Recv

	tx sendHalf
	_  [128]byte // the halves are used by two goroutines: keep their cache lines apart
	rx recvHalf
}

// set is never changed, only replaced.
type set struct {
	list   []*member
	byName map[string]*member
}

type member struct {
	name   string
	conn   ipc.Conn
	prober ipc.Prober // the same connection, nil if it is none: see probe.go

	_    [128]byte
	sent atomic.Uint64 // written by the sending half
	gone error         // why the sending half has given it up; its own

	_        [128]byte
	received atomic.Uint64 // written by the receiving half
	misses   int           // polls in a row without a message; its own
	watched  atomic.Bool   // the watching goroutine has the connection's receiving half
	look     chan struct{} // hands it over; nil as long as there is no such goroutine
	left     chan struct{} // closed when the member is out of the group
}

// Options say how a group waits. They should be those of its members' connections: OptionsOf.
type Options struct {
	Timeout time.Duration // bounds all waits of a call together, beside its context; 0: no limit
	NoWait  bool          // a member without room is ErrFull instead of a wait
}

// OptionsOf returns the options of a group whose connections are made with cfg.
func OptionsOf(cfg ipc.Config) Options { return Options{cfg.Timeout, cfg.NoWait} }

// New makes a group. It owns the connections, unless it returns an error.
func New(o Options, members ...Member) (*Group, error) {
	if o.Timeout < 0 {
		return nil, fmt.Errorf("make group: Timeout is %v, want 0 (none) or more", o.Timeout)
	}
	g := &Group{timeout: o.Timeout, noWait: o.NoWait, bell: make(chan struct{}, 1)}
	g.cores = cores.Count()
	g.set.Store(&set{byName: map[string]*member{}})
	g.rx.polls = pollsMax / 4
	for _, m := range members {
		if err := g.Add(m); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Add adds a member, which a waiting Recv hears at once. A name that is taken is an error, and m
// stays the caller's.
func (g *Group) Add(m Member) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.set.Load()
	switch {
	case g.closed.Load():
		return fmt.Errorf("add %s to group: %w", m.Name, ipc.ErrClosed)
	case m.Conn == nil:
		return fmt.Errorf("add %s to group: it has no connection", m.Name)
	case old.byName[m.Name] != nil:
		return fmt.Errorf("add %s to group: the name is taken: drop the other first", m.Name)
	}
	n := &member{name: m.Name, conn: m.Conn, left: make(chan struct{})}
	n.prober, _ = m.Conn.(ipc.Prober)
	byName := maps.Clone(old.byName)
	byName[n.name] = n
	g.store(append(slices.Clone(old.list), n), byName)
	g.ring()
	return nil
}

// store makes these the members, and tells each how many they are.
func (g *Group) store(list []*member, byName map[string]*member) {
	g.set.Store(&set{list: list, byName: byName})
	for _, m := range list {
		if m.prober != nil {
			m.prober.Among(len(list))
		}
	}
}

// Drop takes a member out, closes its connection and forgets what it sent that was not received.
// Nothing reports it any more.
func (g *Group) Drop(name string) error {
	m := g.set.Load().byName[name]
	if m == nil || !g.remove(m) {
		return fmt.Errorf("drop %s from group: %w", name, ErrUnknown)
	}
	g.ring()
	if err := m.conn.Close(); err != nil {
		return m.failed(err)
	}
	return nil
}

// remove takes m out of the set, and returns whether it was in.
func (g *Group) remove(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.set.Load()
	if old.byName[m.name] != m {
		return false
	}
	byName := maps.Clone(old.byName)
	delete(byName, m.name)
	list := slices.DeleteFunc(slices.Clone(old.list), func(x *member) bool { return x == m })
	g.store(list, byName)
	close(m.left)
	return true
}

// Names returns the members' names in the order they were added, those included whose end was
// not reported yet.
func (g *Group) Names() []string {
	var names []string
	for _, m := range g.set.Load().list {
		names = append(names, m.name)
	}
	return names
}

// Close closes every connection and wakes waiting calls, which return ErrClosed. The error joins
// those of the members. A second Close does nothing and returns nil.
func (g *Group) Close() error {
	if g.closed.Swap(true) {
		return nil
	}
	g.mu.Lock() // an Add that did not see closed is done, later ones see it
	list := g.set.Load().list
	g.set.Store(&set{byName: map[string]*member{}})
	g.mu.Unlock()
	g.ring()
	errs := make([]error, len(list))
	var all sync.WaitGroup // each may wait for a slow member: together, not one after the other
	for i, m := range list {
		close(m.left)
		all.Go(func() {
			if err := m.conn.Close(); err != nil {
				errs[i] = m.failed(err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// ring wakes Recv.
func (g *Group) ring() {
	select {
	case g.bell <- struct{}{}:
	default:
	}
}

// failed returns the report of err, with the counts so far.
func (m *member) failed(err error) *MemberError {
	return &MemberError{Name: m.name, Sent: m.sent.Load(), Received: m.received.Load(), Err: err}
}

// fatal reports whether err ends the connection that a call with ctx had it from.
func fatal(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil &&
		!errors.Is(err, ipc.ErrTimeout) && !errors.Is(err, ipc.ErrFull) && !errors.Is(err, ipc.ErrTooLarge)
}

// add counts in a word that one goroutine writes: no locked addition is needed.
func add(n *atomic.Uint64) { n.Store(n.Load() + 1) }
