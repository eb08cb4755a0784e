package main

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// calibratedAs returns two sides of 12 processes that differ by spread from the first to the last,
// in an order that is not sorted.
func calibratedAs(spread float64, load baseline.Load) calibrated {
	var c calibrated
	for i := range 12 {
		v := math.Log(1e6) + spread*(float64(i*7%12)/11-.5) // 7 and 12 have no factor in common
		c.sides[0] = append(c.sides[0], v)
		c.sides[1] = append(c.sides[1], v)
	}
	c.load = load
	return c
}

// TestDoctorSaysFirstWhetherTheMachineIsFit: on a quiet, a busy, a throttled and a noisy machine.
func TestDoctorSaysFirstWhetherTheMachineIsFit(t *testing.T) {
	print := func(c calibrated) string {
		var out bytes.Buffer
		c.print(&out, baseline.Environment{CPU: "a CPU", Cores: 2}, nil)
		return out.String()
	}
	check := func(spread float64, load baseline.Load, want string) {
		t.Helper()
		text := print(calibratedAs(spread, load))
		first, rest, _ := strings.Cut(text, "\n")
		if !regexp.MustCompile(want).MatchString(first) {
			t.Errorf("have %q, want %s", first, want)
		}
		if strings.HasPrefix(first, "unfit") == strings.Contains(rest, "could see") {
			t.Errorf("fit to see something, or not?\n%s", text)
		}
	}
	load := func(steal, other float64, throttle int) baseline.Load {
		return baseline.Load{Wall: 2 * time.Second, Steal: steal, Other: other, Throttle: throttle}
	}
	check(.01, load(0, .01, 0), `^fit +10 rounds a side see what is \d+\.\d % slower$`)
	check(.01, load(0, .77, 0), `^unfit +other processes used 77 % of the CPU time: let it rest`)
	check(.01, load(.2, 0, 0), `^unfit +the hypervisor took 20 %`)
	check(.01, load(0, 0, 3), `^unfit +the CPU was throttled`)
	check(.6, load(0, 0, 0), `^unfit +the same program differs so much from process to process`)

	// Of 24 values spread evenly over ±0.5 %, half lie within 0.25 % of the middle: a robust SD of
	// 1.4826 times that, up to the step of 1/11.
	noise := regexp.MustCompile(`noise +(\S+) %`).FindStringSubmatch(print(calibratedAs(.01, load(0, 0, 0))))
	if sd, err := strconv.ParseFloat(noise[1], 64); err != nil || math.Abs(sd-.37) > .05 {
		t.Errorf("noise of %s %%, want about 0.37", noise[1])
	}
	for _, figure := range regexp.MustCompile(`could see (\S+) % slower`).FindAllStringSubmatch(print(calibratedAs(.01, load(0, 0, 0))), -1) {
		if v, err := strconv.ParseFloat(figure[1], 64); err != nil || v <= 0 {
			t.Errorf("could see %s %% slower", figure[1])
		}
	}
	if have := fmt.Sprint(calibratedAs(.01, load(0, 0, 0)).visible(30) < calibratedAs(.01, load(0, 0, 0)).visible(10)); have != "true" {
		t.Error("more rounds do not see more")
	}
}
