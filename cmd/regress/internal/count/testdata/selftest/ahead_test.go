//go:build moved

package selftest

// ahead stands before the loop in the program, so that the loop lies elsewhere.
//
//go:noinline
func ahead(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i * sum
	}
	return sum
}

var _ = ahead(3)
