package verifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"pawl/core"
	"pawl/registry"
	"pawl/stats/calibrate"
)

func init() {
	registry.Verifier("calibrated", registry.Doc{
		Summary: "Judges as another verifier does, with its values made probabilities by a calibration.",
		Detail: "The value is the probability that what was judged is right, as a calibration of the other verifier's values has it: " +
			"the part `calibration` of a policy, which the optimizer `calibrate` makes, or a file of one. The confidence is that of the likelier " +
			"verdict. Abstains where the other does, and where no policy has a calibration yet.",
		Paper:   "On Calibration of Modern Neural Networks (Guo et al., 2017); Transforming Classifier Scores into Accurate Multiclass Probability Estimates (Zadrozny and Elkan, 2002)",
		Example: "calibrated: {of: majority_vote}",
	}, newCalibrated)
}

// CalibratedConfig configures calibrated.
type CalibratedConfig struct {
	Of     core.Spec `yaml:"of" kind:"verifier" required:"true" doc:"Verifier whose values are calibrated; its name is that under which they were fitted."`
	Policy string    `yaml:"policy" ref:"policy" doc:"Policy whose calibration is used; if not given, the one that has one."`
	File   string    `yaml:"file" doc:"A file with a calibration, in place of a policy's."`
}

// Validate says what does not go together.
func (c CalibratedConfig) Validate() error {
	if c.File != "" && c.Policy != "" {
		return errors.New("calibrated takes its calibration from a file or of a policy: set one of the two")
	}
	return nil
}

// Files is the calibration, which determines the verdicts.
func (c CalibratedConfig) Files() []string {
	if c.File == "" {
		return nil
	}
	return []string{c.File}
}

func newCalibrated(ctx context.Context, h core.Host, c CalibratedConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	fitted, err := c.calibrator(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("making calibrated: %w", err)
	}
	built, err := h.Build(ctx, c.Of)
	if err != nil {
		return nil, fmt.Errorf("making calibrated: %w", err)
	}
	of, ok := built.(core.Verifier)
	if !ok {
		return nil, fmt.Errorf("making calibrated: %s is a %T, not a verifier", c.Of.Label(), built)
	}
	v := calibrated{of, c.Of.Label(), fitted}
	if many, ok := built.(core.BatchVerifier); ok {
		return batchCalibrated{v, many}, nil
	}
	return v, nil
}

// calibrator reads what the settings name; nil where nothing is fitted yet.
func (c CalibratedConfig) calibrator(ctx context.Context, h core.Host) (*calibrate.Calibrator, error) {
	var content []byte
	where, err := c.File, error(nil)
	if c.File != "" {
		content, err = os.ReadFile(c.File)
	} else {
		var digest core.Digest
		if digest, where, err = c.part(h.Policies()); err == nil && digest != "" {
			content, err = h.Get(ctx, digest)
		}
	}
	if err != nil {
		return nil, err
	}
	if where == "" {
		return nil, nil
	}
	fitted, err := calibrate.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if fitted.By != c.Of.Label() {
		return nil, fmt.Errorf("%s is of the values of %q, not of %q; name the verifier that was calibrated, or calibrate this one", where, fitted.By, c.Of.Label())
	}
	return &fitted.Calibrator, nil
}

// part finds the calibration among policies; where is "" if there is none.
func (c CalibratedConfig) part(policies map[string]core.Policy) (found core.Digest, where string, err error) {
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		d := policies[name][core.PartCalibration]
		switch {
		case d == "" || name == "base" && c.Policy != name || c.Policy != "" && name != c.Policy:
			continue
		case found != "" && found != d:
			return "", "", fmt.Errorf("%s and policy %s have different calibrations; say whose it is with policy", where, name)
		}
		found, where = d, "the calibration of policy "+name
	}
	return found, where, nil
}

type calibrated struct {
	of     core.Verifier
	name   string
	fitted *calibrate.Calibrator
}

// Grouped is what the other verifier is.
func (v calibrated) Grouped() bool {
	g, ok := v.of.(core.GroupVerifier)
	return ok && g.Grouped()
}

// Close closes the other verifier, where it holds anything.
func (v calibrated) Close() error {
	if c, ok := v.of.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (v calibrated) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	j, err := v.of.Verify(ctx, ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("calibrating %s: %w", v.name, err)
	}
	return v.apply(j), nil
}

// apply replaces values, and nothing of what the other verifier says beside.
func (v calibrated) apply(j core.Judgement) core.Judgement {
	scores := slices.Clone(j.Scores)
	for i := range scores {
		s := &scores[i]
		s.By = "calibrated"
		switch {
		case s.Abstain:
		case v.fitted == nil:
			*s = core.Score{By: s.By, Nodes: s.Nodes, Via: s.Via, Abstain: true, Rationale: "no policy has a calibration of " + v.name + " yet"}
		default:
			value := s.Value
			s.Value = v.fitted.Apply(value)
			s.Confidence = max(s.Value, 1-s.Value)
			s.Rationale = fmt.Sprintf("%s has the value %.3f: %s", v.name, value, s.Rationale)
		}
	}
	j.Scores = scores
	return j
}

type batchCalibrated struct {
	calibrated
	many core.BatchVerifier
}

func (v batchCalibrated) VerifyBatch(ctx context.Context, eps []*core.Episode) ([]core.Judgement, error) {
	js, err := v.many.VerifyBatch(ctx, eps)
	if err != nil {
		return nil, fmt.Errorf("calibrating %s: %w", v.name, err)
	}
	out := make([]core.Judgement, len(js))
	for i, j := range js {
		out[i] = v.apply(j)
	}
	return out, nil
}
