package codec_test

import (
	"errors"
	"fmt"

	"github.com/descartes/regress/pkg/ipc/codec"
)

// A message for a Rust program that declares
//
//	#[derive(Serialize, Deserialize)]
//	struct Job { id: u64, name: String, priority: Option<u8>, retries: Vec<u16> }
func Example() {
	type Job struct {
		ID       uint64
		Name     string
		Priority *uint8
		Retries  []uint16
	}
	high := uint8(9)
	job := Job{ID: 300, Name: "resize", Priority: &high, Retries: []uint16{1, 500}}

	var wire codec.Codec = codec.Bincode2{} // bincode::config::standard()
	src, err := wire.Append(nil, &job)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% x\n", src)

	var back Job
	if err := wire.Decode(src, &back); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(back.ID, back.Name, *back.Priority, back.Retries)

	// Bytes from outside are never trusted.
	err = wire.Decode(src[:5], &back)
	fmt.Println(errors.Is(err, codec.ErrInput))
	// Output:
	// fb 2c 01 06 72 65 73 69 7a 65 01 09 02 01 fb f4 01
	// 300 resize 9 [1 500]
	// true
}

// A Rust enum whose variants carry something.
func ExampleEnum() {
	type Move struct{ X, Y int32 }
	type Command struct { // enum Command { Stop, Move { x: i32, y: i32 }, Say(String) }
		codec.Enum
		Stop *struct{} `json:",omitzero"`
		Move *Move     `json:",omitzero"`
		Say  *string   `json:",omitzero"`
	}
	for _, c := range []codec.Codec{codec.Bincode1{}, codec.Bincode2{}} {
		src, err := c.Append(nil, &Command{Move: &Move{X: 3, Y: -1}})
		fmt.Printf("%s % x %v\n", c.Name(), src, err)
	}
	for _, c := range []Command{{Move: &Move{X: 3, Y: -1}}, {Stop: &struct{}{}}} {
		src, err := codec.JSON{}.Append(nil, &c)
		fmt.Printf("%s %v\n", src, err)
	}
	// Output:
	// bincode1 01 00 00 00 03 00 00 00 ff ff ff ff <nil>
	// bincode2 01 06 01 <nil>
	// {"Move":{"X":3,"Y":-1}} <nil>
	// {"Stop":{}} <nil>
}

// A batch of readable messages, compressed, and bounded when it is read.
func ExampleS2() {
	lines := make([]string, 1000)
	for i := range lines {
		lines[i] = "GET /index.html 200"
	}
	wire := codec.S2(codec.JSON{}, 1<<20) // a message never expands to more than 1 MiB
	src, err := wire.Append(nil, &lines)
	fmt.Println(wire.Name(), len(src) < 22_001/10, err)

	var back []string
	err = wire.Decode(src, &back)
	fmt.Println(len(back), err)
	err = codec.S2(codec.JSON{}, 1000).Decode(src, &back)
	fmt.Println(errors.Is(err, codec.ErrLimit))
	// Output:
	// json+s2 true <nil>
	// 1000 <nil>
	// true
}
