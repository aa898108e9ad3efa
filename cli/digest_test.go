package cli

import "pawl/core"

func sum(b []byte) string { return string(core.Sum(b)) }
