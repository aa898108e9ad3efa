package verifier

import (
	"context"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/verifier/instruction"
	"pawl/world/chain"
)

func TestVerifiersConform(t *testing.T) {
	w, err := chain.New(chain.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var eps []*core.Episode
	for i := range 3 {
		task := w.Task(i)
		eps = append(eps, codeEpisode("Write f.", `{"entry_point": "f", "cases": [{"input": [1], "output": 2}], "test": "def check(c): assert c(2) == 3"}`, agreeing[:4]...))
		eps = append(eps, coretest.Episode(task, task.Ref().Solution, task.Ref().Solution, "7", ""))
	}
	eps = append(eps, coretest.Episode(quiz(capitals, map[string]any{"answer": "B"}), "B", "A or B", "Paris"), coretest.Episode(puzzle(6, 2, 3), "2 * 3", "6"),
		coretest.Episode(quiz("q", map[string]any{"instructions": map[string]any{"json": true}, "answer": "7"}), "7", "7, 8"))
	eps = append(eps, coretest.Episode(coretest.Task("t", "q", "7"), "#### 7", "#### 8"), coretest.Episode(coretest.Task("u", "q", "7")))
	for name, make := range map[string]func(h *coretest.Host) (core.Verifier, error){
		"oracle": func(h *coretest.Host) (core.Verifier, error) { return newOracle(t.Context(), h, OracleConfig{}) },
		"exact":  func(h *coretest.Host) (core.Verifier, error) { return newExact(t.Context(), h, ExactConfig{}) },
		"mathematics": func(h *coretest.Host) (core.Verifier, error) {
			return newMathematics(t.Context(), h, MathematicsConfig{})
		},
		"contains": func(h *coretest.Host) (core.Verifier, error) {
			return newContains(t.Context(), h, ContainsConfig{Words: []string{"7"}, Finished: true})
		},
		"multiple_choice": func(h *coretest.Host) (core.Verifier, error) {
			return newMultipleChoice(t.Context(), h, MultipleChoiceConfig{})
		},
		"json_schema": func(h *coretest.Host) (core.Verifier, error) {
			return newJSONSchema(t.Context(), h, JSONSchemaConfig{Schema: []byte(`{"type":"integer"}`)})
		},
		"instructions": func(h *coretest.Host) (core.Verifier, error) {
			return newInstructions(t.Context(), h, InstructionsConfig{Rules: instruction.Rules{NoCommas: true}})
		},
		"similarity": func(h *coretest.Host) (core.Verifier, error) {
			return newSimilarity(t.Context(), h, SimilarityConfig{Metric: "f1"})
		},
		"countdown": func(h *coretest.Host) (core.Verifier, error) {
			return newCountdown(t.Context(), h, CountdownConfig{})
		},
		"weighted_vote": func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = func(context.Context, core.Host, core.Spec) (any, error) {
				return newExact(t.Context(), h, ExactConfig{})
			}
			return newWeightedVote(t.Context(), h, WeightedVoteConfig{Power: 1})
		},
		"collective_vote": func(h *coretest.Host) (core.Verifier, error) {
			return newCollectiveVote(t.Context(), h, CollectiveVoteConfig{})
		},
		"restrain": func(h *coretest.Host) (core.Verifier, error) {
			return newRestrain(t.Context(), h, RestrainConfig{Width: 1})
		},
		"introspection": func(h *coretest.Host) (core.Verifier, error) {
			return newIntrospection(t.Context(), h, IntrospectionConfig{Times: 3})
		},
		"backward": func(h *coretest.Host) (core.Verifier, error) {
			return newBackward(t.Context(), h, BackwardConfig{Samples: 2, Numbers: 2, Candidates: 2})
		},
		"cross_view": func(h *coretest.Host) (core.Verifier, error) {
			return newCrossView(t.Context(), h, CrossViewConfig{Samples: 2})
		},
		"follow_up": func(h *coretest.Host) (core.Verifier, error) {
			return newFollowUp(t.Context(), h, FollowUpConfig{Most: 6})
		},
		"p_true shown": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = opinions("7", "")
			return newPTrue(t.Context(), h, PTrueConfig{Shown: 3})
		},
		"p_ik": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = opinions("7", "")
			return newPIK(t.Context(), h, PIKConfig{})
		},
		"likelihood": func(h *coretest.Host) (core.Verifier, error) {
			return newLikelihood(t.Context(), h, LikelihoodConfig{})
		},
		"likelihood against nothing": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = opinions("7", "")
			return newLikelihood(t.Context(), h, LikelihoodConfig{Against: "nothing"})
		},
		"self_certainty": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = pieces()
			return newSelfCertainty(t.Context(), h, SelfCertaintyConfig{})
		},
		"token_entropy": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = pieces()
			return newTokenEntropy(t.Context(), h, TokenEntropyConfig{})
		},
		"token_margin": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = pieces()
			return newTokenMargin(t.Context(), h, TokenMarginConfig{})
		},
		"answer_confidence": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = pieces()
			return newAnswerConfidence(t.Context(), h, AnswerConfidenceConfig{})
		},
		"mc_dropout": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = pieces()
			return newMCDropout(t.Context(), h, MCDropoutConfig{Readings: 2})
		},
		"reward_model": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = &rewarder{value: func(path []core.Node) (float64, error) { return float64(len(path[len(path)-1].Content)) - 2, nil }}
			return newRewardModel(t.Context(), h, RewardModelConfig{Seat: "solver"})
		},
		"last_token": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = opinions("7", "")
			return newLastToken(t.Context(), h, LastTokenConfig{Token: "~", Reference: -9})
		},
		"refine_or_stop": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = opinions("7", "")
			return newRefineOrStop(t.Context(), h, RefineOrStopConfig{Stop: "done"})
		},
		"refine_or_stop at the end": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = pieces()
			return newRefineOrStop(t.Context(), h, RefineOrStopConfig{})
		},
		"verbalized": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = coretest.Samples("#### 80%")
			return newVerbalized(t.Context(), h, VerbalizedConfig{Critique: true})
		},
		"p_true": func(h *coretest.Host) (core.Verifier, error) {
			h.Actors["solver"] = opinions("7", "")
			return newPTrue(t.Context(), h, PTrueConfig{})
		},
		"grade": judging("#### 3", "#### 5", func(h *coretest.Host) (core.Verifier, error) {
			return newGrade(t.Context(), h, GradeConfig{Samples: 3, Judging: Judging{Keep: true}})
		}),
		"compare": judging("#### A", "#### B", func(h *coretest.Host) (core.Verifier, error) {
			return newCompare(t.Context(), h, CompareConfig{Duelling: Duelling{Swap: true}, Judging: Judging{Keep: true}})
		}),
		"rank": judging("#### 2 > 1", "#### 1 > 2 > 3 > 4", func(h *coretest.Host) (core.Verifier, error) {
			return newRank(t.Context(), h, RankConfig{Orders: 3, Judging: Judging{Keep: true}})
		}),
		"checklist": judging("- Is it?\n#### yes", "- Does it?\n#### no", func(h *coretest.Host) (core.Verifier, error) {
			return newChecklist(t.Context(), h, ChecklistConfig{Judging: Judging{Repair: true}})
		}),
		"constitution": judging("#### yes", "#### no", func(h *coretest.Host) (core.Verifier, error) {
			return newConstitution(t.Context(), h, ConstitutionConfig{Principles: []string{"a", "b"}, Draw: 1, Judging: Judging{Keep: true}})
		}),
		"constitution of pairs": judging("#### A", "#### B", func(h *coretest.Host) (core.Verifier, error) {
			return newConstitution(t.Context(), h, ConstitutionConfig{Principles: []string{"a", "b"}, How: "pairs", Duelling: Duelling{Swap: true}})
		}),
		"stepwise": judging("#### 1", "#### 0", func(h *coretest.Host) (core.Verifier, error) {
			return newStepwise(t.Context(), h, StepwiseConfig{Judging: Judging{Repair: true}})
		}),
		"stepwise of each": judging("#### yes", "#### no", func(h *coretest.Host) (core.Verifier, error) {
			return newStepwise(t.Context(), h, StepwiseConfig{Ask: "each"})
		}),
		"step_values": func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = nested(t, nil)
			return newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("majority_vote"), Completions: 2, Above: 0.5}})
		},
		"step_values without a vote": func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = func(context.Context, core.Host, core.Spec) (any, error) {
				return newExact(t.Context(), h, ExactConfig{})
			}
			return newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("exact"), Completions: 2, Above: 0.5}})
		},
		"first_error": func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = nested(t, nil)
			return newFirstError(t.Context(), h, FirstErrorConfig{Exploring{By: of("majority_vote"), Completions: 2, Above: 0.5}})
		},
		"first_error without a vote": func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = func(context.Context, core.Host, core.Spec) (any, error) {
				return newExact(t.Context(), h, ExactConfig{})
			}
			return newFirstError(t.Context(), h, FirstErrorConfig{Exploring{By: of("exact"), Completions: 2, Above: 0.5}})
		},
		"locate_error": judging("#### 1", "#### 0", func(h *coretest.Host) (core.Verifier, error) {
			return newLocateError(t.Context(), h, LocateErrorConfig{Judging: Judging{Repair: true}})
		}),
		"error_spans": judging("[]", `[{"span": "", "severity": "major"}]`, func(h *coretest.Host) (core.Verifier, error) {
			return newErrorSpans(t.Context(), h, ErrorSpansConfig{Minor: 1, Major: 5, Critical: 25, Worst: 25})
		}),
		"recursive_critique": judging("It holds.\n#### yes", "It does not.\n#### no", func(h *coretest.Host) (core.Verifier, error) {
			return newRecursiveCritique(t.Context(), h, RecursiveCritiqueConfig{Order: 2, Samples: 2, Judging: Judging{Keep: true}})
		}),
		"meta_judge": judging("#### A", "#### B", func(h *coretest.Host) (core.Verifier, error) {
			return newMetaJudge(t.Context(), h, MetaJudgeConfig{Judging: Judging{Keep: true}})
		}),
		"jury": judging("#### yes", "#### no", func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = nested(t, nil)
			return newJury(t.Context(), h, JuryConfig{Seats: []string{"solver"}, Of: []core.Spec{{Kind: core.KindVerifier, Name: "majority_vote"}}, AtLeast: 0.5, Weights: "fitted", Trust: 4})
		}),
		"length_control": func(h *coretest.Host) (core.Verifier, error) {
			h.Builder = nested(t, nil)
			return newLengthControl(t.Context(), h, LengthControlConfig{Of: core.Spec{Kind: core.KindVerifier, Name: "majority_vote"}, Scale: "logistic"})
		},
		"calibrated": func(h *coretest.Host) (core.Verifier, error) {
			return newCalibrated(t.Context(), calibratedHost(t, h, votesAreHalf), CalibratedConfig{Of: of("majority_vote")})
		},
		"majority_vote": func(h *coretest.Host) (core.Verifier, error) {
			return newMajorityVote(t.Context(), h, MajorityVoteConfig{})
		},
		"cases": func(h *coretest.Host) (core.Verifier, error) {
			h.Box = coretest.HonestBox{}
			return newCases(t.Context(), h, CasesConfig{})
		},
		"agreement": func(h *coretest.Host) (core.Verifier, error) {
			h.Box = coretest.HonestBox{}
			return newAgreement(t.Context(), h, AgreementConfig{File: recordedTests(t, threeTests)})
		},
		"program_check": func(h *coretest.Host) (core.Verifier, error) {
			h.Box = coretest.HonestBox{}
			return newProgramCheck(t.Context(), h, ProgramCheckConfig{By: "solver"})
		},
		"program_of_thought": func(h *coretest.Host) (core.Verifier, error) {
			h.Box = coretest.HonestBox{}
			return newProgramOfThought(t.Context(), h, ProgramOfThoughtConfig{Against: "claim"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.Verifier(t, make)
			coretest.Verifier(t, make, eps...)
		})
	}
}
