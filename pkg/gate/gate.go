package gate

// Decide judges a whole log. It is a pure function of its input.
func Decide(in Input) Decision { panic("not written yet") }

// Next says what to measure before Decide can do better: the next increment of
// the two-stage procedure, in order of Key. Empty when everything is decided.
// It uses in.Log alone to know where the procedure stands, so that a log that
// was interrupted is continued and a finished one is replayed.
func Next(in Input) []Want { panic("not written yet") }
