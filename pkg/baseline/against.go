package baseline

import "iter"

// Beside is a point of a head with what was measured beside it.
type Beside struct {
	Point
	Anchors []Point // of the same series and session; mostly one, and two where the anchor has moved on
}

// WithAnchors joins what [Store.History] says of a query with Anchors: it yields the points of
// heads alone, in their order, each with the points of the anchors that were measured in the same
// session. Points that were measured alone have none. It holds as many points in memory as one
// moment has. An error is yielded as it comes, after the points before it.
func WithAnchors(history iter.Seq2[Point, error]) iter.Seq2[Beside, error] {
	return func(yield func(Beside, error) bool) {
		var moment []Point // of one time: a session has one
		flush := func() bool {
			defer func() { moment = moment[:0] }()
			return eachBeside(moment, func(b Beside) bool { return yield(b, nil) })
		}
		for p, err := range history {
			if err != nil {
				if flush() {
					yield(Beside{}, err)
				}
				return
			}
			if len(moment) > 0 && !moment[0].Time.Equal(p.Time) && !flush() {
				return
			}
			if p.Session == "" && p.Side != Anchor { // it was measured alone
				if len(moment) > 0 && !flush() || !yield(Beside{Point: p}, nil) {
					return
				}
				continue
			}
			moment = append(moment, p)
		}
		flush()
	}
}

// eachBeside yields the heads among points, each with its anchors, until yield returns false.
func eachBeside(points []Point, yield func(Beside) bool) bool {
	type series struct {
		Key
		session string
	}
	anchors := map[series][]Point{}
	for _, p := range points {
		if p.Side == Anchor && p.Session != "" {
			of := series{p.Key, p.Session}
			anchors[of] = append(anchors[of], p)
		}
	}
	for _, p := range points {
		if p.Side == Anchor {
			continue
		}
		b := Beside{Point: p}
		if p.Session != "" && len(anchors) > 0 {
			b.Anchors = anchors[series{p.Key, p.Session}]
		}
		if !yield(b) {
			return false
		}
	}
	return true
}
