package postgres

import (
	"context"
	"net"
	"sync"
	"time"
)

// patience is how long the server may be silent while it owes an answer. It is
// no limit on how long an answer may take: each piece of it gives the next as much
// time. A test makes it shorter.
var patience = 10 * time.Second

// dialer connects, and makes connections that wait no longer than patience.
type dialer struct{ net.Dialer }

// dial is the DialFunc of the driver.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &patient{Conn: conn}, nil
}

// patient is a connection whose reads and writes end after patience. A deadline
// that the driver sets holds where it is earlier: it is how the driver ends what its
// context ends.
type patient struct {
	net.Conn
	mu          sync.Mutex
	read, write time.Time // the driver's; zero: none
}

func (p *patient) Read(b []byte) (int, error) {
	p.mu.Lock()
	err := p.Conn.SetReadDeadline(earlier(p.read))
	p.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

func (p *patient) Write(b []byte) (int, error) {
	const piece = 64 << 10 // a slow line passes this much in time
	sent := 0
	for {
		p.mu.Lock()
		err := p.Conn.SetWriteDeadline(earlier(p.write))
		p.mu.Unlock()
		if err != nil {
			return sent, err
		}
		n, err := p.Conn.Write(b[sent:min(len(b), sent+piece)])
		sent += n
		if err != nil || sent == len(b) {
			return sent, err
		}
	}
}

// earlier returns t, or the end of the patience that begins now, if that is earlier or t is none.
func earlier(t time.Time) time.Time {
	if end := time.Now().Add(patience); t.IsZero() || end.Before(t) {
		return end
	}
	return t
}

func (p *patient) SetDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read, p.write = t, t
	return p.Conn.SetDeadline(t)
}

func (p *patient) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = t
	return p.Conn.SetReadDeadline(t)
}

func (p *patient) SetWriteDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write = t
	return p.Conn.SetWriteDeadline(t)
}
