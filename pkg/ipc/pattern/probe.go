package pattern

import "context"

// The calls of ipc.Prober, and what comes nearest to them for a connection that is no Prober.

// try sends p without waiting, as far as the connection can.
func (m *member) try(p []byte) error {
	if m.prober != nil {
		return m.prober.TrySend(p)
	}
	return m.conn.Send(context.Background(), p)
}

// flush sends the open batch without waiting, as far as the connection can.
func (m *member) flush(ctx context.Context) error {
	if m.prober != nil {
		return m.prober.TryFlush()
	}
	return m.conn.Flush(ctx)
}

// peek returns the next message, if one is there, without waiting.
func (m *member) peek() (p []byte, ok bool, err error) {
	if m.prober != nil {
		return m.prober.TryPeek()
	}
	if !m.conn.Ready() {
		return nil, false, nil
	}
	p, err = m.conn.Peek(context.Background())
	return p, err == nil, err
}

// watch waits until there is something to receive, and takes nothing.
func (m *member) watch(ctx context.Context) error {
	if m.prober != nil {
		return m.prober.Watch(ctx)
	}
	_, err := m.conn.Peek(ctx)
	return err
}
