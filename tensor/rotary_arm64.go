package tensor

// rotaryNEON turns four pairs at a time; half a head is a multiple of as many.
//
//go:noescape
func rotaryNEON(t *rotaryTask)

func (t *rotaryTask) turn() { rotaryNEON(t) }
