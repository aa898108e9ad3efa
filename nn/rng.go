package nn

// stream is SplitMix64 (Steele, Lea and Flood 2014). Each pair of seed and
// index starts its own stream, so that what sample i draws depends on nothing
// that other samples do.
type stream struct{ state uint64 }

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func newStream(seed, index uint64) stream {
	const golden = 0x9e3779b97f4a7c15
	return stream{mix64(mix64(seed+golden) ^ (index+1)*golden)}
}

func (s *stream) next() uint64 {
	s.state += 0x9e3779b97f4a7c15
	return mix64(s.state)
}

// uniform is in [0, 1), in steps of 2^-53.
func (s *stream) uniform() float64 { return float64(s.next()>>11) * 0x1p-53 }
