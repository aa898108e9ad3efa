// Package optimizer turns examples into a candidate policy. Gradient
// optimizers drive a core.Trainer and know nothing of tensors: the same code
// trains the embedded model and a remote one.
package optimizer
