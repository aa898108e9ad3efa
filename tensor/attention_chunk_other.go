//go:build !amd64 && !arm64

package tensor

func attentionChunkVector(out, q, k, v Mat, past int, s attentionShape, scratch []float32) {
	panic(noAssembly)
}
