package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/codec"
)

// codecs are the formats of the layer, and encoding/json as the yardstick.
var codecs = []codec.Codec{
	codec.JSON{}, codec.Bincode1{}, codec.Bincode2{}, codec.S2(nil, 0), codec.Zstd(nil, 0),
}

// Order is a message of a trading or monitoring system: names, numbers and a
// list. Its three sizes differ in the list alone.
type Order struct {
	ID       uint64
	Source   string
	Kind     uint8
	Sent     int64
	Price    float64
	Urgent   bool
	Tags     []string
	Readings []Reading
}

// Reading is one of the numbers that an Order carries.
type Reading struct {
	Sensor uint32
	Value  float64
	Low    float64
	High   float64
	Label  string
}

// payloads by size: how many readings each carries. The medium one is the specification's: 800
// bytes as JSON, half of that in binary.
var payloads = []struct {
	name     string
	readings int
}{{"small", 1}, {"medium", 7}, {"large", 256}}

func order(readings int) *Order {
	o := &Order{
		ID: 7_340_033, Source: "agent-17/eu-central", Kind: 3, Sent: time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC).UnixNano(),
		Price: 104.25, Urgent: true, Tags: []string{"retry", "billing"}, Readings: []Reading{},
	}
	for i := range readings {
		v := float64(i)*1.37 + .061
		o.Readings = append(o.Readings, Reading{Sensor: uint32(i * 31), Value: v, Low: v * .9, High: v * 1.1, Label: fmt.Sprintf("probe-%03d", i)})
	}
	return o
}

// BenchmarkEncode encodes one message; wire-bytes is what it becomes.
func BenchmarkEncode(b *testing.B) {
	eachCodec(b, func(b *testing.B, c codec.Codec, o *Order) {
		wire, err := c.Append(nil, o)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if wire, err = c.Append(wire[:0], o); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(wire)), "wire-bytes")
	})
}

// BenchmarkDecode decodes one message into a fresh value.
func BenchmarkDecode(b *testing.B) {
	eachCodec(b, func(b *testing.B, c codec.Codec, o *Order) {
		wire, err := c.Append(nil, o)
		if err != nil {
			b.Fatal(err)
		}
		var got Order
		b.ReportAllocs()
		for b.Loop() {
			got = Order{}
			if err := c.Decode(wire, &got); err != nil {
				b.Fatal(err)
			}
		}
		if !reflect.DeepEqual(&got, o) {
			b.Fatal("the message came back changed")
		}
	})
}

func eachCodec(b *testing.B, run func(*testing.B, codec.Codec, *Order)) {
	for _, c := range append([]codec.Codec{standardJSON{}}, codecs...) {
		for _, p := range payloads {
			b.Run(fmt.Sprintf("format=%s/payload=%s", c.Name(), p.name), func(b *testing.B) {
				run(b, c, order(p.readings))
			})
		}
	}
}

// standardJSON is encoding/json, what a Go program uses that has not looked
// further.
type standardJSON struct{}

func (standardJSON) Name() string { return "encoding-json" }

func (standardJSON) Append(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(dst, text...), err
}

func (standardJSON) Decode(src []byte, v any) error { return json.Unmarshal(src, v) }

// BenchmarkMessages sends encoded messages through a transport to a peer that decodes each one
// and compares all of it. An operation is one message; wire-bytes is what the first one becomes.
func BenchmarkMessages(b *testing.B) {
	for _, mechanism := range mechanisms() {
		for _, c := range codecs {
			b.Run(fmt.Sprintf("transport=%s/format=%s", mechanism, c.Name()), func(b *testing.B) {
				messages(b, config(mechanism), c.Name())
			})
		}
	}
}

func messages(b *testing.B, cfg ipc.Config, format string) {
	c, err := codec.ByName(format, cfg.MaxMessage)
	if err != nil {
		b.Fatal(err)
	}
	conn, _ := peer(b, decodeRole+format, cfg)
	ctx, cancel := bounded(b)
	defer cancel()
	o, answer := order(payloads[1].readings), make([]byte, 64)
	sent, bytes := uint64(0), 0
	var wire []byte
	send := func() {
		sent++
		o.ID = firstID + sent
		var err error
		if wire, err = c.Append(wire[:0], o); err != nil {
			b.Fatal(err)
		}
		bytes += len(wire)
		if err := conn.Send(ctx, wire); err != nil {
			b.Fatal(err)
		}
	}
	send()
	first := len(wire)
	for range 99 {
		send()
	}
	if err := confirm(ctx, conn, sent, answer); err != nil {
		b.Fatal(err)
	}
	bytes = 0
	b.ReportAllocs()
	for b.Loop() {
		send()
	}
	b.StartTimer()
	if err := confirm(ctx, conn, sent, answer); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	reportRate(b, b.N, bytes)
	b.ReportMetric(float64(first), "wire-bytes")
}

// firstID makes all numbers of a benchmark equally long in every format.
const firstID = 2_000_000_000

// decodeRole and the name of a format make the role of a peer that decodes it.
const decodeRole = "decode "

// decodes finds the codec of a decodeRole.
func decodes(role string) codec.Codec {
	format, ok := strings.CutPrefix(role, decodeRole)
	c, err := codec.ByName(format, 0)
	if !ok || err != nil {
		return nil
	}
	return c
}

// decoder is the peer that decodes every message and compares it with what was sent.
func decoder(c codec.Codec) func(context.Context, ipc.Conn) error {
	return func(ctx context.Context, conn ipc.Conn) error {
		var o Order
		want := order(payloads[1].readings)
		return count(ctx, conn, func(p []byte, number uint64) error {
			// What the last message left must not pass for a part of this one; its memory is
			// used again.
			clear(o.Tags)
			clear(o.Readings)
			o = Order{Tags: o.Tags[:0], Readings: o.Readings[:0]}
			if err := c.Decode(p, &o); err != nil {
				return err
			}
			want.ID = firstID + number
			if !o.equal(want) {
				return fmt.Errorf("message %d arrived as %+v", number, o)
			}
			return nil
		})
	}
}

// equal compares everything: reflect.DeepEqual takes longer than decoding does.
func (o *Order) equal(x *Order) bool {
	return o.ID == x.ID && o.Source == x.Source && o.Kind == x.Kind && o.Sent == x.Sent && o.Price == x.Price && o.Urgent == x.Urgent &&
		slices.Equal(o.Tags, x.Tags) && slices.Equal(o.Readings, x.Readings)
}

// TestEqualComparesEveryField changes every field in turn: none may be forgotten.
func TestEqualComparesEveryField(t *testing.T) {
	if !order(7).equal(order(7)) {
		t.Fatal("an order is not equal to itself")
	}
	changed := 0
	var change func(v reflect.Value, name string, o *Order)
	change = func(v reflect.Value, name string, o *Order) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				change(v.Field(i), name+"."+v.Type().Field(i).Name, o)
			}
			return
		case reflect.Slice:
			change(v.Index(v.Len()-1), name+"[]", o)
			return
		case reflect.String:
			defer v.SetString(v.String())
			v.SetString(v.String() + "x")
		case reflect.Bool:
			defer v.SetBool(v.Bool())
			v.SetBool(!v.Bool())
		case reflect.Float64:
			defer v.SetFloat(v.Float())
			v.SetFloat(v.Float() + 1)
		case reflect.Int64:
			defer v.SetInt(v.Int())
			v.SetInt(v.Int() + 1)
		case reflect.Uint8, reflect.Uint32, reflect.Uint64:
			defer v.SetUint(v.Uint())
			v.SetUint(v.Uint() + 1)
		default:
			t.Fatalf("%s: no change of a %v is known", name, v.Kind())
		}
		if changed++; o.equal(order(7)) {
			t.Errorf("a change of %s is not seen", name)
		}
	}
	o := order(7)
	change(reflect.ValueOf(o).Elem(), "Order", o)
	if changed != 12 {
		t.Errorf("%d fields changed, want 12: 6 plain ones, a tag, 5 of a reading", changed)
	}
}
