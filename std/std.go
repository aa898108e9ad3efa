// Package std is the standard distribution: importing it registers every
// component of this repository.
package std

import (
	_ "pawl/env"
	_ "pawl/evaluate"
	_ "pawl/gate"
	_ "pawl/lesson"
	_ "pawl/objective"
	_ "pawl/optimizer"
	_ "pawl/sampler"
	_ "pawl/selector"
	_ "pawl/task"
	_ "pawl/verifier"
	_ "pawl/world/addition"
	_ "pawl/world/bandit"
	_ "pawl/world/chain"
	_ "pawl/world/copy"
	_ "pawl/world/countdown"
	_ "pawl/world/edit"
	_ "pawl/world/functable"
	_ "pawl/world/harm"
	_ "pawl/world/keysum"
	_ "pawl/world/kuhn"
	_ "pawl/world/listfn"
	_ "pawl/world/maze"
	_ "pawl/world/multiply"
	_ "pawl/world/negotiate"
	_ "pawl/world/reverse"
	_ "pawl/world/tictactoe"
)
