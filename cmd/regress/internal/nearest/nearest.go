// Package nearest finds what a misspelt word was meant to be.
package nearest

import "strings"

// Word returns the known word that word was most likely meant to be; empty where
// none is near. At most a third of its letters may differ, or the end of the
// known word be missing.
func Word(word string, known []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, candidate := range known {
		if d := Distance(strings.ToLower(word), candidate); d < least {
			best, least = candidate, d
		}
	}
	if best != "" || len(word) < 2 {
		return best
	}
	for _, candidate := range known {
		if strings.HasPrefix(candidate, strings.ToLower(word)) {
			return candidate
		}
	}
	return ""
}

// Distance returns Levenshtein's distance in bytes, a swap of neighbours counting
// as one; 64 for words of more than 64 bytes.
func Distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64 // no word of ours is as long
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		two, one, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		rows = [3][]int{one, row, two}
	}
	return rows[1][len(b)]
}
