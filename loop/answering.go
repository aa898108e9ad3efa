package loop

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pawl/core"
	"pawl/recipe"
	"pawl/stats/calibrate"
)

// ErrUncalibrated means that the recipe answers at a risk, and that nothing says
// which value of its verifier keeps it: nothing was calibrated, or too little.
var ErrUncalibrated = errors.New("the answers are not calibrated")

// ErrCalibrationFile means that the file that the recipe names holds no calibration.
var ErrCalibrationFile = errors.New("reading the file under abstain_below")

// answer is the rule of an arm, "" for the recipe's own, under the given policies: where it names a risk,
// with the smallest value that keeps it. With ErrUncalibrated comes the rule as
// it stands, which answers nothing. In a run that is how a policy without a
// calibration is measured: it can promise nothing, so it may not answer.
func (r *Run) answer(ctx context.Context, arm string, team map[string]core.Policy) (recipe.Answer, error) {
	a := r.Plan.AnswerOf(arm)
	at := a.AbstainBelow
	if at.Risk == 0 {
		return a, nil
	}
	fail := func(err error) (recipe.Answer, error) {
		return a, fmt.Errorf("answering with at most %.3g%% wrong: %w", 100*at.Risk, err)
	}
	c, where, err := r.calibration(ctx, at.File, team)
	if err != nil {
		return fail(err)
	}
	if c.By != a.By {
		return fail(fmt.Errorf("%s is of the values of %q, and %q answers; calibrate that, or answer by the other", where, c.By, a.By))
	}
	g, err := c.Threshold(at.Risk, at.Confidence)
	if errors.Is(err, calibrate.ErrNoThreshold) {
		return fail(fmt.Errorf("%w: %s: %w", ErrUncalibrated, where, err))
	}
	if err != nil {
		return fail(err)
	}
	return a.Above(g.At), nil
}

// calibration is that of a file, or without one of the first policy that has any;
// where names it.
func (r *Run) calibration(ctx context.Context, file string, team map[string]core.Policy) (c calibrate.Calibration, where string, err error) {
	var content []byte
	if file != "" {
		where = file
		content, err = os.ReadFile(file)
	} else {
		for _, p := range r.Plan.Policies {
			if d := team[p.Name][core.PartCalibration]; d != "" {
				where = "the calibration of policy " + p.Name
				content, err = r.Ledger.Get(ctx, d)
				break
			}
		}
	}
	switch {
	case err != nil && file != "":
		return c, where, fmt.Errorf("%w: %w", ErrCalibrationFile, err)
	case err != nil:
		return c, where, err
	case where == "":
		return c, where, fmt.Errorf("%w: no policy has a calibration; let the optimizer calibrate make one after the last that trains, name a file of one under abstain_below, or give a value there in place of the risk", ErrUncalibrated)
	}
	if c, err = calibrate.Parse(content); err != nil {
		err = fmt.Errorf("%s: %w", where, err)
		if file != "" {
			err = fmt.Errorf("%w: %w", ErrCalibrationFile, err)
		}
	}
	return c, where, err
}
