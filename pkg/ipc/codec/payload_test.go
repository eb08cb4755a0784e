package codec_test

import "fmt"

// reading is one line of telemetry: mostly numbers.
type reading struct {
	ID     uint64  `json:"id"`
	Sensor string  `json:"sensor"`
	Value  float64 `json:"value"`
	Unit   uint8   `json:"unit"`
	Valid  bool    `json:"valid"`
}

// message is the mixed payload that most figures are quoted on: numbers, text,
// nesting, an optional part, a list, a map.
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

// mixed is a message with n readings: 4 make about 900 bytes of JSON.
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

// small is what a counter or a heartbeat sends.
type small struct {
	Seq  uint64 `json:"seq"`
	Kind uint32 `json:"kind"`
	Name string `json:"name"`
}

// sizes are the payloads of the benchmarks, by name.
func sizes() []struct {
	name  string
	value any // a pointer
	fresh func() any
} {
	one, few, many := small{Seq: 42, Kind: 3, Name: "heartbeat"}, mixed(4), mixed(1000)
	return []struct {
		name  string
		value any
		fresh func() any
	}{
		{"small", &one, func() any { return new(small) }},
		{"medium", &few, func() any { return new(message) }},
		{"large", &many, func() any { return new(message) }},
	}
}
