package tictactoe

import (
	"testing"

	"pawl/world/worldtest"
)

func TestConforms(t *testing.T) { worldtest.Run(t, worldtest.Registered(Name)) }

func FuzzAnyText(f *testing.F) { worldtest.Fuzz(f, worldtest.Registered(Name)) }
