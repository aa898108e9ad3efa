package main

import (
	"context"
	"fmt"
	"math"
	"syscall"

	"pawl/nn"
)

// The ranges over which cost is followed, each a hundredfold. The shapes of the
// models grow as those of engine do.
var (
	scalingSequences = []int{4, 13, 40, 126, 400} // of 32 tokens each
	scalingShapes    = []struct{ width, layers, heads, hidden int }{
		{64, 2, 4, 176}, {96, 3, 4, 256}, {128, 3, 4, 344}, {192, 4, 6, 512}, {256, 5, 8, 688}, {384, 6, 6, 1024},
	}
)

const (
	scalingLength = 32
	// Sequences of a step while models grow.
	scalingBatch = 64
)

// processorSeconds is what all threads of this process have used.
func processorSeconds() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("reading the processor time: %w", err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + 1e-6*float64(u.Utime.Usec+u.Stime.Usec), nil
}

// scaling measures what a training step costs as its tokens grow, and what a
// token costs as the model does: the slopes of both in logarithms are reported,
// too, and 1 is linear. Cost is processor time, over all threads: it does not
// depend on what else the machine does.
func scaling(ctx context.Context, o *options, rep *reporter) error {
	rep.machine(describe())
	threads := o.threads[len(o.threads)-1]
	var points [2][][2]float64
	measure := func(z size, sequences int) (seconds float64, parameters int, err error) {
		m, err := nn.New(z.config, 1)
		if err != nil {
			return 0, 0, err
		}
		step := withThreads(threads, trainingOurs(m, randomBatch(z.config.Vocab, sequences, scalingLength)))
		seconds, err = medianSeconds(ctx, o, step.run)
		return seconds, len(m.Params()), err
	}
	for _, n := range scalingSequences {
		z := size{config: shape(64, 2, 4, 176)}
		s, _, err := measure(z, n)
		if err != nil {
			return err
		}
		tokens := n * scalingLength
		points[0] = append(points[0], [2]float64{float64(tokens), s})
		rep.add(fmt.Sprintf("step of %d tokens, 0.1M", tokens), "ms", 1e3*s, 0)
	}
	for _, x := range scalingShapes {
		s, parameters, err := measure(size{config: shape(x.width, x.layers, x.heads, x.hidden)}, scalingBatch)
		if err != nil {
			return err
		}
		perToken := s / (scalingBatch * scalingLength)
		points[1] = append(points[1], [2]float64{float64(parameters), perToken})
		rep.add(fmt.Sprintf("token of a model of %d parameters", parameters), "us", 1e6*perToken, 0)
	}
	rep.add("growth of a step with its tokens", "power", slope(points[0]), 0)
	rep.add("growth of a token with parameters", "power", slope(points[1]), 0)
	return nil
}

// medianSeconds is the processor time of one run, over turns that fill a slice each.
func medianSeconds(ctx context.Context, o *options, run side) (float64, error) {
	var times []float64
	repeat := 1
	for i := range o.turns + 2 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		before, err := processorSeconds()
		if err != nil {
			return 0, err
		}
		if _, err := run(repeat); err != nil {
			return 0, err
		}
		after, err := processorSeconds()
		if err != nil {
			return 0, err
		}
		t := max(after-before, 1e-6) / float64(repeat)
		switch i {
		case 0: // cold
		case 1:
			repeat = max(1, int(math.Round(o.slice.Seconds()/t)))
		default:
			times = append(times, t)
		}
	}
	return median(times), nil
}

// slope of the line through the logarithms, by least squares.
func slope(points [][2]float64) float64 {
	var n, sx, sy, sxx, sxy float64
	for _, p := range points {
		x, y := math.Log(p[0]), math.Log(p[1])
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
