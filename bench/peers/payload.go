package main

import "fmt"

// payload is a value that formats encode and decode.
type payload struct {
	name  string
	value any        // a pointer
	fresh func() any // a pointer to a zero value of the same type
}

// payloads returns those of pkg/ipc/codec's own benchmarks, and the order of bench's, whose JSON
// has the 800 bytes that the specification speaks of.
func payloads() []payload {
	one, few, many, seven := small{Seq: 42, Kind: 3, Name: "heartbeat"}, mixed(4), mixed(1000), sevenReadings()
	return []payload{
		{"small", &one, func() any { return new(small) }},
		{"mixed", &few, func() any { return new(message) }},
		{"large", &many, func() any { return new(message) }},
		{"order", &seven, func() any { return new(order) }},
	}
}

// small is what a counter or a heartbeat sends.
type small struct {
	Seq  uint64 `json:"seq"`
	Kind uint32 `json:"kind"`
	Name string `json:"name"`
}

// message has some of everything: numbers, text, nesting, an optional part, lists, a map.
type message struct {
	Seq      uint64            `json:"seq"`
	Time     int64             `json:"time"`
	Kind     uint32            `json:"kind"`
	Urgent   bool              `json:"urgent"`
	Source   string            `json:"source"`
	Target   string            `json:"target"`
	Body     string            `json:"body"`
	Scores   []float64         `json:"scores"`
	Codes    []int32           `json:"codes"`
	Tags     []string          `json:"tags"`
	Labels   map[string]string `json:"labels"`
	Reply    *reply            `json:"reply"`
	Readings []reading         `json:"readings"`
}

type reply struct {
	To     uint64 `json:"to"`
	Status int16  `json:"status"`
	Note   string `json:"note"`
}

type reading struct {
	ID     uint64  `json:"id"`
	Sensor string  `json:"sensor"`
	Value  float64 `json:"value"`
	Unit   uint8   `json:"unit"`
	Valid  bool    `json:"valid"`
}

// mixed returns a message with n readings.
func mixed(n int) message {
	m := message{
		Seq: 918273645, Time: 1764000000123456789, Kind: 7, Urgent: true,
		Source: "agent-eu-west-1", Target: "collector", Body: "the disk of node 17 is 91 % full and grows by 2 % an hour; \"vacuum\" was last run at 04:00",
		Scores: []float64{0.125, 3.14159265, -271.828, 1e-9, 65536.5, 0.333333333333},
		Codes:  []int32{1, 200, -3, 40000, 0, -70000}, Tags: []string{"disk", "capacity", "production", "näher"},
		Labels: map[string]string{"region": "eu-west-1", "host": "node-17", "team": "storage"},
		Reply:  &reply{To: 918273601, Status: -2, Note: "seen"},
	}
	for i := range n {
		m.Readings = append(m.Readings, reading{
			ID: uint64(1_000_000 + i), Sensor: fmt.Sprintf("temp-%03d", i%500), Value: 20 + float64(i%97)/7, Unit: uint8(i % 5), Valid: i%11 != 0,
		})
	}
	return m
}

// order is mostly numbers that JSON writes in many digits.
type order struct {
	ID       uint64
	Source   string
	Kind     uint8
	Sent     int64
	Price    float64
	Urgent   bool
	Tags     []string
	Readings []limits
}

type limits struct {
	Sensor           uint32
	Value, Low, High float64
	Label            string
}

// sevenReadings returns an order with seven readings.
func sevenReadings() order {
	o := order{
		ID: 7_340_033, Source: "agent-17/eu-central", Kind: 3, Sent: 1767323045000006789,
		Price: 104.25, Urgent: true, Tags: []string{"retry", "billing"},
	}
	for i := range 7 {
		v := float64(i)*1.37 + .061
		o.Readings = append(o.Readings, limits{Sensor: uint32(i * 31), Value: v, Low: v * .9, High: v * 1.1, Label: fmt.Sprintf("probe-%03d", i)})
	}
	return o
}
