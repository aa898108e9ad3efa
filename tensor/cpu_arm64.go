package tensor

// availableISAs is the same everywhere: arm64 includes NEON.
func availableISAs() []isaLevel { return []isaLevel{isaPortable, isaNEON} }
