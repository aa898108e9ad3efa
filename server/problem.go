package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"

	"pawl"
	"pawl/core"
)

// problem is an error as clients are told of it: in the shape of the dialect they
// speak.
type problem struct {
	status  int
	code    string // OpenAI's code: "model_not_found"
	param   string // the field that is wrong; "" for none
	message string
	after   int // seconds to wait before asking again; 0 says nothing
}

func (p *problem) Error() string { return p.message }

// statusGone is nginx's for clients that left: nobody reads it but logs and metrics.
const statusGone = 499

// refuse is a request that says something wrong at param.
func refuse(param, format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, code: "invalid_value", param: param, message: fmt.Sprintf(format, args...)}
}

// problemOf makes a problem of what went wrong while answering.
func problemOf(ctx context.Context, err error) *problem {
	var p *problem
	var late *http.MaxBytesError
	var sent *core.SendError
	var unserved *core.UnservedError
	var long *core.TooLongError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &late):
		return &problem{status: http.StatusRequestEntityTooLarge, code: "request_too_large", message: fmt.Sprintf("reading the request: its body is larger than %d bytes", late.Limit)}
	case errors.Is(context.Cause(ctx), errDraining):
		return &problem{status: http.StatusServiceUnavailable, code: "shutting_down", message: "answering: the server is shutting down; ask again", after: 1}
	case errors.Is(context.Cause(ctx), errTimeout):
		return &problem{status: http.StatusGatewayTimeout, code: "timeout", message: "answering: it took longer than the server allows"}
	case ctx.Err() != nil:
		return &problem{status: statusGone, code: "client_gone", message: "answering: the client went away"}
	case errors.Is(err, core.ErrSpent):
		return &problem{status: http.StatusTooManyRequests, code: "budget_exceeded", message: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{status: http.StatusGatewayTimeout, code: "deadline_exceeded", param: headerDeadline, message: "answering: the deadline came before there was any answer"}
	case errors.As(err, &unserved):
		return unservedProblem(unserved)
	case errors.As(err, &long):
		return &problem{status: http.StatusBadRequest, code: "context_length_exceeded", param: "messages", message: "answering: " + long.Error()}
	case errors.As(err, &sent):
		return upstreamProblem(sent)
	case pawl.IsInput(err):
		return &problem{status: http.StatusBadRequest, code: "invalid_request", message: err.Error()}
	}
	return &problem{status: http.StatusInternalServerError, code: "internal_error", message: err.Error()}
}

// upstreamProblem is a call that failed where the model is served.
func upstreamProblem(err *core.SendError) *problem {
	p := &problem{status: http.StatusBadGateway, code: "upstream_error", message: "answering: the server of the model: " + err.Error(), after: int(math.Ceil(err.After.Seconds()))}
	if err.Slow {
		p.status, p.code = http.StatusServiceUnavailable, "upstream_overloaded"
		p.after = max(p.after, 1)
	}
	return p
}

// unservedProblem names the field that a model cannot honour: its refusals begin with
// what they are about.
func unservedProblem(err *core.UnservedError) *problem {
	p := &problem{status: http.StatusBadRequest, code: "unsupported_parameter", message: "answering: " + err.Error()}
	about, _, _ := strings.Cut(err.Error(), ":")
	switch about {
	case "tools", "logprobs", "top_logprobs":
		p.param = about
	case "constraining to a JSON schema":
		p.param = "response_format"
	}
	return p
}

// kind is OpenAI's name for the class of a status.
func (p *problem) kind() string {
	switch p.status {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusTooManyRequests:
		if p.code == "budget_exceeded" {
			return "insufficient_quota"
		}
		return "rate_limit_error"
	}
	if p.status >= 500 {
		return "server_error"
	}
	return "invalid_request_error"
}

// openAIError is the error object of OpenAI.
func (p *problem) openAIError() map[string]any {
	var param any
	if p.param != "" {
		param = p.param
	}
	return map[string]any{"error": map[string]any{"message": p.message, "type": p.kind(), "param": param, "code": p.code}}
}

// anthropicError is that of Anthropic.
func (p *problem) anthropicError(request string) map[string]any {
	kind := "api_error"
	switch p.status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusMethodNotAllowed:
		kind = "invalid_request_error"
	case http.StatusUnauthorized:
		kind = "authentication_error"
	case http.StatusForbidden:
		kind = "permission_error"
	case http.StatusNotFound:
		kind = "not_found_error"
	case http.StatusRequestEntityTooLarge:
		kind = "request_too_large"
	case http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case http.StatusGatewayTimeout:
		kind = "timeout_error"
	case http.StatusServiceUnavailable:
		kind = "overloaded_error"
	}
	message := p.message
	if p.param != "" {
		message = p.param + ": " + message
	}
	return map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": message}, "request_id": request}
}
