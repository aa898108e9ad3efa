package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/loop"
)

// share reports whether the run's measure is a share of right answers, to be
// shown in percent; graded scores are shown as they are.
func share(r *loop.Report) bool {
	within := func(v float64) bool { return v >= 0 && v <= 1 }
	for _, e := range r.Audit {
		if !within(e.Accuracy) {
			return false
		}
	}
	for _, a := range arms(r) {
		for _, row := range a.rounds {
			if !within(row.Gate.Incumbent) || !within(row.Gate.Candidate) {
				return false
			}
		}
	}
	return true
}

// percent writes a share: 0.9412 is 94.1%.
func percent(v float64) string { return hundredths(v) + "%" }

// hundredths is a share in percent. It rounds once, so that what other places
// write with three decimals has the same digits.
func hundredths(v float64) string { return fixed(Round3(v)*100, 1) }

// Round3 rounds to three decimals, halves away from zero.
func Round3(v float64) float64 { return math.Round(v*1000) / 1000 }

// accuracy writes an audit figure with its interval.
func accuracy(r *loop.Report, a loop.Audit) string {
	if share(r) {
		return shares(a.Accuracy, a.Low, a.High)
	}
	return numbers(a.Accuracy, a.Low, a.High)
}

func shares(v, low, high float64) string {
	return fmt.Sprintf("%s (%s to %s)", percent(v), hundredths(low), percent(high))
}

func numbers(v, low, high float64) string {
	return fmt.Sprintf("%s (%s to %s)", number(v), number(low), number(high))
}

// metric writes a metric with its unit and interval.
func metric(e core.Estimate) string {
	if e.Unit == "" && e.Low >= 0 && e.High <= 1 {
		return shares(e.Value, e.Low, e.High)
	}
	return strings.TrimSpace(numbers(e.Value, e.Low, e.High) + " " + e.Unit)
}

// score writes a mean of the measure.
func score(r *loop.Report, v float64) string {
	if share(r) {
		return percent(v)
	}
	return number(v)
}

// points writes a difference of the measure, in percentage points for shares.
func points(r *loop.Report, v float64) string {
	if share(r) {
		return hundredths(v) + " points"
	}
	return number(v)
}

// difference writes a paired difference with its interval.
func difference(r *loop.Report, a loop.Advantage) string {
	if share(r) {
		return fmt.Sprintf("%s points (%s to %s)", hundredths(a.Difference), hundredths(a.Low), hundredths(a.High))
	}
	return numbers(a.Difference, a.Low, a.High)
}

// fixed writes v with d decimals and a true minus sign; never "-0.0".
func fixed(v float64, d int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "unknown"
	}
	s := strconv.FormatFloat(v, 'f', d, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return strings.Replace(s, "-", "−", 1)
}

// number writes a figure of any size: three digits, or all of a whole number.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return grouped(math.Round(v))
	case a >= 100, v == math.Trunc(v):
		return fixed(v, 0)
	case a >= 10:
		return fixed(v, 1)
	case a >= 1:
		return fixed(v, 2)
	}
	return fixed(Round3(v), 3)
}

// count writes an integer with its thousands set apart: 2,000.
func count[I int | int64](n I) string { return grouped(float64(n)) }

func grouped(v float64) string {
	s := fixed(v, 0)
	digits := strings.TrimPrefix(s, "−")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if digits != s && v < 0 {
		return "−" + digits
	}
	return digits
}

// pValue writes a probability; tiny ones as powers of ten.
func pValue(p float64) string {
	switch {
	case bad(p):
		return "unknown"
	case p == 0:
		return "below 1e−300"
	case p < 0.001:
		return strings.Replace(strconv.FormatFloat(p, 'e', 1, 64), "-", "−", 1)
	}
	return strconv.FormatFloat(p, 'f', 3, 64)
}

// duration writes seconds for people.
func duration(s float64) string {
	switch {
	case s < 10:
		return fixed(s, 1) + " s"
	case s < 120:
		return fixed(s, 0) + " s"
	case s < 7200:
		return fmt.Sprintf("%d min %02d s", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%d h %02d min", int(s)/3600, int(s)/60%60)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}

func quoted(name string) string { return "“" + name + "”" }

// outcome is a gate's verdict in words.
func outcome(s string) string {
	switch s {
	case core.Promote:
		return "promoted"
	case core.Reject:
		return "rejected"
	case core.NotProven:
		return "not proven"
	}
	return s
}
