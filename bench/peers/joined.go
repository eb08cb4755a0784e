package main

import (
	"context"
	"errors"
	"strconv"
)

// What a Go program without a library makes of many byte streams: it reads from each in turn,
// which will do as long as everyone has something to say, or it has a goroutine for each.

// sendAll sends a message to each.
func sendAll(ctx context.Context, links []link, p []byte) error {
	for _, l := range links {
		if err := l.Send(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// inTurn reads one message from each in turn.
type inTurn struct {
	links []link
	at    int // whose turn it is
	buf   []byte
}

// SendAll implements gang.
func (t *inTurn) SendAll(ctx context.Context, p []byte) error { return sendAll(ctx, t.links, p) }

// Peek implements gang.
func (t *inTurn) Peek(ctx context.Context) (from string, p []byte, err error) {
	i := t.at
	if t.at++; t.at == len(t.links) {
		t.at = 0
	}
	p, err = t.links[i].Recv(ctx, t.buf)
	return strconv.Itoa(i), p, err
}

// Release implements gang.
func (t *inTurn) Release() {}

// parcel is a message on its way through a channel.
type parcel struct {
	from string
	p    []byte
	err  error
}

// channelled has a goroutine for each, which reads into one channel.
type channelled struct {
	links   []link
	parcels chan parcel
	free    chan []byte // for further messages
	held    []byte
}

// perLink is how many messages of each may wait in the channel.
const perLink = 64

// channel joins links by a goroutine each and one channel.
func channel(j job, links []link) (gang, error) {
	if len(links) == 0 {
		return nil, errors.New("nobody to read from")
	}
	n := perLink * len(links)
	c := &channelled{links: links, parcels: make(chan parcel, n), free: make(chan []byte, n)}
	for range n {
		c.free <- make([]byte, j.size)
	}
	for i, l := range links {
		go c.read(strconv.Itoa(i), l)
	}
	return c, nil
}

// read passes what l receives to the channel.
func (c *channelled) read(from string, l link) {
	for {
		p, err := l.Recv(context.Background(), <-c.free)
		c.parcels <- parcel{from, p, err}
		if err != nil {
			return
		}
	}
}

// SendAll implements gang.
func (c *channelled) SendAll(ctx context.Context, p []byte) error { return sendAll(ctx, c.links, p) }

// Peek implements gang.
func (c *channelled) Peek(context.Context) (from string, p []byte, err error) {
	x := <-c.parcels
	c.held = x.p
	return x.from, x.p, x.err
}

// Release implements gang.
func (c *channelled) Release() { c.free <- c.held }
