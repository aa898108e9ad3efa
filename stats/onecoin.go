package stats

import (
	"fmt"
	"math"
)

// Unvoted is the vote of a juror who abstains.
const Unvoted = -1

// OneCoin fits how often each juror is right, from votes alone: the one-coin
// form of Dawid and Skene's model ("Maximum likelihood estimation of observer
// error-rates using the EM algorithm", 1979), in which a juror is right with one
// probability whatever the truth is, jurors err independently, and half of the
// items are true. votes[i][j] is juror j's on item i: 1, 0 or Unvoted.
//
// Each accuracy has a prior of prior votes, of which three quarters were right:
// it keeps few votes from making a juror infallible, and says that jurors are
// more often right than not, without which all of it could be turned round. A
// prior of 0 gives the maximum of the likelihood.
//
// accuracy[j] is in 0..1; truth[i] is the probability that item i is true.
func OneCoin(votes [][]int, prior float64) (accuracy, truth []float64) {
	if prior < 0 {
		panic(fmt.Sprintf("stats: a prior of %v votes", prior))
	}
	kinds, of := ballots(votes)
	jurors := 0
	for _, k := range kinds {
		jurors = max(jurors, len(k.votes))
	}
	accuracy = make([]float64, jurors)
	for i, k := range kinds { // the majority says where to start
		yes, all := 0.0, 0.0
		for _, v := range k.votes {
			if v != Unvoted {
				yes, all = yes+float64(v), all+1
			}
		}
		kinds[i].truth = (yes + 0.5) / (all + 1)
	}
	for range 500 {
		moved := 0.0
		for j := range accuracy {
			right, all := 0.75*prior, prior
			for _, k := range kinds {
				if j >= len(k.votes) || k.votes[j] == Unvoted {
					continue
				}
				all += k.count
				if k.votes[j] == 1 {
					right += k.count * k.truth
				} else {
					right += k.count * (1 - k.truth)
				}
			}
			a := 0.5
			if all > 0 {
				a = right / all
			}
			moved = max(moved, math.Abs(a-accuracy[j]))
			accuracy[j] = a
		}
		for i, k := range kinds {
			kinds[i].truth = WeighVotes(k.votes, accuracy, 0.5)
		}
		if moved < 1e-8 {
			break
		}
	}
	truth = make([]float64, len(votes))
	for i, k := range of {
		truth[i] = kinds[k].truth
	}
	return accuracy, truth
}

// ballot is a way to vote, and how often it occurs: there are far fewer of them
// than items.
type ballot struct {
	votes []int
	count float64
	truth float64
}

// ballots lists the ways to vote in order of first appearance, and which of them
// each item has.
func ballots(votes [][]int) (kinds []ballot, of []int) {
	at := map[string]int{}
	of = make([]int, len(votes))
	for i, row := range votes {
		key := make([]byte, len(row))
		for j, v := range row {
			key[j] = byte(v + 1)
		}
		k, ok := at[string(key)]
		if !ok {
			k = len(kinds)
			at[string(key)] = k
			kinds = append(kinds, ballot{votes: row})
		}
		kinds[k].count++
		of[i] = k
	}
	return kinds, of
}

// WeighVotes is the probability that an item is true, given independent votes of
// jurors of known accuracies and how likely it was before: log-odds add, each
// vote with the weight log(a / (1 - a)) (Nitzan and Paroush, "Optimal decision
// rules in uncertain dichotomous choice situations", 1982). Accuracies of 0 and
// 1 count as within a millionth of them.
func WeighVotes(votes []int, accuracy []float64, before float64) float64 {
	const edge = 1e-6
	odds := math.Log(before / (1 - before))
	for j, v := range votes {
		a := min(max(accuracy[j], edge), 1-edge)
		switch v {
		case 1:
			odds += math.Log(a / (1 - a))
		case 0:
			odds -= math.Log(a / (1 - a))
		}
	}
	return 1 / (1 + math.Exp(-odds))
}
