package objective

import "math"

// BradleyTerry is the loss of a preference under two rewards,
// -log sigmoid(chosen - rejected), in nats, and its derivative with respect to
// chosen; that with respect to rejected is its negative (Bradley and Terry 1952;
// reward models: Christiano et al. 2017).
func BradleyTerry(chosen, rejected float64) (loss, slope float64) {
	d := chosen - rejected
	return softplus(-d), -sigmoid(-d)
}

// SquaredError is (value-target)²/2 and its derivative, the regression of value
// heads.
func SquaredError(value, target float64) (loss, slope float64) {
	d := value - target
	return d * d / 2, d
}

// CrossEntropy is the loss of a logit for an event that happens with the
// probability target, in nats, and its derivative, as for verifiers that say
// how likely a text is right (Cobbe et al. 2021).
func CrossEntropy(logit, target float64) (loss, slope float64) {
	return softplus(logit) - target*logit, sigmoid(logit) - target
}

// softplus is log(1 + exp(x)), without overflow.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
