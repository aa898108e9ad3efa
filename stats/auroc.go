package stats

import "math"

// AUROC is the probability that a right prediction has a higher score than a
// wrong one, equal scores counting half (the Mann-Whitney statistic; Hanley and
// McNeil, "The meaning and use of the area under a receiver operating
// characteristic curve", 1982). Only the order of the scores matters. ok is
// false where all are right or all are wrong: then there is nothing to tell
// apart.
func AUROC(scores []float64, right []bool) (area float64, ok bool) {
	checkJudged(scores, right)
	placed, rights, wrongs := placements(scores, right)
	if rights == 0 || wrongs == 0 {
		return 0, false
	}
	for i, p := range placed {
		if right[i] {
			area += p
		}
	}
	return area / float64(rights), true
}

// placements gives, of each right item, the share of the wrong ones below it;
// of each wrong one, the share of the right ones above it; equal scores count
// half.
func placements(scores []float64, right []bool) (placed []float64, rights, wrongs int) {
	for _, r := range right {
		if r {
			rights++
		} else {
			wrongs++
		}
	}
	placed = make([]float64, len(scores))
	order := byValue(scores)
	rightsBelow, wrongsBelow := 0, 0
	for from := 0; from < len(order); {
		to, r, w := from, 0, 0
		for ; to < len(order) && scores[order[to]] == scores[order[from]]; to++ {
			if right[order[to]] {
				r++
			} else {
				w++
			}
		}
		for _, i := range order[from:to] {
			if right[i] {
				placed[i] = (float64(wrongsBelow) + float64(w)/2) / float64(wrongs)
			} else {
				placed[i] = (float64(rights-rightsBelow-r) + float64(r)/2) / float64(rights)
			}
		}
		rightsBelow, wrongsBelow, from = rightsBelow+r, wrongsBelow+w, to
	}
	return placed, rights, wrongs
}

// AUROCEstimate is AUROC with its 95% interval, where items of one cluster (the
// attempts at one task) depend on each other; cluster may be nil. The variance
// is that of the placements, summed by cluster (DeLong et al., 1988; Obuchowski,
// "Nonparametric analysis of clustered ROC curve data", 1997); the interval is
// Wilson's for as many independent trials as would vary so much, and so stays
// within 0 to 1 where the area is near an end. N is the number of clusters.
func AUROCEstimate(name string, scores []float64, right []bool, cluster []string) (Estimate, bool) {
	found, ok := AUROCStratum(scores, right, cluster)
	if !ok {
		return Estimate{}, false
	}
	area, k, rights := found.Value, float64(found.N), 0
	for _, r := range right {
		rights += number(r)
	}
	effective := float64(min(rights, len(right)-rights))
	if found.Variance > 0 && k > 1 {
		effective = min(float64(len(scores)), max(1, area*(1-area)/found.Variance))
	}
	effective = min(effective, k)
	i := wilson(area, effective, twoSided(reported))
	return Estimate{Name: name, Value: area, Low: math.Max(0, min(i.Low, area)), High: math.Min(1, max(i.High, area)), N: found.N, Method: "clustered DeLong"}, true
}
