package tensor

// Eight pairs at a time, and four; half a head is a multiple of as many.

//go:noescape
func rotary8(t *rotaryTask)

//go:noescape
func rotary4(t *rotaryTask)

// turn runs the task. AVX2 serves both instruction sets.
func (t *rotaryTask) turn() {
	if t.half%32 == 0 {
		rotary8(t)
	} else {
		rotary4(t)
	}
}
