package tensor

import (
	"fmt"
	"math"
)

// LogSoftmaxAt sets logp[i] to log softmax(logits_i)[targets[i]] and lse[i] to
// log Σ_j exp(logits_ij), for each row i of logits [T, V]. A row whose target
// is negative is skipped: its logp and lse are 0. A row that holds NaN gives
// NaN. It panics on shapes that do not fit and on targets of V or above.
func LogSoftmaxAt(logp []float32, lse []float32, logits Mat, targets []int32) {
	checkMats("LogSoftmaxAt", logits)
	checkLen("LogSoftmaxAt: logp", len(logp), logits.Rows)
	checkLen("LogSoftmaxAt: lse", len(lse), logits.Rows)
	checkLen("LogSoftmaxAt: targets", len(targets), logits.Rows)
	for i, t := range targets[:logits.Rows] {
		if t < 0 {
			logp[i], lse[i] = 0, 0
			continue
		}
		checkTarget("LogSoftmaxAt", i, t, logits.Cols)
		row := logits.Row(i)
		top := maxOf(row)
		logSum := math.Log(float64(sumExp(row, top)))
		// The target's distance from the top is exact where it matters, near
		// zero, so it is taken before the row's magnitude is mixed in.
		logp[i] = float32(float64(row[t]-top) - logSum)
		lse[i] = float32(float64(top) + logSum)
	}
}

// LogSoftmaxAtBackward turns logits [T, V] in place into the gradient of the
// loss, given lse from LogSoftmaxAt and dlogp[i] = d(loss)/d(logp[i]):
//
//	dlogits_ij = dlogp[i] · ((j == targets[i]) - exp(logits_ij - lse[i]))
//
// A skipped row becomes zero. It panics as LogSoftmaxAt does.
func LogSoftmaxAtBackward(logits Mat, lse []float32, targets []int32, dlogp []float32) {
	checkMats("LogSoftmaxAtBackward", logits)
	checkLen("LogSoftmaxAtBackward: lse", len(lse), logits.Rows)
	checkLen("LogSoftmaxAtBackward: targets", len(targets), logits.Rows)
	checkLen("LogSoftmaxAtBackward: dlogp", len(dlogp), logits.Rows)
	for i, t := range targets[:logits.Rows] {
		if t < 0 {
			clear(logits.Row(i))
			continue
		}
		checkTarget("LogSoftmaxAtBackward", i, t, logits.Cols)
		row := logits.Row(i)
		for lo := 0; lo < len(row); lo += floatsPerCall {
			vec().expScale(&row[lo], &row[lo], min(floatsPerCall, len(row)-lo), lse[i], -dlogp[i])
		}
		row[t] += dlogp[i]
	}
}

// Softmax replaces x by exp(x) / Σ exp(x). The largest element is subtracted
// first, so it cannot overflow; any NaN makes all elements NaN.
func Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	top := maxOf(x)
	inv := 1 / sumExp(x, top)
	for lo := 0; lo < len(x); lo += floatsPerCall {
		vec().expScale(&x[lo], &x[lo], min(floatsPerCall, len(x)-lo), top, inv)
	}
}

// maxOf returns the largest element of x, which is not empty. If x holds NaN,
// so does whatever is computed from x and the result, whichever it is.
func maxOf(x []float32) float32 {
	top := float32(math.Inf(-1))
	for lo := 0; lo < len(x); lo += floatsPerCall {
		top = max(top, vec().max(&x[lo], min(floatsPerCall, len(x)-lo)))
	}
	return top
}

// sumExp returns Σ exp(x - shift).
func sumExp(x []float32, shift float32) float32 {
	sum := float32(0)
	for lo := 0; lo < len(x); lo += floatsPerCall {
		sum += vec().sumExp(&x[lo], min(floatsPerCall, len(x)-lo), shift)
	}
	return sum
}

func checkTarget(op string, row int, target int32, cols int) {
	if int(target) >= cols {
		panic(fmt.Sprintf("tensor: %s: target %d of row %d is out of range: there are %d columns", op, target, row, cols))
	}
}
