package nn

// Schedule is the warmup-stable-decay multiplier of the learning rate (Hu et
// al. 2024, MiniCPM) for step 0 to total-1: it rises linearly to 1 over the
// first warmup steps, stays, and falls linearly over the last share decay of
// all steps, reaching 0 right after the last. Where the two overlap the smaller
// counts.
func Schedule(step, total, warmup int, decay float64) float64 {
	if step < 0 || step >= total {
		return 0
	}
	m := 1.0
	if step < warmup {
		m = float64(step+1) / float64(warmup)
	}
	if fall := decay * float64(total); fall > 0 {
		m = min(m, float64(total-step)/fall)
	}
	return m
}
