//go:build !amd64 && !arm64

package tensor

func attentionStepCached(out, q []float32, kt, v Mat, s attentionShape, p []float32) {
	panic(noAssembly)
}

func attentionChunkCached(out, q, kt, v Mat, past int, s attentionShape, p []float32) {
	panic(noAssembly)
}
