package openai

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// maxEvent bounds one event of a stream.
const maxEvent = 16 << 20

// events calls f with the data of each event of a stream of server-sent events,
// until f says that it was the last, or the stream ends. Comments, which keep
// connections alive, and fields other than data are passed over. What follows the
// last empty line is an event, too: some servers leave it out at the end.
func events(from io.Reader, f func(data []byte) (last bool, err error)) error {
	r := bufio.NewReaderSize(from, 16<<10)
	var data []byte
	some := false
	emit := func() (bool, error) {
		if !some {
			return false, nil
		}
		last, err := f(data)
		data, some = data[:0], false
		return last, err
	}
	for {
		line, err := readLine(r)
		if err != nil && err != io.EOF {
			return err
		}
		ended := err == io.EOF
		switch {
		case len(line) == 0:
			if last, err := emit(); last || err != nil {
				return err
			}
		case bytes.HasPrefix(line, []byte("data:")):
			value := bytes.TrimPrefix(line[len("data:"):], []byte(" "))
			if some {
				data = append(data, '\n')
			}
			data, some = append(data, value...), true
			if len(data) > maxEvent {
				return fmt.Errorf("an event of the stream has more than %d MB", maxEvent>>20)
			}
		}
		if ended {
			_, err := emit()
			return err
		}
	}
}

// readLine reads up to the end of a line, which it takes off; at the end of the
// stream the error is io.EOF, beside what came before it.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line == nil && err == nil {
			return bytes.TrimRight(part, "\r\n"), nil
		}
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			if len(line) > maxEvent {
				return nil, fmt.Errorf("a line of the stream has more than %d MB", maxEvent>>20)
			}
			continue
		}
		return bytes.TrimRight(line, "\r\n"), err
	}
}
