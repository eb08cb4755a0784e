package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/gate"
)

// printed is a number as it stands on a page: the value is within half a step of it.
type printed struct {
	value, half float64
	prefix      string // "µs", "KiB", "k"; "%" and "×" of a change
}

func (p printed) lo() float64 { return p.value - p.half }
func (p printed) hi() float64 { return p.value + p.half }

// figureOf reads a printed number; false where text is none.
func figureOf(text string) (printed, bool) {
	text = strings.NewReplacer("\u00a0", " ", "*", "", "±", "", "×", " ×", "+", "", "≥", "").Replace(strings.TrimSpace(text))
	digits, prefix, _ := strings.Cut(strings.TrimSpace(text), " ")
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return printed{}, false
	}
	mantissa, exponent, _ := strings.Cut(digits, "e")
	_, behind, _ := strings.Cut(mantissa, ".")
	ten, _ := strconv.Atoi(exponent)
	half := .5 * math.Pow(10, float64(ten-len(behind)))
	if len(behind) == 0 && len(strings.Trim(mantissa, "-")) > 3 && prefix != "B" && prefix != "" {
		half = .5 * math.Pow(10, float64(len(mantissa)-3)) // three digits, and zeros
	}
	return printed{value, half, strings.TrimSpace(prefix)}, true
}

var (
	textRow     = regexp.MustCompile(`  +(-?[\d.e+-]+(?: [µa-zA-Z%]+)?)  +(-?[\d.e+-]+(?: [µa-zA-Z%]+)?)  +([+±-][\d.]+ %|[\d.e+]+×)`)
	markdownRow = regexp.MustCompile(`\| (-?[\d.e+-]+(?:\x{a0}[µa-zA-Z%]+)?)\x{a0}→\x{a0}(-?[\d.e+-]+(?:\x{a0}[µa-zA-Z%]+)?) \| \*{0,2}([+±-][\d.]+\x{a0}%|[\d.e+]+×)`)
)

// divides checks that base, head and change of one row agree as far as they are printed.
func divides(t *testing.T, where string, row []string) {
	t.Helper()
	base, isBase := figureOf(row[1])
	head, isHead := figureOf(row[2])
	change, isChange := figureOf(row[3])
	if !isBase || !isHead || !isChange {
		t.Errorf("%s: no numbers in %q", where, row)
		return
	}
	if base.prefix != head.prefix && base.value != 0 && head.value != 0 {
		t.Errorf("%s: %s and %s have two units in one row", where, row[1], row[2])
		return
	}
	if base.value == 0 {
		return
	}
	lo, hi := change.lo()/100+1, change.hi()/100+1
	if change.prefix == "×" {
		lo, hi = change.lo(), change.hi()
	}
	least, most := head.lo()/base.hi(), math.Inf(1)
	if base.lo() > 0 {
		most = head.hi() / base.lo()
	}
	if hi < least-1e-9 || lo > most+1e-9 {
		t.Errorf("%s: %s → %s is %.4g to %.4g times, and %s stands there", where, row[1], row[2], least, most, row[3])
	}
}

// rowsOf returns base, head and change of each row of a page.
func rowsOf(page string) (rows [][]string) {
	rows = append(rows, textRow.FindAllStringSubmatch(page, -1)...)
	return append(rows, markdownRow.FindAllStringSubmatch(page, -1)...)
}

func TestGoldenRowsDivide(t *testing.T) {
	rows := 0
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rowsOf(string(page)) {
			divides(t, file, row)
			rows++
		}
	}
	if rows < 150 {
		t.Errorf("read %d rows: the test has lost its goldens", rows)
	}
}

// TestRowsDivide does the same with rows of every size: whatever the numbers, one unit a row, and
// what is printed divides.
func TestRowsDivide(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	units := []string{"sec/op", "B/op", "allocs/op", "B/s", "msg/s", "cpu-share", "rss-bytes"}
	var d gate.Decision
	for i := range 2000 {
		unit := units[i%len(units)]
		base := math.Exp(random.NormFloat64()*8 + float64([]int{-12, 8, 4}[i%3]))
		head := base * math.Exp(random.NormFloat64()*[]float64{.01, .3, 2}[random.IntN(3)])
		exact := i%2 == 0
		if exact {
			base, head = math.Ceil(base), math.Ceil(head)
		}
		r := judged(gate.Regressed, fmt.Sprintf("Random/n=%d-2", i), unit, base, head/base-1, head/base-1, head/base-1, "")
		r.Exact, r.Interval, r.Head.Median = exact, nil, head
		d.Rows = append(d.Rows, r)
	}
	o := Options{All: true, Budget: 1 << 20}
	for name, page := range map[string]string{"text": plainText(t, d, o), "markdown": markdown(t, d, o)} {
		rows := rowsOf(page)
		if len(rows) != len(d.Rows) {
			t.Fatalf("%s: read %d rows of %d", name, len(rows), len(d.Rows))
		}
		for _, row := range rows {
			divides(t, name, row)
		}
	}
}
